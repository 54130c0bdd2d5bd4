# Variables with dynamic and chosen defaults, as published files write them.
project = "shapes-variables"

app "web" {
  build {
    use "pack" {}
    registry {
      use "docker" {
        image = var.image
        tag   = var.tag
        local = false
        auth {
          username = var.username
          password = var.password
        }
      }
    }
  }

  deploy {
    use "docker" {}
  }

  config {
    env = {
      "USERNAME" = dynamic("vault", {
        path = "database/creds/readonly"
        key  = "username"
      })

      HOST = var.host
    }
  }
}

variable "host" {
	default     = "db.example"
	type        = string
	description = "Indented by tabs, and the file has no newline at its end."
}

variable "image" {
  type = string
}

variable "tag" {
  type    = string
  default = "latest"
}

variable "username" {
  type      = string
  sensitive = true
}

variable "password" {
  default = dynamic("vault", {
    path = "secret/registry"
    key  = "password"
  })
  type        = string
  sensitive   = true
  description = "of the registry" // never in the file itself
}