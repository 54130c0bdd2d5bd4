# Declarations: names, types, defaults, and what must be constant.
project = "shop"

variable "bad name" {}

variable "quoted" {
  type = "string"
}

variable "element" {
  type = list
}

variable "default" {
  type    = number
  default = "many"
}

variable "default" {}

variable "computed" {
  description = upper("x")
  sensitive   = var.quoted
}

variable "wrong" {
  typ = string
}

variable "vault" {
  type    = number
  default = dynamic("vault", {})
}
