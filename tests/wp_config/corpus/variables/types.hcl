# Types of variables. A default converts to the type; without a type the default decides.
project = "shop"

variable "text" {
  type    = string
  default = 8080
}
variable "count" {
  type    = number
  default = "3"
}
variable "names" {
  type    = list(string)
  default = ["a", 1]
}
variable "unique" {
  type    = set(number)
  default = [2, 1, 2]
}
variable "ports" {
  type    = map(number)
  default = { http = "80" }
}
variable "owner" {
  type    = object({ name = string, admin = bool })
  default = { name = "x", admin = "true", other = 1 }
}
variable "pair" {
  type    = tuple([string, number])
  default = [1, "2"]
}
variable "anything" {
  type    = any
  default = [1, "a"]
}
variable "nothing" {
  type    = number
  default = null
}
