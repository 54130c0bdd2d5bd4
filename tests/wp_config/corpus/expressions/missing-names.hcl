# Names that nothing has: variables, functions, arguments of functions.
project = "shop"
labels = {
  aa = wrkspace.name
  bb = workspace.nam
  cc = uper("x")
  dd = upper()
  ee = upper("x", "y")
  ff = upper(null)
  gg = artifact.image
  hh = max([]...)
  ii = max("x"...)
}
