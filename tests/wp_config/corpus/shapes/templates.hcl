# Files and folders rendered as templates, as published files write it.
project = "shapes-templates"

app "by-hand" {
  build {
    use "pack" {}
    registry {
      use "docker" {
        image = "by-hand"
        tag   = "1"
        local = true
      }
    }
  }

  deploy {
    use "exec" {
      # "<TPL>" stands for the rendered file
      command = ["cluster-tool", "apply", "-f", "<TPL>"]

      template {
        path = "./templates/app.yml"
      }
    }
  }
}

app "by-folder" {
  build {
    use "pack" {}
  }

  deploy {
    use "cluster" {
      // every file of the folder is a template
      path        = templatedir("${path.app}/templates")
      prune_label = "app=${app.name}"
    }
  }
}
