# Labels of blocks are plain text.
project = "shop"

app "${workspace.name}" {
}
