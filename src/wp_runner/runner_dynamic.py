"""Variables of a runner whose values come from config sources (`runner agent -enable-dynamic-config`).

They are read where the runner stands, again and again: a value that changes there changes here, and one that cannot be
read keeps what it had (server specification 8.4).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping

import wp_sources
from wp_proto.waypoint import api as pb

log = logging.getLogger(__name__)

READ_AGAIN_SECONDS = 30.0
FIRST_SECONDS = 10.0
"""How long jobs wait for the first values; a source that takes longer does not keep the runner from working."""


class DynamicValues:
    """Reads what it was told to follow, in a thread. `tell` hears every name with its value, as often as it is read."""

    def __init__(self, tell: Callable[[str, str], None], environment: Mapping[str, str]) -> None:
        self._tell = tell
        self._environment = environment
        self._lock = threading.Lock()
        self._wanted: dict[str, dict[str, dict[str, str]]] = {}
        self._settings: dict[str, dict[str, str]] = {}
        self._opened: dict[str, wp_sources.Source] = {}
        self._said: dict[str, str] = {}
        self._wake = threading.Event()
        self._read = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def follow(self, variables: Iterable[pb.ConfigVar], sources: Iterable[pb.ConfigSource]) -> None:
        """Follow these variables and no others; returns when they were read once, or after `FIRST_SECONDS`."""
        wanted: dict[str, dict[str, dict[str, str]]] = {}
        for variable in variables:
            kind = str(getattr(variable.dynamic, "from"))  # a keyword of Python
            wanted.setdefault(kind, {})[variable.name] = dict(variable.dynamic.config)
        with self._lock:
            settings = {source.type: dict(source.config) for source in sources if not source.delete}
            if settings != self._settings:
                self._opened.clear()
            self._wanted, self._settings = wanted, settings
            self._read.clear()
            if wanted and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="runner-dynamic-config", daemon=True)
                self._thread.start()
        self._wake.set()
        if wanted:
            self._read.wait(FIRST_SECONDS)

    def stop(self) -> None:
        """Read nothing more; a read that runs is not waited for, and tells nothing."""
        self._stopped = True
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            with self._lock:
                wanted = {kind: dict(names) for kind, names in self._wanted.items()}
            for kind, names in wanted.items():
                self._round(kind, names)
            with self._lock:
                if wanted == self._wanted:
                    self._read.set()
            self._wake.wait(READ_AGAIN_SECONDS)

    def _round(self, kind: str, names: Mapping[str, Mapping[str, str]]) -> None:
        try:
            answers = self._source(kind).read(names)
        except wp_sources.SourceError as error:
            answers = dict.fromkeys(names, error)
        for name, answer in answers.items():
            with self._lock:
                if self._stopped or name not in self._wanted.get(kind, {}):
                    continue
            if isinstance(answer, wp_sources.SourceError):
                if self._said.get(name) != str(answer):
                    self._said[name] = str(answer)
                    log.warning("the runner's variable %s has no new value: %s", name, answer)
                continue
            self._said.pop(name, None)
            self._tell(name, answer)

    def _source(self, kind: str) -> wp_sources.Source:
        with self._lock:
            settings = self._settings.get(kind, {})
            source = self._opened.get(kind)
        if source is None:
            source = wp_sources.open_source(kind, settings, self._environment)
            with self._lock:
                if self._settings.get(kind, {}) == settings:
                    self._opened[kind] = source
        return source
