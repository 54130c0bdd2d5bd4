# Blocks on one line, with one argument or none.
project = "shop"

variable "size" { default = "small" }

app "web" {
  url { auto_hostname = true }
  build {
    use "docker" {}
  }
  deploy {
    use "docker" { service_port = 80 }
  }
}
