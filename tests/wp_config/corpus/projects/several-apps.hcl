# Applications share variables, labels and the project's configuration; each has its own stages and folder.
project = "shop"
labels  = { team = "checkout" }

variable "tag" {
  default = "v1"
}

app "api" {
  path = "services/api"
  build {
    use "docker" {
      build_args = { TAG = var.tag }
    }
  }
  deploy {
    use "docker" {}
  }
}

app "web" {
  path = "services/web"
  build {
    use "docker" {
      dockerfile = "${path.app}/Dockerfile.${app.name}"
    }
  }
  deploy {
    use "docker" {}
  }
}
