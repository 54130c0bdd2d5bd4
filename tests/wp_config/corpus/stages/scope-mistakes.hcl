# A scope replaces the whole stage, so it needs a plugin; a registry inside of a scoped build is ignored.
project = "shop"

app "web" {
  build {
    use "docker" {}
    workspace "production" {
      labels = { tier = "1" }
    }
    label "tier == 2" {
      use "docker" {}
      registry {
        use "docker" {
          image = "x"
        }
      }
    }
  }
  deploy {
    use "docker" {}
    workspace {
      use "docker" {}
    }
  }
}
