# The smallest project that can be deployed.
# The least that is a project with an application.
project = "shop"

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}
