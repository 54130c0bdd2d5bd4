"""A first waypoint.hcl.

`look` finds out what a folder holds, `ask` asks the user, `plan` is what both make, and its text.
"""
