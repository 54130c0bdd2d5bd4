"""Values of dynamic variables, read from where they are kept (entrypoint-url.md A9.4, plugins.md §9).

Each kind of source has a thread while it reads, so that one that hangs holds up neither the application nor the others.
A value that was read once is kept when a later reading fails: a source that is away for a while changes nothing.
"""

from __future__ import annotations

import os

from wp_entrypoint.instance import chance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Callable

    from wp_entrypoint.journal import Journal
    from wp_entrypoint.loop import Loop, Timer
    from wp_entrypoint.settings import Environment
    from wp_proto.entrypoint.messages import BrokeredValue, ConfigSource, ConfigVar
    from wp_sources import Reading, Source

    Key = tuple[str, tuple[tuple[str, str], ...]]

POLL = 30.0
"""Seconds between two readings, half of it more or less by chance, so that a fleet does not ask all at once."""
RETRY = 5.0
"""The same while a value that was never had is still missing."""


class DynamicValues:
    """All dynamic variables of the newest snapshot. on_change is called when a value, or what is known of one,
    changed."""

    def __init__(self, loop: Loop, journal: Journal, environment: Environment, on_change: Callable[[], None]) -> None:
        self._loop = loop
        self._journal = journal
        self._environment = {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()}
        self._on_change = on_change
        self._readers: dict[str, _Reader] = {}
        self._brokered: dict[Key, str] = {}  # what the server has read, and its trouble with it
        self.values: dict[Key, str] = {}

    def update(self, variables: list[ConfigVar], sources: list[ConfigSource], brokered: list[BrokeredValue]) -> None:
        """These are wanted now; what is new, and not brokered by the server, is read at once."""
        told = self._take(brokered)
        settings = {source.type: dict(source.config) for source in sources if not source.delete}
        wanted: dict[str, dict[Key, str]] = {}
        every = set()
        for variable in variables:
            key = key_of(variable)
            if key is None:
                continue
            every.add(key)
            if key in self._brokered:
                tell(self._journal, key, variable.name, self._brokered[key], told, key in self.values)
            else:
                wanted.setdefault(key[0], {})[key] = variable.name
        for kind in [kind for kind in self._readers if kind not in wanted]:
            self._readers.pop(kind).close()
        for kind, names in wanted.items():
            reader = self._readers.get(kind)
            if reader is None:
                reader = self._readers[kind] = _Reader(
                    kind, self._loop, self._journal, self._environment, self.values, self._on_change
                )
            reader.want(names, settings.get(kind, {}))
        for key in [key for key in self.values if key not in every]:
            del self.values[key]

    def settled(self, successfully: bool = False) -> bool:
        """Whether everything that is wanted has been asked for once (successfully: and is known)."""
        if successfully and not all(key in self.values for key in self._brokered):
            return False
        return all(reader.settled(successfully) for reader in self._readers.values())

    def _take(self, brokered: list[BrokeredValue]) -> dict[Key, str]:
        """Note what the server has read; returns what the trouble was before."""
        before, self._brokered = self._brokered, {}
        for answer in brokered:
            key = (answer.source, tuple(sorted(answer.parameters.items())))
            self._brokered[key] = answer.error or ""
            if answer.value is not None:
                self.values[key] = os.fsdecode(answer.value)
        return {key: trouble for key, trouble in before.items() if trouble}


class _Reader:
    """One source and the variables that come from it."""

    def __init__(
        self,
        kind: str,
        loop: Loop,
        journal: Journal,
        environment: Mapping[str, str],
        values: dict[Key, str],
        on_change: Callable[[], None],
    ) -> None:
        self._kind = kind
        self._loop = loop
        self._journal = journal
        self._environment = environment
        self._values = values
        self._on_change = on_change
        self._wanted: dict[Key, str] = {}
        self._settings: dict[str, str] = {}
        self._tried: set[Key] = set()
        self._troubles: dict[Key, str] = {}
        self._source: Source | None = None  # the reading thread's while one runs
        self._reading = False
        self._again = False
        self._timer: Timer | None = None
        self._closed = False

    def want(self, names: dict[Key, str], settings: dict[str, str]) -> None:
        """Read these; at once when there is something new in them."""
        news = settings != self._settings or any(key not in self._wanted for key in names)
        if settings != self._settings:
            self._settings = settings
            self._tried = set()
            self._again = self._reading
            if not self._reading:
                self._source = None
        self._wanted = names
        self._troubles = {key: trouble for key, trouble in self._troubles.items() if key in names}
        if news:
            self._begin()

    def settled(self, successfully: bool) -> bool:
        return all(key in self._values or (not successfully and key in self._tried) for key in self._wanted)

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    # Readings

    def _begin(self) -> None:
        if self._closed:
            return
        if self._reading:
            self._again = True
            return
        if self._timer is not None:
            self._timer.cancel()
        self._reading = True
        from _thread import start_new_thread

        arguments = (self._source, dict(self._wanted), self._settings)
        try:
            start_new_thread(self._read, arguments)
        except RuntimeError:
            self._read(*arguments)  # no further thread is allowed here; readings are bounded in time

    def _read(self, source: Source | None, wanted: dict[Key, str], settings: dict[str, str]) -> None:
        """In the thread of this reading."""
        answers: dict[str, Reading]
        try:
            from wp_sources import SourceError, open_source

            numbered = {str(number): dict(key[1]) for number, key in enumerate(wanted)}
            try:
                source = source or open_source(self._kind, settings, self._environment)
                answers = source.read(numbered)
            except SourceError as error:
                answers = dict.fromkeys(numbered, error)
            found = {key: answers[str(number)] for number, key in enumerate(wanted)}
            readings = {
                key: (value, "") if isinstance(value, str) else ("", str(value)) for key, value in found.items()
            }
        except Exception as error:  # a fault of a source must not end the readings for good
            readings = {key: ("", f"internal fault, please report it: {type(error).__name__}") for key in wanted}
        self._loop.wake(lambda: self._finished(source, settings, readings))

    def _finished(self, source: Source | None, settings: dict[str, str], readings: dict[Key, tuple[str, str]]) -> None:
        self._reading = False
        if self._closed:
            return
        current = settings == self._settings
        self._source = source if current else None
        settled = self.settled(False)
        changed = False
        if current:
            for key, (value, trouble) in readings.items():
                name = self._wanted.get(key)
                if name is None:
                    continue
                self._tried.add(key)
                if not trouble and self._values.get(key) != value:
                    self._values[key] = value
                    changed = True
                tell(self._journal, key, name, trouble, self._troubles, key in self._values)
                if trouble:
                    self._troubles[key] = trouble
                else:
                    self._troubles.pop(key, None)
        if self._again:
            self._again = False
            self._begin()
        else:
            seconds = POLL if self.settled(True) else RETRY
            self._timer = self._loop.after(seconds * (0.5 + chance()), self._begin)
        if changed or self.settled(False) != settled:
            self._on_change()


def tell(journal: Journal, key: Key, name: str, trouble: str, before: Mapping[Key, str], kept: bool) -> None:
    """Say what is wrong with a variable, once, and when that is over."""
    if trouble and before.get(key) != trouble:
        fate = "its last value is kept" if kept else "it is left out"
        journal.warn("config", f"{name} cannot be read from {key[0]}, {fate}: {trouble}")
    elif not trouble and key in before:
        journal.info("config", f"{name} can be read from {key[0]} again")


def key_of(variable: ConfigVar) -> Key | None:
    """What a variable asks for, the same for all that ask for the same; None when it is not dynamic."""
    if variable.dynamic is None:
        return None
    return variable.dynamic.from_, tuple(sorted(variable.dynamic.config.items()))
