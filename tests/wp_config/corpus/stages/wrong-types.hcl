# Values that do not convert to what the plugin asks for.
project = "shop"

app "web" {
  build {
    use "docker" {
      build_args = ["a"]
    }
  }
  deploy {
    use "docker" {
      service_port = "eighty"
    }
  }
}
