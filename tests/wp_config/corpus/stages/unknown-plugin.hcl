# Plugins by name, with the nearest one that exists.
project = "shop"

app "web" {
  build {
    use "dockr" {
      dockerfile = var.nope
      nested {
        list = ["a", upper()]
      }
    }
  }
  deploy {
    use "docker" {}
  }
}
