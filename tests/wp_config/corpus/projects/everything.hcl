# A project that uses nearly everything once.
project = "shop-${workspace.name}"

labels = {
  team = "checkout"
}

runner {
  enabled = true
  profile = "standard"
  data_source "git" {
    url  = "https://git.example/shop.git"
    ref  = "main"
    path = "services"
  }
  poll {
    enabled  = true
    interval = "60s"
  }
}

variable "tag" {
  type        = string
  default     = "latest"
  description = "Tag of the image."
}

variable "port" {
  default = 8080
}

variable "password" {
  default   = "hunter2"
  sensitive = true
}

plugin "custom" {
  type {
    build = true
  }
  checksum = "abc"
}

config {
  env = {
    SHARED = "yes"
  }
}

app "web" {
  path = "./web"

  labels = {
    tier = "front"
  }

  url {
    auto_hostname = false
  }

  config {
    env = {
      PORT = var.port
      HOST = "${app.name}.${config.internal.domain}"
    }
    internal = {
      domain = "example.test"
    }
    file = {
      "app.conf" = "x = 1"
    }
    file_change_signal = "SIGHUP"
  }

  build {
    labels = { builder = "docker" }

    hook {
      when    = "before"
      command = ["make", "-C", path.app]
    }

    use "docker" {
      dockerfile = "${path.app}/Dockerfile"
      build_args = {
        TAG = var.tag
      }
    }

    registry {
      use "docker" {
        image = "localhost:5000/web"
        tag   = var.tag
        auth {
          username = "robot"
          password = var.password
        }
      }
    }
  }

  deploy {
    use "docker" {
      service_port = var.port
      env          = entrypoint.env
      labels_seen  = labels
      resources "memory" {
        limit = artifact.size
      }
    }
  }

  release {
    hook {
      when       = "after"
      command    = ["./notify", deploy.id]
      on_failure = "continue"
    }
    use "docker" {
      service_port = 80
    }
  }
}
