"""Configuration variables that are meant for runners: they become this process's environment (server specification
8.4)."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, MutableMapping

from wp_proto.waypoint import api as pb
from wp_runner.runner_dynamic import DynamicValues

log = logging.getLogger(__name__)


class RunnerEnvironment:
    """Keeps the environment in step with what the server sends. Thread-safe.

    A variable that is taken away gets back the value it had before. Values of config sources count only with
    `dynamic`; files and templates are not for runners. What does not count is reported once in the log and left alone.
    """

    def __init__(self, environment: MutableMapping[str, str] | None = None, *, dynamic: bool = False) -> None:
        self._environment = os.environ if environment is None else environment
        self._values = DynamicValues(self._read, self._environment) if dynamic else None
        self._lock = threading.Lock()
        self._before: dict[str, str | None] = {}
        self._dynamic: set[str] = set()
        self._refused: set[str] = set()

    def apply(self, variables: Iterable[pb.ConfigVar], sources: Iterable[pb.ConfigSource] = ()) -> None:
        """Set what is given, restore what is given no more. Values of sources are there when it returns, if they come
        in time."""
        variables = list(variables)
        dynamic = [v for v in variables if self._followed(v)]
        with self._lock:
            plain = [v for v in variables if not self._followed(v) and self._plain(v)]
            wanted = {v.name: v.static.replace("$${", "${").replace("%%{", "%{") for v in plain}
            self._dynamic = {v.name for v in dynamic} - set(wanted)
            for name in [n for n in self._before if n not in wanted and n not in self._dynamic]:
                self._put(name, self._before.pop(name))
            for name, value in wanted.items():
                self._set(name, value)
        if self._values is not None:
            self._values.follow([v for v in dynamic if v.name in self._dynamic], sources)

    def restore(self) -> None:
        """Put everything back, and follow nothing any more."""
        if self._values is not None:
            self._values.stop()
        self.apply(())

    def _read(self, name: str, value: str) -> None:
        with self._lock:
            if name in self._dynamic and "\0" not in value:
                self._set(name, value)

    def _set(self, name: str, value: str) -> None:
        self._before.setdefault(name, self._environment.get(name))
        self._put(name, value)

    def _followed(self, variable: pb.ConfigVar) -> bool:
        if self._values is None or variable.WhichOneof("value") != "dynamic":
            return False
        usable = bool(variable.name) and not set("=\0") & set(variable.name)
        return usable and not variable.internal and not variable.name_is_path

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
