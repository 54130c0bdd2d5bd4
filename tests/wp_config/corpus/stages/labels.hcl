# Labels add up: workspace, project, application, stage. A registry has those of its build, too.
project = "shop"
labels  = { owner = "root", level = "root" }

app "web" {
  labels = { level = "app", app = app.name }

  build {
    labels = { level = "build" }
    use "docker" {}
    registry {
      labels = { pushed = "yes" }
      use "docker" {
        image = "web"
      }
    }
  }
  deploy {
    use "docker" {
      labels_seen = labels
    }
  }
}
