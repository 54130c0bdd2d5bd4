# What other languages write differently.
project = 'shop'
labels  = { abc = 1 === 1 };
app "web" {
  path = `web`
  labels = { x1 = 2 ** 3, x2 = true & false }
}
