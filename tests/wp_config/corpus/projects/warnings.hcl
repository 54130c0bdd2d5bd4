# What works but is worth a word: a key set twice, a path where contents are meant, a changed file nobody is told of.
project = "shop"
labels  = { tier = "1", tier = "2" }

config {
  file = {
    "app.conf" = templatefile("app.tpl", {})
  }
}
