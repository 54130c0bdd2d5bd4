# A string in quotes ends on its line.
project = "shop
