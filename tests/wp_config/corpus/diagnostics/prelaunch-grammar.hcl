project = "shop"

app "web" {
  build "docker" {}
  deploy "docker" {}
}
