# A config block is read without a deployment; what belongs to one is not there, nor is anything of a neighbouring block.
project = "shop"

config {
  env = {
    IMAGE = artifact.image
    ID    = deploy.id
    LABEL = labels.tier
    OTHER = config.env.MISSING
  }
  internal = { inner = "x" }
  workspace "production" {
    env = { INNER = config.internal.inner }
  }
}
