# Two applications of one name.
project = "shop"

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
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
