# Names: letters of every script, digits, "_" and "-". Words of the language may be names, "-" belongs to the name.
größe       = 1
with-hyphen = 2
_x9         = 3
for         = 4
true        = 5
minus       = var.number - 1
