# The workspace's block wins, then the longest matching selector, then the default. Nothing is inherited but labels.
project = "shop"

app "web" {
  labels = { env = "dev" }

  build {
    use "docker" {}
    registry {
      workspace "default" {
        use "docker" { image = "scoped" }
      }
    }
  }

  deploy {
    labels = { a1 = "default", a2 = "default" }
    use "docker" { service_port = 1 }

    label "env == dev" {
      use "docker" { service_port = 2 }
    }

    label "env == dev and missing == x" {
      use "docker" { service_port = 3 }
    }

    label "env==\"dev\" or env == prod" {
      labels = { a2 = "scoped" }
      use "docker" { service_port = 4 }
    }
  }

  release {
    workspace "production" {
      use "docker" { service_port = 5 }
    }
    use "docker" { service_port = 6 }
  }
}
