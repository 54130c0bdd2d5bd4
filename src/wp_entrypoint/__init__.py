"""The process in front of an application inside its image; the standard library and nothing else."""

VERSION = "1.0.0.dev0"
"""What `--version` says and the server is told; the same as the distribution's."""
