# Elements and attributes: .name, [index], [*] for every element. [*] takes along everything behind it, .* only names.
attribute    = var.object.name
index        = var.list[1]
key          = var.object["name"]
old_index    = var.list.0
splat        = var.servers[*].port
old_splat    = var.servers.*.port
splat_index  = var.servers[*].tags[0]
result_index = var.servers.*.port[1]
single       = var.object[*].name
none         = null[*]
