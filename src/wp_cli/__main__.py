"""`python -m wp_cli` is `waypoint`."""

from __future__ import annotations

import sys

from wp_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
