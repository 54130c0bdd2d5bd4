"""The server's own version, as peers see it."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """Returns `vX.Y.Z`; `v0.0.0-dev` when the program runs from a checkout that is not installed."""
    try:
        return f"v{metadata.version('waypoint')}"
    except metadata.PackageNotFoundError:
        return "v0.0.0-dev"
