# Each kind of block has its number of labels.
project = "shop"

app {
}
app "web" "two" {
}
variable {
}
