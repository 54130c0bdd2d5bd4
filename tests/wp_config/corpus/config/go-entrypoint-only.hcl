# What only the entrypoint of Go Waypoint can finish is left to it, and told.

project = "shop"

config {
  internal = {
    settings = dynamic("vault", { path = "kv/web", key = "settings" })
  }
  env = {
    LEVEL = yamldecode(config.internal.settings).level
    LOUD  = upper(config.internal.settings)
    KNOWN = yamldecode("level: 3").level
  }
}

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}
