# Objects: names, quoted names and computed names as keys; sorted by key.
names    = { a = 1, "b c" = 2, (var.object.name) = 3, "${var.number}" = 4 }
lines    = {
  a = 1
  b = 2,
  c : 3
}
keywords = { for = 1, if = 2, true = 3 }
numbers  = { 1 = "one" }
order    = { b = 1, a = 2 }
