"""Configuration variables that are meant for runners: they become this process's environment (server specification
8.4)."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, MutableMapping

from wp_proto.waypoint import api as pb

log = logging.getLogger(__name__)


class RunnerEnvironment:
    """Keeps the environment in step with what the server sends. Thread-safe.

    A variable that is taken away gets back the value it had before. Values that need a config source, files and
    templates are not for runners of this kind: each is reported once in the log and left alone.
    """

    def __init__(self, environment: MutableMapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._lock = threading.Lock()
        self._before: dict[str, str | None] = {}
        self._refused: set[str] = set()

    def apply(self, variables: Iterable[pb.ConfigVar]) -> None:
        """Set what is given, restore what is given no more."""
        with self._lock:
            wanted = {v.name: v.static.replace("$${", "${").replace("%%{", "%{") for v in variables if self._plain(v)}
            for name in [n for n in self._before if n not in wanted]:
                self._put(name, self._before.pop(name))
            for name, value in wanted.items():
                self._before.setdefault(name, self._environment.get(name))
                self._put(name, value)

    def restore(self) -> None:
        """Put everything back."""
        self.apply(())

    def _put(self, name: str, value: str | None) -> None:
        if value is None:
            self._environment.pop(name, None)
        else:
            self._environment[name] = value

    def _plain(self, variable: pb.ConfigVar) -> bool:
        if variable.internal:
            return False
        rest = variable.static.replace("$${", "").replace("%%{", "")
        template = "${" in rest or "%{" in rest
        wrong_name = not variable.name or "=" in variable.name or "\0" in variable.name + variable.static
        if variable.WhichOneof("value") == "static" and not (variable.name_is_path or template or wrong_name):
            return True
        if variable.name not in self._refused:
            self._refused.add(variable.name)
            log.warning("the runner's variable %s is not a plain value and is not set", variable.name)
        return False
