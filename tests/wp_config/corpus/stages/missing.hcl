# Build and deploy are required, and each needs a plugin.
project = "shop"

app "web" {
  deploy {
  }
}
