# Every file names its project, unless the job does.
app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}
