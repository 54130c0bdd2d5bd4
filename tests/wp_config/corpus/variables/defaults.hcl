# Defaults may use functions, path and workspace; types widen so that other values fit.
project = "shop"

variable "by_workspace" {
  default = { default = "small", production = "large" }[workspace.name]
}

variable "list" {
  default = ["a"]
}

variable "object" {
  type = object({ name = string, port = number })
  default = {
    name  = "x"
    port  = "80"
    extra = "dropped"
  }
}

variable "fraction" {
  default = 0.5
}

variable "text_number" {
  type    = number
  default = "8080"
}
