# An argument may be set once.
project = "shop"
project = "again"
app "web" {
  labels = { aa = "1" }
  path   = "web"
  labels = { bb = "2" }
}
