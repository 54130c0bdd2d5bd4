# Both sides of && and || are evaluated; texts "true" and "false" are accepted where a bool is needed.
and    = true && "true"
or     = false || true
not    = !false && !!true
order  = true || false && false
