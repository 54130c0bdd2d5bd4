project = "shop"

app "web" {
  deploy {
  }
}
