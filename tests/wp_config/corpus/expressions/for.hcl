# Lists and objects made from collections; "..." behind a value groups the values of equal keys.
list      = [for v in var.list : upper(v)]
indexed   = [for i, v in var.list : "${i}:${v}"]
filtered  = [for v in var.list : v if v != "b"]
object    = { for v in var.list : v => length(v) }
grouped   = { for s in var.servers : s.tags[0] => s.port... }
from_map  = [for k, v in { b = 2, a = 1 } : "${k}=${v}"]
