# The mark stands under the right characters, whatever their width.
project = "shop"
labels = {
	"größe" = nothing
	"漢字漢字" = wrong
}
