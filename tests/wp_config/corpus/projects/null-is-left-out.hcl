# Null means not set, for every optional argument.
project = "shop"

variable "port" {
  type    = number
  default = null
}

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {
      service_port = var.port
    }
  }
}
