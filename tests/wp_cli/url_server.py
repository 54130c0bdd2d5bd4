"""`waypoint-server run` with hostnames below a domain, which no flag can give it yet."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence

from wp_server import settings
from wp_server.__main__ import run

DOMAIN = "waypoint.example"
FILE = __file__

_parse = settings.parse


def _with_domain(arguments: Sequence[str], environment: Mapping[str, str]) -> settings.Settings:
    return dataclasses.replace(_parse(arguments, environment), url_domain=DOMAIN)


if __name__ == "__main__":
    settings.parse = _with_domain
    sys.exit(run(sys.argv[1:]))
