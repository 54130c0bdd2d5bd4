# Known text never begins a sequence in the application: "${" and "%{" are escaped.
project = "shop"

config {
  env = {
    PRICE   = "$${amount}"
    PERCENT = "%%{ x }"
    COMMAND = jsonencode("$${HOME}")
  }
}
