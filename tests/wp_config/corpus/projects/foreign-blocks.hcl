# Blocks of older releases, and blocks in the wrong place.
project = "shop"

server {
  address = "localhost"
}

registry {
}

app "web" {
  use "docker" {}
  registry {
  }
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
    registry {
      use "docker" {}
    }
  }
}
