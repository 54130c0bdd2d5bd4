project = "shop"
labels = {
	"größe" = nothing
	"漢字漢字" = wrong
}
