# A hook runs before or after, runs something, and fails or continues.
project = "shop"

app "web" {
  build {
    use "docker" {}
    hook {
      when    = "during"
      command = []
    }
    hook {
      when       = "after"
      command    = ["x"]
      on_failure = "ignore"
    }
    hook {
      when = "before"
    }
  }
  deploy {
    use "docker" {}
  }
}
