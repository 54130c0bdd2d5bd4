# What cannot be an entry: null, a list, a name that is no text.
project = "shop"

config {
  env = {
    GONE  = config.env.NOPE
    EMPTY = null
    WHERE = artifact.image
  }
  envs = {}
}
