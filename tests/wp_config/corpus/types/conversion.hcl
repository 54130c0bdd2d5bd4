# Values convert where a type is asked for: numbers and bools to text and back, tuples to lists, objects to maps.
number_to_text = tostring(1e3)
text_to_number = tonumber("1.50") + 1
text_to_bool   = [tobool("true"), tobool("0")]
list           = tolist([1, "a", true])
set            = toset(["b", "a", "b"])
map            = tomap({ a = 1, b = "x" })
in_branches    = [true ? 1 : "a", false ? [1] : ["a", "b"]]
in_a_list      = join(",", [1, true, "x"])
