# Numbers are exact: 512 bits, never an exponent when shown.
sum         = 1 + 2 * 3
exact       = 0.1 + 0.2
shown       = "${10 / 4}"
big         = "${1e30}"
precedence  = 2 + 3 * 4 == 14 && !false
remainder   = 7 % 3
from_text   = "5" + 1
negative    = --1
grouped     = (
  1
  + 2
)
