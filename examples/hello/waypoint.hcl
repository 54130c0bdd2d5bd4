project = "hello"

app "web" {
  # The artifact is this folder as it is.
  build {
    use "files" {}
  }

  # Every version is a process of its own on this machine; it listens on $PORT.
  deploy {
    use "local" {
      command = ["python3", "app.py"]
    }
  }

  # One address that stays, whatever version it leads to.
  release {
    use "local" {}
  }
}
