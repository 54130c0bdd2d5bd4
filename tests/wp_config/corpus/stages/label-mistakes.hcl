# Keys and values of labels.
project = "shop"

labels = {
  "waypoint/workspace" = "x"
  "-a"                 = "b"
  fine_key             = "ok"
}
