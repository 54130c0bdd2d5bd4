# The form from before the first release, with the plugin as label of the stage.
project = "shop"

app "web" {
  build "docker" {}
  deploy "docker" {}
}
