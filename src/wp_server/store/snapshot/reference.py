"""The reference's part of a snapshot: which bucket holds what, under which key (server.md §10.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from google.protobuf.message import DecodeError, Message
from sqlalchemy import Connection, Table, select

from wp_proto.waypoint import api as pb
from wp_server.jobs import machine, on_demand
from wp_server.runner_labels import label_hash
from wp_server.store import (
    clock,
    config,
    config_sources,
    job_groups,
    jobs,
    operations,
    pipelines,
    projects,
    runners,
    settings,
    tasks,
    users,
    workspaces,
)
from wp_server.store import schema as tables
from wp_server.store.slices import EVERYTHING
from wp_server.store.snapshot.container import damaged
from wp_server.store.snapshot.target_key import variable_key
from wp_server.store.tasks import TaskRow

SYSTEM, SERVER_CONFIG, KEYS = "system", "server-config", "hmac_keys"
FORMAT_VERSION = b"1"
EXTRA = "snapshot/"
"""Settings that begin so are items of buckets which this server does not use, kept for the way back."""
SOURCE_KEY = "snapshot-source/"
"""Settings that begin so are the keys under which the reference keeps a config source, as far as it has told them."""

Items = Iterator[tuple[str, bytes]]


@dataclass(frozen=True)
class Bucket:
    """A bucket of messages: how it is made, and how one of its items becomes state."""

    name: str
    message: type[Message]
    items: Callable[[Connection], Items]
    put: Callable[[Connection, str, bytes], None]


def export(connection: Connection) -> Iterator[tuple[str, Items]]:
    """Yields every bucket with its items, those that are kept for others included."""
    extra = _extras(connection)
    for name, items in (
        (SYSTEM, iter([("version", FORMAT_VERSION)])),
        (SERVER_CONFIG, _server_config(connection)),
        *((bucket.name, bucket.items(connection)) for bucket in BUCKETS),
    ):
        yield name, _both(items, extra.pop(name, []))
    for name, kept in extra.items():
        yield name, iter(kept)


def check(bucket: str, key: str, value: bytes) -> None:
    """Errors: InvalidArgument when the item is not what its bucket holds."""
    known = _by_name.get(bucket)
    if known is not None:
        try:
            known.message().MergeFromString(value)
        except DecodeError as error:
            raise damaged(f"{key} of {bucket} is not a {known.message.DESCRIPTOR.name}") from error


def put(connection: Connection, bucket: str, key: str, value: bytes) -> None:
    """Makes an item state; one that means nothing here is kept as it is."""
    known = _by_name.get(bucket)
    if known is not None:
        known.put(connection, key, value)
    elif bucket == SERVER_CONFIG and key == "1":
        settings.import_config(connection, pb.ServerConfig.FromString(value))
    elif bucket == SERVER_CONFIG and key == "id":
        settings.put(connection, "id", value)
    elif bucket != SYSTEM:
        keep(connection, bucket, key, value)


def keep(connection: Connection, bucket: str, key: str, value: bytes) -> None:
    """Keeps an item for the way back."""
    settings.put(connection, f"{EXTRA}{bucket}/{key}", value)


def settle(connection: Connection) -> None:
    """Settles what needs more than one item, when all are there."""
    job_groups.link(connection)
    tasks.forget_incomplete(connection)


class Content:
    """A sum over items that does not depend on their order."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, bucket: str, key: str, value: bytes) -> None:
        """Counts one item."""
        parts = b"".join(len(part).to_bytes(8) + part for part in (bucket.encode(), key.encode(), value))
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(parts).digest())) % (1 << 256)

    def digest(self) -> bytes:
        """Returns the sum."""
        return self._sum.to_bytes(32)


def _server_config(connection: Connection) -> Items:
    yield "1", settings.config(connection).SerializeToString()
    yield "id", settings.server_id(connection).encode()


def _extras(connection: Connection) -> dict[str, list[tuple[str, bytes]]]:
    found: dict[str, list[tuple[str, bytes]]] = {}
    for name, value in settings.starting_with(connection, EXTRA):
        bucket, _, key = name.removeprefix(EXTRA).partition("/")
        found.setdefault(bucket, []).append((key, value))
    return found


def _both(items: Items, more: Iterable[tuple[str, bytes]]) -> Items:
    seen = set()
    for key, value in items:
        seen.add(key)
        yield key, value
    yield from ((key, value) for key, value in more if key not in seen)


def _blobs(table: Table, key: str = "id", lower: bool = False) -> Callable[[Connection], Items]:
    def items(connection: Connection) -> Items:
        query = select(table.c[key], table.c.blob).order_by(table.c[key]).execution_options(yield_per=500)
        yield from ((row[0].lower() if lower else row[0], row.blob) for row in connection.execute(query))

    return items


def _records(kind: operations.Kind[operations.R]) -> Bucket:
    table = tables.operations
    name = {4: "release", 5: "statusreport"}.get(kind.number, kind.noun.rpartition(" ")[2])

    def items(connection: Connection) -> Items:
        query = select(table.c.id, table.c.blob).where(table.c.kind == kind.number).order_by(table.c.id)
        yield from ((row.id, row.blob) for row in connection.execute(query.execution_options(yield_per=500)))

    def add(connection: Connection, _key: str, value: bytes) -> None:
        operations.import_record(connection, kind, cast("operations.R", kind.message.FromString(value)))

    return Bucket(name, kind.message, items, add)


def _keys(connection: Connection) -> Items:
    for row in connection.execute(select(tables.hmac_keys).order_by(tables.hmac_keys.c.id)):
        yield row.id, pb.HMACKey(id=row.id, key=row.key).SerializeToString()


def _put_key(connection: Connection, _key: str, value: bytes) -> None:
    key = pb.HMACKey.FromString(value)
    connection.execute(tables.hmac_keys.insert().values(id=key.id, key=key.key, created=clock.now(connection)))


def _runners(connection: Connection) -> Items:
    for runner in runners.present(connection):
        yield runner.id, runner.SerializeToString()


def _put_user(connection: Connection, _key: str, value: bytes) -> None:
    users.insert(connection, pb.User.FromString(value))


def _put_runner(connection: Connection, key: str, value: bytes) -> None:
    runner = pb.Runner.FromString(value)
    stays = runner.adoption_state in (pb.Runner.ADOPTED, pb.Runner.REJECTED)
    runner.online = False
    connection.execute(
        tables.runners.insert().values(
            id=runner.id or key,
            adoption=int(runner.adoption_state),
            registration=1,
            online=False,
            gone=not (stays and runner.WhichOneof("kind") == "remote"),
            label_hash=str(label_hash(runner.labels)),
            blob=runner.SerializeToString(),
        )
    )


def _put_profile(connection: Connection, key: str, value: bytes) -> None:
    profile = pb.OnDemandRunnerConfig.FromString(value)
    connection.execute(
        tables.runner_profiles.insert().values(
            id=profile.id or key, name_key=profile.name.lower(), is_default=profile.default, blob=value
        )
    )


def _variables(connection: Connection) -> Items:
    query = select(tables.config_vars.c.blob).order_by(tables.config_vars.c.target_hash, tables.config_vars.c.name)
    # Names that differ in case only are one for the reference, which gets the last of them.
    yield from {variable_key(pb.ConfigVar.FromString(row.blob)): row.blob for row in connection.execute(query)}.items()


def _put_variable(connection: Connection, _key: str, value: bytes) -> None:
    config.set_variables(connection, [pb.ConfigVar.FromString(value)])


def _sources(connection: Connection) -> Items:
    for row in connection.execute(select(tables.config_sources)):
        identity = _source_identity(pb.ConfigSource.FromString(row.blob))
        known = settings.value(connection, SOURCE_KEY + identity)
        yield known.decode() if known else _source_key(identity), row.blob


def _put_source(connection: Connection, key: str, value: bytes) -> None:
    source = pb.ConfigSource.FromString(value)
    config_sources.put(connection, source)
    identity = _source_identity(source)
    if key != _source_key(identity):
        settings.put(connection, SOURCE_KEY + identity, key.encode())


def _source_identity(source: pb.ConfigSource) -> str:
    place = config_sources.place_of(source)
    workspace = source.workspace.workspace.lower()
    return f"{int(place.scope)}/{place.project}/{place.application}/{workspace}/{source.type}"


def _source_key(identity: str) -> str:
    return str(int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest()))


def _projects(connection: Connection) -> Items:
    for project in projects.page(connection, EVERYTHING):
        yield project.name.lower(), project.SerializeToString()


def _put_project(connection: Connection, _key: str, value: bytes) -> None:
    projects.import_project(connection, pb.Project.FromString(value))


def _workspaces(connection: Connection) -> Items:
    for workspace in workspaces.every(connection):
        yield workspace.name.lower(), workspace.SerializeToString()


def _put_workspace(connection: Connection, _key: str, value: bytes) -> None:
    workspaces.import_workspace(connection, pb.Workspace.FromString(value))


def _put_method(connection: Connection, _key: str, value: bytes) -> None:
    method = pb.AuthMethod.FromString(value)
    connection.execute(tables.auth_methods.insert().values(name_key=method.name.lower(), blob=value))


def _put_trigger(connection: Connection, _key: str, value: bytes) -> None:
    trigger = pb.Trigger.FromString(value)
    connection.execute(
        tables.triggers.insert().values(
            id_key=trigger.id.lower(),
            project_key=trigger.project.project.lower(),
            app_key=trigger.application.application.lower(),
            workspace_key=trigger.workspace.workspace.lower(),
            blob=value,
        )
    )


def _put_pipeline(connection: Connection, _key: str, value: bytes) -> None:
    pipeline = pb.Pipeline.FromString(value)
    connection.execute(
        tables.pipelines.insert().values(
            id=pipeline.id, project_key=pipeline.project.project.lower(), name_key=pipeline.name.lower(), blob=value
        )
    )


def _runs(connection: Connection) -> Items:
    runs = tables.pipeline_runs
    for row in connection.execute(select(runs.c.blob).order_by(runs.c.pipeline_id, runs.c.sequence)):
        yield pb.PipelineRun.FromString(row.blob).id.lower(), row.blob


def _put_run(connection: Connection, _key: str, value: bytes) -> None:
    run = pb.PipelineRun.FromString(value)
    owner = pipelines.get(connection, run.pipeline).id
    connection.execute(tables.pipeline_runs.insert().values(pipeline_id=owner, sequence=run.sequence, blob=value))


def _put_job(connection: Connection, _key: str, value: bytes) -> None:
    job = pb.Job.FromString(value)
    at = jobs.position_of(job, 1, None)
    deadline = at.expire_time if at.state is machine.State.QUEUED else None
    jobs.insert(connection, job, replace(at, deadline=deadline), "", 0)


def _tasks(connection: Connection) -> Items:
    for row in connection.execute(select(tables.tasks).order_by(tables.tasks.c.id)):
        work, start, stop = (jobs.message(connection, one) for one in (row.work_job, row.start_job, row.stop_job))
        task = pb.Task(id=row.id, job_state=on_demand.state(start, work, stop))
        task.task_job.id, task.start_job.id = row.work_job, row.start_job
        task.watch_job.id, task.stop_job.id = row.watch_job, row.stop_job
        yield row.id.lower(), task.SerializeToString()


def _put_task(connection: Connection, key: str, value: bytes) -> None:
    task = pb.Task.FromString(value)
    work = task.task_job.id or task.watch_job.id
    ids = (work, task.start_job.id, task.watch_job.id, task.stop_job.id)
    if all(ids):
        tasks.insert(connection, TaskRow(task.id or key, *ids, token_accessor=""))
    else:  # a server before 0.9 launched no watcher
        keep(connection, "task", key, value)


BUCKETS = (
    Bucket(KEYS, pb.HMACKey, _keys, _put_key),
    Bucket("user", pb.User, _blobs(tables.users, lower=True), _put_user),
    Bucket("runners", pb.Runner, _runners, _put_runner),
    Bucket("ondemandRunner", pb.OnDemandRunnerConfig, _blobs(tables.runner_profiles, lower=True), _put_profile),
    Bucket("project", pb.Project, _projects, _put_project),
    Bucket("config_v2", pb.ConfigVar, _variables, _put_variable),
    Bucket("config", pb.ConfigVar, lambda _connection: iter(()), _put_variable),
    Bucket("config_source", pb.ConfigSource, _sources, _put_source),
    _records(operations.BUILD),
    _records(operations.ARTIFACT),
    _records(operations.DEPLOYMENT),
    _records(operations.RELEASE),
    _records(operations.STATUS_REPORT),
    Bucket("workspaces", pb.Workspace, _workspaces, _put_workspace),
    Bucket("auth_method", pb.AuthMethod, _blobs(tables.auth_methods, "name_key"), _put_method),
    Bucket("trigger", pb.Trigger, _blobs(tables.triggers, "id_key"), _put_trigger),
    Bucket("pipeline", pb.Pipeline, _blobs(tables.pipelines, lower=True), _put_pipeline),
    Bucket("pipeline_run", pb.PipelineRun, _runs, _put_run),
    Bucket("jobs", pb.Job, _blobs(tables.jobs), _put_job),
    Bucket("task", pb.Task, _tasks, _put_task),
)
"""In the order in which they are imported when the file has them in this order; no item needs a later one."""
_by_name = {bucket.name: bucket for bucket in BUCKETS}
