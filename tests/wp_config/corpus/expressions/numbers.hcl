# Whole numbers have no limit that anybody meets; fractions are binary with 512 bits; dividing by zero is infinite.
long      = 123456789012345678901234567890 * 10
third     = format("%.5f", 1 / 3)
remainder = -7 % 3
by_zero   = 7 % 0
infinite  = 1 / 0 > 1e300
exponent  = 1.5e3
