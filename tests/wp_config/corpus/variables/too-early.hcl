# The name of the project, its labels and its runner are read before variables have values.
project = var.name
labels  = { tier = var.tier }

variable "name" {
  default = "shop"
}
variable "other" {
  default = var.name
}

runner {
  profile = var.name
}
