# Values that do not go together.
project = "shop"
labels = {
  aa = 1 + "x"
  bb = null + 1
  cc = true ? 1 : [1]
  dd = [1, 2][2]
  ee = { a = 1 }.b
  ff = "text".length
  gg = [{ name = "x" }].name
  hh = 1 < "many"
  ii = 0 / 0
  jj = { for v in ["x", "x"] : v => v }
  kk = [for v in null : v]
  ll = null ? 1 : 2
  mm = { (null) = 1 }
}
