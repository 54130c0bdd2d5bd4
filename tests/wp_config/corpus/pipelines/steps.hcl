# Steps run after the one before them unless depends_on says otherwise; an embedded pipeline becomes one of its own.
project = "shop"

variable "retain" {
  default = 3
}

pipeline "ship" {
  step "test" {
    image_url = "busybox"
    use "exec" {
      command = "make"
      args    = ["test"]
    }
  }
  step "build" {
    use "build" {}
  }
  step "release" {
    depends_on = ["test", "build"]
    workspace  = "production"
    use "release" {
      prune_retain = var.retain
    }
  }
  step "more" {
    pipeline "nested" {
      step "up" {
        use "up" {}
      }
    }
  }
}
