# Nothing is converted for comparison.
number_and_text = "1" == 1
deep            = { a = [1, 2] } == { a = [1, 2] }
nulls           = null == null
less            = 2 < 10
