# Every line keeps its line end; <<- removes the common indentation; there are no backslash escapes.
plain     = <<END
a \n "b"
  c
END
indented  = <<-END
    first
      second ${var.number}

    third
    END
empty     = <<END
END
from_edge = <<-END
    a
  ${"b"}
    END
in_list   = [<<END
x
END
  , "y"]
