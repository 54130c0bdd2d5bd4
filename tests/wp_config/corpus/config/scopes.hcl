# Entries for one workspace, for matching labels, and for runners instead of applications.
project = "shop"

config {
  env = { LEVEL = "info" }

  workspace "production" {
    env = { LEVEL = "warn" }
  }
  label "region == \"eu-1\"" {
    env      = { REGION = "${config.internal.prefix}-eu" }
    internal = { prefix = "x" }
  }
  runner {
    env = { TOKEN = dynamic("vault", { path = "runner" }) }
    workspace "production" {
      env = { TIER = 1 }
    }
  }
}
