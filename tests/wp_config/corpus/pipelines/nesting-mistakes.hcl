# Pipelines that would run themselves, exec steps without an image, and pipelines that begin twice.
project = "shop"

pipeline "self" {
  step "again" {
    use "pipeline" {
      name = "self"
    }
  }
}

pipeline "a" {
  step "to-b" {
    use "pipeline" {
      name = "b"
    }
  }
}

pipeline "b" {
  step "inside" {
    pipeline "c" {
      step "back" {
        use "pipeline" {
          name    = "a"
          project = "shop"
        }
      }
    }
  }
  step "elsewhere" {
    use "pipeline" {
      name    = "b"
      project = "another"
    }
  }
}

pipeline "twice" {
  step "one" {
    use "build" {}
  }
  step "two" {
    depends_on = []
    use "exec" {
      command = "true"
    }
  }
}
