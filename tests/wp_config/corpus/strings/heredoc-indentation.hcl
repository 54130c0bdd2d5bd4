# Blank lines do not count; tabs and wide spaces count one each; the marker's own indentation does not matter.
blank = <<-END
    a

  b
END
tabs  = <<-END
		a
		  b
	END
wide  = <<-END
  a
 b
END
