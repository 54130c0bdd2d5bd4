"""The shape all lifecycle operations share: record → hooks → call → record.

A record that says RUNNING exists before the platform is touched. A function that saves a checkpoint leaves its
unfinished value in the record, so that whatever happens next (failure, cancellation, kill -9) `destroy` knows what to
remove. The outcome is written before hooks and checks that may still fail, and the final state last (architecture
D12).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic

import grpc
from google.protobuf.message import Message

from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob, ConfiguredStage
from wp_runner.operations.hooks import run_hooks
from wp_runner.operations.records import Record, begin, fail, succeed
from wp_runner.plugins import Call, Outcome
from wp_runner.server import Server
from wp_sdk.component import ComponentKind
from wp_sdk.mapper import Input, Provider
from wp_sdk.values import merge_labels, pack, to_json

log = logging.getLogger(__name__)

COMPONENT_TYPES = {
    ComponentKind.BUILDER: pb.Component.BUILDER,
    ComponentKind.REGISTRY: pb.Component.REGISTRY,
    ComponentKind.PLATFORM: pb.Component.PLATFORM,
    ComponentKind.RELEASE_MANAGER: pb.Component.RELEASEMANAGER,
}


@dataclass(frozen=True)
class Lifecycle(Generic[Record]):
    """What differs between build, push, deploy and release.

    `record` holds what only this operation knows; `providers` and `prepare` get the inserted record (with id and
    sequence); `store` puts an outcome into it, `partial` an unfinished value; `verify` looks at the result before it
    counts as a success.
    """

    stage: ConfiguredStage
    function: str
    record: Record
    save: Callable[[Server, Record], Record]
    store: Callable[[Record, Outcome], None]
    inputs: Sequence[Input] = ()
    providers: Callable[[Record], Sequence[Provider]] = lambda _record: ()
    prepare: Callable[[Record], None] | None = None
    partial: Callable[[Record, OpaqueAny, str], None] | None = None
    verify: Callable[[Record], None] | None = None
    after: str = ""
    producers: Sequence[str] = field(default_factory=tuple)


class _SavedInRecord(Generic[Record]):
    def __init__(self, env: AppJob, operation: Lifecycle[Record], record: Record) -> None:
        self._env = env
        self._operation: Lifecycle[Record] = operation
        self._record: Record = record
        self.used = False

    def save(self, value: Message) -> None:
        if self._operation.partial is not None:
            self._operation.partial(self._record, pack(value), to_json(value))
            self._operation.save(self._env.server, self._record)
            self.used = True


def perform(env: AppJob, operation: Lifecycle[Record]) -> Record:
    """Run the operation and return its final record; on failure the record says so and the error is raised."""
    env.ctx.raise_if_cancelled()
    stage = operation.stage
    record = operation.save(env.server, _opening(env, operation))
    checkpoint = _SavedInRecord(env, operation, record)
    try:
        run_hooks(env, stage.hooks, "before")
        if operation.prepare is not None:
            operation.prepare(record)
        outcome = env.invoke(
            stage.component,
            operation.function,
            inputs=operation.inputs,
            providers=operation.providers(record),
            labels=stage.labels,
            call=Call(env.ctx, checkpoint),
            after=operation.after,
            producers=operation.producers,
        )
        operation.store(record, outcome)
        _relabel(env, record, stage, outcome)
        if operation.verify is not None or any(hook.when == "after" for hook in stage.hooks):
            operation.save(env.server, record)
            checkpoint.used = True
            if operation.verify is not None:
                operation.verify(record)
            run_hooks(env, stage.hooks, "after")
    except BaseException as error:
        fail(record.status, error, env.mask)
        if checkpoint.used and isinstance(record, (pb.Deployment, pb.Release)):
            record.state = pb.Operation.CREATED
        _save_failure(env, operation, record)
        raise
    succeed(record.status)
    return operation.save(env.server, record)


def _opening(env: AppJob, operation: Lifecycle[Record]) -> Record:
    stage, record = operation.stage, operation.record
    record.application.CopyFrom(env.application)
    record.workspace.CopyFrom(env.workspace)
    if not isinstance(record, pb.StatusReport):
        record.job_id = env.job.id
        record.component.CopyFrom(component_ref(stage.component.kind, stage.component.plugin))
        record.labels.update(stage.labels)
    begin(record.status)
    return record


def component_ref(kind: ComponentKind, name: str) -> pb.Component:
    """A component as records name it."""
    return pb.Component(type=COMPONENT_TYPES[kind], name=name)


def _relabel(env: AppJob, record: Record, stage: ConfiguredStage, outcome: Outcome) -> None:
    if outcome.labels and not isinstance(record, pb.StatusReport):
        kept = {key: value for key, value in outcome.labels.items() if not key.startswith("waypoint/")}
        merged = merge_labels(stage.labels, kept, env.job.labels)
        record.labels.clear()
        record.labels.update(merged)


def _save_failure(env: AppJob, operation: Lifecycle[Record], record: Record) -> None:
    try:
        operation.save(env.server.hurried() if env.ctx.cancelled() else env.server, record)
    except grpc.RpcError as error:
        log.error("the failure could not be written to the record %s: %s", record.id, error.details())  # noqa: TRY400
