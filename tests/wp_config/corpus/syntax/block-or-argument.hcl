# A block has no "=", an argument has one.
project = "shop"

runner = {}

app "web" {
  path {
  }
  build {
    use "docker" {}
  }
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}
