"""Keeps `import grpc` from loading its asyncio half, and gRPC's core from writing its own complaints to stderr.

grpc imports `grpc.aio` (and with it asyncio) unconditionally: a tenth of what `waypoint status` may take. A stand-in
takes its place and loads the real module when somebody asks it for anything. The core logs each failed handshake in a
format of its own; it reads at its import whether it may, and a program that we start must not inherit the answer.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

NAME = "grpc.aio"
VERBOSITY = "GRPC_VERBOSITY"


class _Later(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _StandIn)]
            del sys.modules[NAME]
        return getattr(importlib.import_module(NAME), name)


class _StandIn(MetaPathFinder, Loader):
    """Finds the stand-in. It is asked for at the end of grpc's own import, when the core has been loaded."""

    def __init__(self) -> None:
        self._silenced = VERBOSITY not in os.environ
        if self._silenced:
            os.environ[VERBOSITY] = "NONE"

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(NAME, self) if fullname == NAME else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Later(NAME)

    def exec_module(self, module: ModuleType) -> None:
        if self._silenced:
            os.environ.pop(VERBOSITY, None)


def install() -> None:
    """Put the stand-in in place, unless grpc is loaded already."""
    if "grpc" not in sys.modules and not any(isinstance(finder, _StandIn) for finder in sys.meta_path):
        sys.meta_path.insert(0, _StandIn())
