"""Keeps `import grpc` from loading its asyncio half, which this program does not use but would pay for at every start.

grpc imports `grpc.aio` (and with it asyncio) unconditionally: a tenth of what `waypoint status` may take. A stand-in
takes its place and loads the real module when somebody asks it for anything.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

NAME = "grpc.aio"


class _Later(ModuleType):
    def __getattr__(self, name: str) -> object:
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        return getattr(importlib.import_module(NAME), name)


def install() -> None:
    """Put the stand-in in place, unless grpc is loaded already."""
    if "grpc" not in sys.modules:
        sys.modules[NAME] = _Later(NAME)
