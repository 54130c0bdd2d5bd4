project = "pipeline"

# waypoint pipeline run -var=greeted=everybody ship
variable "greeted" {
  type    = string
  default = "world"
}

app "web" {
  build {
    use "files" {}
  }

  deploy {
    use "local" {
      command = ["python3", "app.py"]
      static_environment = {
        GREETED = "${var.greeted} in ${workspace.name}"
      }
    }
  }

  release {
    use "local" {}
  }
}

pipeline "ship" {
  # A container of its own; when its command fails, nothing below runs.
  step "check" {
    image_url = "busybox"
    use "exec" {
      command = "sh"
      args    = ["-c", "test -n '${var.greeted}' && echo the name is fine"]
    }
  }

  # A pipeline inside of a pipeline. Its steps run in the workspace of this step.
  step "staging" {
    workspace = "staging"
    pipeline "bring-up" {
      step "up" {
        use "up" {}
      }
      step "look" {
        image_url = "busybox"
        use "exec" {
          command = "echo"
          args    = ["staging is up"]
        }
      }
    }
  }

  # Beside staging: both wait for the check only.
  step "build" {
    depends_on = ["check"]
    use "build" {}
  }

  step "deploy" {
    depends_on = ["build", "staging"]
    use "deploy" {
      release = true
    }
  }
}
