# Functions are found by name when called.
coll   = merge({ a = 1 }, { b = 2 }, null)
expand = max([1, 5, 3]...)
regex  = regex("v([0-9]+)\\.([0-9]+)", "v1.22")
named  = regex("(?P<major>[0-9]+)", "v7")
json   = jsonencode({ b = [1, true, null], a = "<x>" })
back   = jsondecode("{\"n\": 12345678901234567890.5}").n
yaml   = yamlencode({ a = [1, "x"], b = {} })
format = format("%05d|%-5s|%q|%.2f|%v", 42, "ab", "q", 1.005, [1, "a"])
date   = formatdate("EEE, DD MMM YYYY hh:mm ZZZ 'at' h", "2026-02-03T04:05:06Z")
later  = timeadd("2026-01-31T12:00:00+02:00", "1h30m")
tried  = try(var.nothing.here, "otherwise")
can    = can(var.nothing.here)
