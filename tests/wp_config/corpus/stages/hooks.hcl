# Hooks run commands around a stage, without a shell, in the application's folder.
project = "shop"

app "web" {
  build {
    hook {
      when    = "before"
      command = ["make", "assets"]
    }
    hook {
      when       = "after"
      command    = ["./notify", app.name]
      on_failure = "continue"
    }
    use "docker" {}
  }
  deploy {
    hook {
      when    = "before"
      command = ["./check", artifact.image]
    }
    use "docker" {}
  }
}
