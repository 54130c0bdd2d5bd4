# What cannot be a part of a text: null and collections.
project = "shop"
labels = {
  aa = "x ${null}"
  bb = "x ${[1]}"
  cc = "%{ if "maybe" }x%{ endif }"
  dd = "%{ for v in 5 }x%{ endfor }"
}
