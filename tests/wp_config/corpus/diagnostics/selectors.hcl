project = "shop"

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
    label "env = prod" {
      use "docker" {}
    }
    label "env == prod" {
    }
  }
}
