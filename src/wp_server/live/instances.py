"""Who is connected now (server.md §3.6): a record per entrypoint that has, or just lost, its `EntrypointConfig` stream.

A registration carries a generation, and ending an old stream never removes a newer registration. For a grace period
after its stream ended, a record keeps its logs and waiting exec sessions: an entrypoint that returns finds them again.

Everything here belongs to the server's event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wp_proto.waypoint import api as pb
from wp_server.errors import PermissionDenied
from wp_server.ids import new_id
from wp_server.live.exec_session import Session
from wp_server.live.ring import Ring
from wp_server.store import Changes
from wp_server.store.instances import ALL, deployment_topic

GRACE = 30.0
"""Seconds a record outlives its stream (entrypoint-url.md A14)."""


def logs_topic(instance_id: str) -> str:
    """Returns the topic of an instance's lines."""
    return f"logs/{instance_id}"


def sessions_topic(instance_id: str) -> str:
    """Returns the topic of an instance's exec sessions."""
    return f"exec/{instance_id}"


@dataclass(eq=False)
class Instance:
    """One running copy of a deployment, as its entrypoint introduced it."""

    id: str
    deployment_id: str
    application: pb.Ref.Application
    workspace: str
    type: pb.Instance.Type
    disable_exec: bool
    sessions_from: float = 0.0
    """Monotonic time before which exec sessions must not be announced (server.md §6.6)."""
    is_go: bool = False
    """Whether an entrypoint of Go Waypoint is there."""
    resolved: bool = False
    """Whether a Go entrypoint told that it has resolved its environment; then it does not crash of a session."""
    generation: int = 1
    connected: bool = True
    since: float = field(default_factory=time.monotonic)
    ring: Ring = field(default_factory=Ring)
    sessions: dict[int, Session] = field(default_factory=dict)
    config: pb.EntrypointConfig | None = None
    """What it was given last, exec sessions aside."""
    owner: object = None
    """The one log reader that this record was made for; None = everybody's."""

    @property
    def takes_exec(self) -> bool:
        """Whether `waypoint exec` on the deployment may choose this instance."""
        return self.connected and not self.disable_exec and self.type == pb.Instance.LONG_RUNNING

    def message(self) -> pb.Instance:
        """Returns the wire form."""
        return pb.Instance(
            id=self.id,
            deployment_id=self.deployment_id,
            application=self.application,
            workspace=pb.Ref.Workspace(workspace=self.workspace),
            type=self.type,
        )


@dataclass
class LineCounts:
    """What became of log lines since the start of this server."""

    accepted: int = 0
    skipped: int = 0
    """By readers that were too slow, once for each of them."""


class Instances:
    """The registry."""

    def __init__(self, changes: Changes, grace: float = GRACE) -> None:
        self.changes = changes
        self._grace = grace
        self._by_id: dict[str, Instance] = {}
        self._forgetting: dict[str, asyncio.TimerHandle] = {}
        self._expected: dict[str, str] = {}
        self.observers: list[Callable[[str], None]] = []
        """Hear the id of every instance whose standing changed."""
        self.lines = LineCounts()

    def connect(
        self,
        deployment: pb.Deployment,
        request: pb.EntrypointConfigRequest,
        sessions_after: float = 0.0,
    ) -> Instance:
        """Registers the sender of `request`, or takes up the record it left behind.

        Its exec sessions are announced after `sessions_after` seconds. Errors: PermissionDenied when the id is taken by
        an instance of another deployment.
        """
        known = self._by_id.get(request.instance_id)
        if known is not None:
            if known.deployment_id != deployment.id:
                raise PermissionDenied("An instance of another deployment has this id.")
            self._keep(known.id)
            known.generation += 1
            known.connected = True
        else:
            known = Instance(
                id=request.instance_id,
                deployment_id=deployment.id,
                application=deployment.application,
                workspace=deployment.workspace.workspace,
                type=request.type,
                disable_exec=request.disable_exec,
            )
            self._by_id[known.id] = known
        known.type, known.disable_exec = request.type, request.disable_exec
        known.sessions_from = time.monotonic() + sessions_after
        self._announce(known)
        return known

    @contextmanager
    def expected(self, deployment: pb.Deployment) -> Iterator[str]:
        """Yields the id of a new instance that a runner may play for `deployment` during the block."""
        instance_id = new_id()
        self._expected[instance_id] = deployment.id
        self._observe(instance_id)
        try:
            yield instance_id
        finally:
            del self._expected[instance_id]
            self._observe(instance_id)

    def is_expected(self, instance_id: str, deployment_id: str) -> bool:
        """Returns whether a runner may play this instance now."""
        return self._expected.get(instance_id) == deployment_id

    @contextmanager
    def log_record(self, deployment: pb.Deployment, instance_id: str, owner: object) -> Iterator[Instance]:
        """Yields a record that takes lines for one reader only, without a configuration stream."""
        record = Instance(
            instance_id,
            deployment.id,
            deployment.application,
            deployment.workspace.workspace,
            pb.Instance.VIRTUAL,
            disable_exec=True,
            connected=False,
            owner=owner,
        )
        self._by_id[instance_id] = record
        self._announce(record)
        try:
            yield record
        finally:
            del self._by_id[instance_id]
            self._announce(record)

    def disconnect(self, instance: Instance, generation: int) -> None:
        """Ends the registration `generation` of `instance`; a newer one is left alone."""
        if instance.generation != generation or not instance.connected:
            return
        instance.connected = False
        timer = asyncio.get_running_loop().call_later(self._grace, self._forget, instance)
        self._forgetting[instance.id] = timer
        self._announce(instance)

    def get(self, instance_id: str) -> Instance | None:
        """Returns the record, also one whose stream ended less than the grace period ago."""
        return self._by_id.get(instance_id)

    def known(self) -> list[str]:
        """Returns the ids of all records and of what is expected."""
        return [*self._by_id, *self._expected]

    def deployment_of(self, instance_id: str) -> str:
        """Returns the deployment of an instance that is known or expected; empty for another one."""
        known = self._by_id.get(instance_id)
        return known.deployment_id if known is not None else self._expected.get(instance_id, "")

    def connected(self) -> list[Instance]:
        """Returns everything that has its configuration stream open."""
        return self._where(lambda instance: instance.connected)

    def of_deployment(self, deployment_id: str) -> list[Instance]:
        """Returns all records of a deployment, those that were first connected first."""
        return self._where(lambda instance: instance.deployment_id == deployment_id)

    def of_application(self, application: pb.Ref.Application, workspace: str = "") -> list[Instance]:
        """Returns all records of an application, in one workspace or in all."""
        wanted = _key(application)
        return self._where(
            lambda instance: (
                _key(instance.application) == wanted
                and (not workspace or instance.workspace.lower() == workspace.lower())
            )
        )

    def allow_sessions(self, instance: Instance, moment: float) -> None:
        """Lets exec sessions be announced to `instance` from another monotonic time on."""
        instance.sessions_from = moment
        self.changes.publish((sessions_topic(instance.id),))

    def append(self, instance: Instance, lines: Iterable[pb.LogBatch.Entry]) -> None:
        """Adds lines to an instance's log and wakes its readers."""
        added = list(lines)
        self.lines.accepted += len(added)
        instance.ring.append(added, time.monotonic())
        self.changes.publish((logs_topic(instance.id),))

    def close(self) -> None:
        """Forgets everything; for the end of the server."""
        for timer in self._forgetting.values():
            timer.cancel()
        self._forgetting.clear()

    def _where(self, accept: Callable[[Instance], bool]) -> list[Instance]:
        return sorted(filter(accept, self._by_id.values()), key=lambda instance: instance.since)

    def _keep(self, instance_id: str) -> None:
        timer = self._forgetting.pop(instance_id, None)
        if timer is not None:
            timer.cancel()

    def _forget(self, instance: Instance) -> None:
        self._forgetting.pop(instance.id, None)
        if not instance.connected and self._by_id.get(instance.id) is instance:
            del self._by_id[instance.id]
            for session in tuple(instance.sessions.values()):
                session.fail("The instance is gone.")
            self._announce(instance)

    def _announce(self, instance: Instance) -> None:
        self.changes.publish((ALL, deployment_topic(instance.deployment_id), sessions_topic(instance.id)))
        self._observe(instance.id)

    def _observe(self, instance_id: str) -> None:
        for observer in self.observers:
            observer(instance_id)


def _key(application: pb.Ref.Application) -> tuple[str, str]:
    return application.project.lower(), application.application.lower()
