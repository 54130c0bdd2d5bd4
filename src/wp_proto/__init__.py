"""Generated messages and stubs of the wire, split by domain."""
