"""The configuration language: waypoint.hcl from source text to an evaluated model."""
