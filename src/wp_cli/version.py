"""The version of this program.

Kept in a module of its own that imports nothing, because `waypoint version` must be fast.
"""

from __future__ import annotations

VERSION = "v1.0.0-dev0"
CHECKOUT_VERSION = "v0.0.0-dev"  # what a server says that is not installed
API_PROTOCOL = (1, 1)  # minimum, current
ENTRYPOINT_PROTOCOL = (1, 1)
