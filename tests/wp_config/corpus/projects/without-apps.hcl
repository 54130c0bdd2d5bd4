# A project needs a name and nothing else.
project = "shop"
