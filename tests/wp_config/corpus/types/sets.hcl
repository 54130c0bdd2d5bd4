# Sets hold each element once, in order: text by bytes, numbers by value.
texts   = toset(["b", "B", "a", "b"])
numbers = setunion([10, 9], [9, 1])
both    = setintersection(["a", "b"], ["b", "c"])
rest    = setsubtract(["a", "b"], ["b"])
pairs   = setproduct(["a", "b"], [1, 2])
