# A web service behind an ingress, as published files write it.
project = "shapes-ingress"

variable "namespace" {
  default     = "shops"
  type        = string
  description = "Where the apps live."
}

app "one" {
  config {
    env = {
      NODE = "ONE"
    }
  }

  build {
    use "pack" {}
  }

  deploy {
    use "cluster" {
      probe_path = "/"
      namespace  = var.namespace
    }
  }

  release {
    use "cluster" {
      namespace = var.namespace

      ingress "http" {
        path_type = "Prefix"
        path      = "/one"
      }
    }
  }
}

app "two" {
  build {
    use "pack" {}
  }

  deploy {
    use "cluster" {
      namespace = var.namespace
    }
  }

  release {
    use "cluster" {
      load_balancer = true
      port          = 3000

      ingress "http" {
        default = true
        path    = "/"
      }
    }
  }
}
