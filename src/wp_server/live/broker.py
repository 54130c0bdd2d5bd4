"""Reading dynamic variables for instances, so that no container needs the way to a source, or its credentials.

A deployment that has instances is watched: its variables are read when the first instance asks and again every 15 to
45 seconds, once for all its instances, and a change is announced under the watch's topic. What relies on the place
where the application runs (`wp_sources.placement`) is left to the entrypoint. Nothing of this server's own environment
or files is ever used: sources are opened with their stored settings only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from wp_proto.own import source_pb2
from wp_proto.waypoint import api as pb
from wp_server.store.changes import Changes
from wp_sources import Reading, Source, SourceError, open_source
from wp_sources.placement import PLACE, anywhere

log = logging.getLogger(__name__)

POLL = 30.0
"""Seconds between two readings, half of it more or less by chance."""
RETRY = 5.0
"""The same while a value that was never had is missing."""
FIRST_WAIT = 3.0
"""Seconds that a snapshot waits for values that were not read yet; less than an application waits for its start."""
THREADS = 16

Question = tuple[tuple[str, str], ...]
"""The parameters of a variable, sorted."""
UNREAD = "it is still being read"


@dataclass
class _Group:
    """The variables of one source, and what is known of them."""

    kind: str
    settings: Mapping[str, str]
    wanted: frozenset[Question] = frozenset()
    values: dict[Question, str] = field(default_factory=dict)
    errors: dict[Question, str] = field(default_factory=dict)
    tried: set[Question] = field(default_factory=set)
    source: Source | None = None
    due: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def answer(self, question: Question) -> source_pb2.BrokeredValue:
        told = source_pb2.BrokeredValue(source=self.kind, parameters=dict(question))
        if question in self.values:
            told.value = self.values[question].encode("utf-8", "surrogateescape")
        else:
            told.error = self.errors.get(question, UNREAD)
        return told


class Broker:
    """Owns the watches. Lives in the server's event loop; the reading itself happens in threads of its own."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._watches: dict[str, Watch] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="source")

    @contextlib.contextmanager
    def watch(self, deployment_id: str) -> Iterator[Watch]:
        """The watch of a deployment, for as long as somebody is inside."""
        watch = self._watches.get(deployment_id)
        if watch is None:
            watch = self._watches[deployment_id] = Watch(deployment_id, self._changes, self._threads)
        watch.holders += 1
        try:
            yield watch
        finally:
            watch.holders -= 1
            if not watch.holders:
                del self._watches[deployment_id]
                watch.close()

    def close(self) -> None:
        """Lets go of the threads; a reading under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Watch:
    """The brokered variables of one deployment; `topic` is published when a value changed."""

    def __init__(self, deployment_id: str, changes: Changes, threads: ThreadPoolExecutor) -> None:
        self.topic = f"sources/{deployment_id}"
        self.holders = 0
        self._changes = changes
        self._threads = threads
        self._groups: dict[str, _Group] = {}
        self._settled = asyncio.Event()

    def close(self) -> None:
        """Ends the readings."""
        for group in self._groups.values():
            if group.task is not None:
                group.task.cancel()
        self._groups.clear()

    async def fill(self, config: pb.EntrypointConfig) -> pb.EntrypointConfig:
        """Returns the snapshot with the values that the server can read, without the settings they need.

        Waits for values that are asked for the first time, but not longer than `FIRST_WAIT`.
        """
        settings = {source.type: dict(source.config) for source in config.config_sources}
        wanted: dict[str, set[Question]] = {}
        for variable in config.env_vars:
            kind = getattr(variable.dynamic, "from")
            if variable.HasField("dynamic") and kind in settings and anywhere(kind, settings[kind]):
                wanted.setdefault(kind, set()).add(tuple(sorted(variable.dynamic.config.items())))
        self._want(wanted, settings)
        if not wanted:
            return config
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_WAIT):
                await self._settled.wait()
        filled = pb.EntrypointConfig()
        filled.CopyFrom(config)
        del filled.config_sources[:]
        filled.config_sources.extend(source for source in config.config_sources if source.type not in wanted)
        for kind, group in sorted(self._groups.items()):
            filled.brokered.extend(group.answer(question) for question in sorted(wanted[kind]))
        return filled

    def _want(self, wanted: Mapping[str, set[Question]], settings: Mapping[str, Mapping[str, str]]) -> None:
        for kind, group in list(self._groups.items()):
            if kind not in wanted or group.settings != settings[kind]:
                if group.task is not None:
                    group.task.cancel()
                del self._groups[kind]
                if kind in wanted:
                    # Other settings, perhaps another server: what was read before counts until it is read anew.
                    self._groups[kind] = _Group(kind, settings[kind], values=group.values)
        for kind, questions in wanted.items():
            group = self._groups.setdefault(kind, _Group(kind, settings[kind]))
            if not questions <= group.wanted:
                group.due.set()
            group.wanted = frozenset(questions)
            group.values = {question: value for question, value in group.values.items() if question in questions}
            if group.task is None:
                group.task = asyncio.create_task(self._keep_reading(group), name=f"{self.topic} {kind}")
        self._note_settled()

    def _note_settled(self) -> None:
        if all(group.wanted <= group.tried | group.values.keys() for group in self._groups.values()):
            self._settled.set()
        else:
            self._settled.clear()

    async def _keep_reading(self, group: _Group) -> None:
        while True:
            group.due.clear()
            asked = group.wanted
            answers = await asyncio.get_running_loop().run_in_executor(self._threads, _read, group, asked)
            changed = False
            for question, answer in answers.items():
                group.tried.add(question)
                if isinstance(answer, str):
                    changed = changed or group.values.get(question) != answer
                    group.values[question] = answer
                    group.errors.pop(question, None)
                elif group.errors.get(question) != str(answer):
                    group.errors[question] = str(answer)
                    changed = changed or question not in group.values
                    log.warning("%s: a value from %s cannot be read: %s", self.topic, group.kind, answer)
            self._note_settled()
            if changed:
                self._changes.publish((self.topic,))
            seconds = POLL if group.wanted <= group.values.keys() else RETRY
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds * random.uniform(0.5, 1.5)):
                    await group.due.wait()


def _read(group: _Group, asked: frozenset[Question]) -> dict[Question, Reading]:
    """In a thread: one reading; failures are answers."""
    numbered = {str(number): dict(question) for number, question in enumerate(sorted(asked))}
    try:
        if group.source is None:
            settings = {name: value for name, value in group.settings.items() if name != PLACE}
            group.source = open_source(group.kind, settings, {})
        found: Mapping[str, Reading] = group.source.read(numbered)
    except SourceError as error:
        found = dict.fromkeys(numbered, error)
    except Exception as error:
        log.exception("reading from %s", group.kind)
        found = dict.fromkeys(numbered, SourceError(f"internal fault, please report it: {type(error).__name__}"))
    return {question: found[str(number)] for number, question in enumerate(sorted(asked))}
