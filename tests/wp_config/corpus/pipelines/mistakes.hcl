# Steps need exactly one of use and pipeline, names once, and known predecessors.
project = "shop"

pipeline "empty" {
}

pipeline "one" {
  step "a" {
  }
  step "b" {
    depends_on = ["nowhere"]
    use "biuld" {}
  }
  step "c" {
    depends_on = ["d"]
    use "build" {}
  }
  step "d" {
    depends_on = ["c"]
    use "build" {}
  }
  step "d" {
    use "build" {}
  }
}
