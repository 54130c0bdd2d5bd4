"""The server's own version, as peers see it."""

from __future__ import annotations

import re
from importlib import metadata

_PRE_RELEASE = re.compile(r"\.?(dev|a|b|rc)(\d*)$")


def version() -> str:
    """Returns `vX.Y.Z`, or `vX.Y.Z-dev0` as semantic versions write it, which is what Go clients can read.

    `v0.0.0-dev` when the program runs from a checkout that is not installed.
    """
    try:
        return "v" + _PRE_RELEASE.sub(r"-\1\2", metadata.version("waypoint"))
    except metadata.PackageNotFoundError:
        return "v0.0.0-dev"
