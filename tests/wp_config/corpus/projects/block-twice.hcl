# Blocks that may stand only once.
project = "shop"

runner {
}
runner {
}

app "web" {
  build {
    use "docker" {}
    use "pack" {}
  }
  deploy {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}
