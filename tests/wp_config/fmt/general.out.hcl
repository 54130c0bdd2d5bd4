project = "foo"
# a comment
app "web" "other" {
  path    = "${path.app}/web"
  wrapped = path.app
  a       = 1  # one
  bcd     = -1 //two
  list = [
    1, 2,
    foo({ a = 1, b = 2 })
  ]

  heredoc = <<-EOT
   x ${y}
     z
   EOT
  text    = "a ${var.x + 1} %{if x}y%{endif}"
  loop    = [for k, v in [1, 2] : v if v > -1]
  object = { a = 1
    bb = 2
    "c d" : 3
  }
  empty      = {}
  also_empty = {}
  not        = !x
  steps      = a.b[0].c[*].d
  call = merge(a,
    { x = 1
  })
  question = a ? b : c
  expand   = f(list...)
  parens   = (1 + 2) * 3
}
