# Comments: "#" and "//" to the end of the line, "/* */" between any two words. They do not nest.
// Another comment.
one /* here */ = /* there */ 1 # and here
two            = [
  1, // first
  /* nothing */
  2, # the last comma may stay
]
three = { a = 1 /* the value */, /* the key */ b = 2 }
