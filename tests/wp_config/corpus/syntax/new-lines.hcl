# A new line ends an argument, except inside of brackets. One-line blocks hold one argument at most.
project = "shop"

labels = { total = tostring(1 +
  2) }

app "web" {
  labels = merge(
    { two = "2" },
    {
      three = "3"
    },
  )
  build { use "docker" {} }
  deploy {
    use "docker" { service_port = 80 env = {} }
  }
  release
  {
  }
}
