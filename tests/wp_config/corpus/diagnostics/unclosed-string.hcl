project = "shop
