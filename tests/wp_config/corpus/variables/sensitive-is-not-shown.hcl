# Values of sensitive variables are in no message.
project = "shop"

variable "password" {
  default   = "hunter2"
  sensitive = true
}

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {
      service_port = var.password
      env          = { A = var.password.x, B = var.password + 1 }
    }
  }
}
