# Selectors of label blocks are checked although nothing runs.
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
