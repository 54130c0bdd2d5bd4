# Every "use" declares its plugin with the role it has there; a plugin block adds a checksum or further roles.
project = "shop"

plugin "special" {
  type {
    build   = true
    deploy  = true
  }
  checksum = "0123abcd"
}

app "web" {
  build {
    use "special" {}
    registry {
      use "docker" {
        image = "x"
      }
    }
  }
  deploy {
    use "special" {}
    workspace "production" {
      use "docker" {}
    }
  }
}
