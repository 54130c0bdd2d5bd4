# A bracket that is never closed explains everything behind it; one too many is told where it stands.
project = "shop"
labels  = { a1 = upper("x"] }
app "web" {
  labels = { a2 = [1, 2 }
