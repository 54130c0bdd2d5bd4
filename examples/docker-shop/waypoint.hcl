project = "shop"

variable "registry" {
  type        = string
  default     = "localhost:5000"
  description = "Where images are pushed to."
}

variable "tag" {
  type    = string
  default = "latest"
}

app "web" {
  path = "./web"

  config {
    env = {
      SHOP_NAME = "The corner shop"
    }
  }

  build {
    use "docker" {}

    registry {
      use "docker" {
        image = "${var.registry}/shop-web"
        tag   = var.tag
      }
    }
  }

  deploy {
    use "docker" {
      service_port = 8000
      host_ip      = "127.0.0.1"
    }
  }

  release {
    use "docker" {}
  }
}

app "api" {
  path = "./api"

  build {
    use "docker" {}

    registry {
      use "docker" {
        image = "${var.registry}/shop-api"
        tag   = var.tag
      }
    }
  }

  deploy {
    use "docker" {
      service_port = 8000
      host_ip      = "127.0.0.1"
      static_environment = {
        STOCK = "3"
      }
    }
  }

  release {
    use "docker" {}
  }
}
