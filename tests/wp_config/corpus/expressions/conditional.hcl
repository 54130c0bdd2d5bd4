# Both results are brought to one type; only the chosen one may fail.
text        = true ? 1 : "a"
chosen      = false ? var.nothing.at.all : "fine"
nested      = var.number > 10 ? "big" : var.number > 1 ? "middle" : "small"
null_branch = true ? null : "a"
