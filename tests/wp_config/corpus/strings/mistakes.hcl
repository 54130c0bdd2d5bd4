# Mistakes in strings and templates.
project = "shop"
labels = {
  aa = "C:\temp\qux"
  bb = "a ${upper("b") c"
  cc = "%{ if true }x"
  dd = "%{ endfor }"
  ee = "\u12"
}
