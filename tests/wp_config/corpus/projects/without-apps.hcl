project = "shop"
