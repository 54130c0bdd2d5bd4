# Types that are none, and defaults that do not fit.
project = "shop"

variable "a" {
  type = "string"
}
variable "b" {
  type = list
}
variable "c" {
  type = lst(string)
}
variable "d" {
  type = object({ name = strng })
}
variable "e" {
  type    = number
  default = "many"
}
variable "f" {
  type    = object({ a = string })
  default = { b = 1 }
}
variable "g" {
  type    = bool
  default = dynamic("vault", {})
}
variable "h" {
  env       = [workspace.name]
  sensitive = "maybe"
}
variable "i" {
  default = templatestring("x")
}
variable "1st" {
}
