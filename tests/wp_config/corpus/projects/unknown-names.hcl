# Misspelt names get the nearest one that exists.
project = "shop"
lables  = {}

app "web" {
  build {
    use "dcker" {}
    hok {
    }
  }
  deploy {
    use "docker" {
      servce_port = 80
    }
  }
  relase {
  }
}

server {
  address = "x"
}
