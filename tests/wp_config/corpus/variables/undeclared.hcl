# Variables must be declared; those without a value are told beforehand.
project = "shop"

variable "image" {
  default = "x"
}

app "web" {
  build {
    use "docker" {
      dockerfile = var.imge
    }
  }
  deploy {
    use "docker" {
      service_port = nothing
      env          = { A = upper(1, 2), B = uper("x") }
    }
  }
}
