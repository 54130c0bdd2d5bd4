# Names and values of the runner block.
project = "shop"

runner {
  enabled = "maybe"
  data_source "svn" {
  }
  poll {
    intervall = "1s"
  }
}
