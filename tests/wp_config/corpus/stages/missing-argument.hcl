# An argument the plugin requires.
project = "shop"

app "web" {
  build {
    use "docker" {}
    registry {
      use "docker" {
        tag = "1"
      }
    }
  }
  deploy {
    use "docker" {}
  }
}
