# Several applications with nested blocks, as published files write them.
project = "shapes/workloads"

app "cloud" {
  labels = {
    "service" = "cloud",
    "env"     = "dev"
  }

  build {
    use "pack" {
      builder = "registry.example/builder:v1"
    }
    registry {
      use "docker" {
        image = "registry.example/<my-project>/cloud"
        tag   = "latest"
      }
    }
  }

  deploy {
    use "cloud" {
      # sizes and addresses in every form that files have them
      project  = "<my-project>"
      memory   = "512"
      port     = 5000
      ports    = [8080]

      static_environment = {
        "NAME" : "World"
        SALE   : "50%",
      }

      capacity {
        memory    = 128
        cpu_count = 1
      }

      auto_scaling {
        max = 2
      }
    }
  }

  release {
    use "cloud" {}
  }
}

app "machine" {
  labels = {
    "service" = "machine"
    "env"     = "dev"
  }

  build {
    use "image" {
      filters = {
        // a list inside a map, and a comment of this kind
        "image-id" = ["ami-1", "ami-2"]
      }
      region = "us-west-2"
    }
  }

  deploy {
    use "docker" {
    }
  }
}
