# Entries may refer to each other, but not in a circle.
project = "shop"

config {
  env = {
    A = config.env.B
    B = "${config.internal.C}"
  }
  internal = {
    C = config.env.A
  }
}
