# All mistakes of a file are told at once.
project = "shop"
app "web" {
  build {
    use "docker" {
      a = 1 b = 2
      c = [1, 2
      d = 3
    }
  }
  x = "bad \q escape"
  y = 1 +
}
