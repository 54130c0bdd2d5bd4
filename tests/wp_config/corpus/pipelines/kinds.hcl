# What a step may do, with everything it can be told.
project = "shop"

pipeline "release" {
  step "build" {
    use "build" {
      disable_push = true
    }
  }
  step "deploy" {
    workspace = "production"
    use "deploy" {
      release = true
    }
  }
  step "release" {
    use "release" {
      deployment_ref = 3
      prune          = false
      prune_retain   = 2
    }
  }
  step "test" {
    depends_on = ["build"]
    image_url  = "alpine"
    use "exec" {
      command = "true"
      args    = ["-x", 1]
    }
  }
  step "all" {
    use "up" {}
  }
  step "other" {
    use "pipeline" {
      name = "cleanup"
    }
  }
}

pipeline "cleanup" {
  step "one" {
    image_url = "alpine"
    use "exec" {
      command = workspace.name
    }
  }
}
