# Directives choose and repeat text; "~" removes white space and line ends beside them.
chosen = "%{ if var.number > 2 }many%{ else }few%{ endif }"
without_else = "<%{ if false }never%{ endif }>"
repeated = "%{ for k, v in { a = 1, b = 2 } }${k}=${v};%{ endfor }"
lines = <<-END
  %{ for v in var.list ~}
  server ${v}
  %{ endfor ~}
  end
END
nested = "%{ for v in var.list }%{ if v != "b" }${v}%{ endif }%{ endfor }"
