# The maps of a config block may be computed.
# A map need not be written as { … }.
project = "shop"

variable "extra" {
  default = { B = "2" }
}

config {
  env  = merge({ A = "1" }, var.extra)
  file = { for name in ["x", "y"] : "${name}.txt" => upper(name) }
}
