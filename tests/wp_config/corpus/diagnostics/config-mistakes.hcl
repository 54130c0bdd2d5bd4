project = "shop"

config {
  env = {
    GONE  = config.env.NOPE
    EMPTY = null
    WHERE = artifact.image
  }
  envs = {}
}
