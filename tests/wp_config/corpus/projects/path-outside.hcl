# An application lies inside of its project.
project = "shop"

app "web" {
  path = "../elsewhere"
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}

app "up" {
  path = ".."
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}
