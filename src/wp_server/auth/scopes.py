"""Where the objects of a request are: from the terms of its rule to places (project, workspace).

Each kind of term has one function here. It looks into the store only for objects that are named by an id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from google.protobuf.message import Message
from sqlalchemy import Connection

from wp_proto.own.config_file_pb2 import ConfigFile
from wp_proto.waypoint import api as pb
from wp_server.auth.identity import Identity
from wp_server.auth.roles import SERVER, Place
from wp_server.auth.rules import Rule
from wp_server.auth.verify import owner_of
from wp_server.errors import NotFound
from wp_server.store import config, hostnames, instances, jobs, operations, pipelines, tasks, triggers, users
from wp_server.store.operations import ARTIFACT, BUILD, DEPLOYMENT, RELEASE, STATUS_REPORT, Kind

Deployments = Callable[[str], str]
"""From the id of a connected instance to that of its deployment; empty for an unknown one."""
Finder = Callable[[Connection, object], Iterable[Place]]


class Scopes:
    """Finds places. `instances` knows the ones that are connected here, the store those of other servers."""

    def __init__(self, instances: Deployments) -> None:
        self._instances = instances

    def places(self, connection: Connection, rule: Rule, caller: Identity, request: Message) -> list[Place]:
        """Returns where the objects of a call are; empty when it is about no place in particular, or about the caller.

        Errors: NotFound for an object that does not exist.
        """
        if rule.server or not rule.terms:
            return [SERVER] if rule.server else []
        found: list[Place] = []
        workspace: str | None = None
        for kind, path in rule.terms:
            if kind in _OWN:
                return _OWN[kind](connection, caller, request)
            if kind == "workspace":
                workspace = str(_at(request, f"{path}.workspace") or "").lower()
                continue
            value = _at(request, path)
            if value is None or value == "":
                continue
            if kind == "instance":
                deployment = self._instances(str(value)) or instances.deployment_of(connection, str(value))
                if not deployment:
                    raise NotFound(f"There is no running instance {value}.")
                found += FINDERS["deployment"](connection, deployment)
            else:
                found += FINDERS[kind](connection, value)
        if workspace is not None:
            found = [replace(place, workspace=workspace) if place.workspace is None else place for place in found]
        return found or [SERVER]


def _at(request: Message, path: str) -> object:
    """Returns the value at a path of field names; None when a message on the way is not set."""
    value: object = request
    for name in path.split("."):
        assert isinstance(value, Message)
        field = value.DESCRIPTOR.fields_by_name[name]
        if field.message_type is not None and not field.is_repeated and not value.HasField(name):
            return None
        value = getattr(value, name)
    return value


def _project(_connection: Connection, value: object) -> list[Place]:
    name = value.project if isinstance(value, pb.Ref.Project) else getattr(value, "name", "")
    return [Place(name.lower(), object=f"project {name}")] if name else []


def _application(_connection: Connection, value: object) -> list[Place]:
    assert isinstance(value, pb.Ref.Application)
    return [Place(value.project.lower(), None, value.application)] if value.project else []


def _record(kind: Kind[operations.R]) -> Finder:
    def find(connection: Connection, value: object) -> list[Place]:
        if isinstance(value, str):
            value = pb.Ref.Operation(id=value)
        if not isinstance(value, pb.Ref.Operation):
            record_id = getattr(value, "id", "")
            if not record_id:
                return []
            value = pb.Ref.Operation(id=record_id)
        if value.WhichOneof("target") is None:
            return []
        record = operations.get(connection, kind, value)
        app = record.application
        return [
            Place(
                app.project.lower(),
                record.workspace.workspace.lower(),
                app.application,
                f"{kind.noun} {record.id}",
            )
        ]

    return find


def _job(connection: Connection, value: object) -> list[Place]:
    job = jobs.message(connection, str(value))
    app = job.application
    return [Place(app.project.lower(), job.workspace.workspace.lower(), app.application, f"job {job.id}")]


def _task(connection: Connection, value: object) -> list[Place]:
    assert isinstance(value, pb.Ref.Task)
    row = tasks.get(connection, value)
    return [replace(place, object=f"task {row.id}") for place in _job(connection, row.work)]


def _trigger(connection: Connection, value: object) -> list[Place]:
    trigger_id = value if isinstance(value, str) else getattr(value, "id", "")
    found = triggers.find(connection, str(trigger_id))
    if found is None:
        # One that is new has the place that it asks for; for one that is gone, handlers have the answer.
        if isinstance(value, pb.Trigger):
            return []
        raise NotFound(f"There is no trigger {trigger_id!r}.")
    app = found.application.application
    workspace = found.workspace.workspace.lower()
    return [Place(found.project.project.lower(), workspace, app, f"trigger {found.id}")]


def _pipeline(connection: Connection, value: object) -> list[Place]:
    if isinstance(value, pb.Pipeline):
        if not value.id:
            return []
        value = pb.Ref.Pipeline(id=value.id)
    assert isinstance(value, pb.Ref.Pipeline)
    if value.WhichOneof("ref") == "owner":
        return [
            Place(value.owner.project.project.lower(), object=f"pipeline {value.owner.pipeline_name}"),
        ]
    found = pipelines.get(connection, value)
    return [Place(found.project.project.lower(), object=f"pipeline {found.name}")]


def _hostname(connection: Connection, value: object) -> list[Place]:
    found = hostnames.find(connection, str(value))
    if found is None:
        return []
    target = hostnames.Target.on(found)
    what = f"hostname {found.hostname}"
    return [Place(target.project.lower(), target.workspace.lower(), target.application, what)]


def _variables(_connection: Connection, value: object) -> list[Place]:
    found: dict[Place, None] = {}
    for variable in value:  # type: ignore[attr-defined]  # the repeated field of SetConfig and DeleteConfig
        place = config.place_of(config.target_of(variable))
        workspace = variable.target.workspace.workspace.lower() or None
        found[Place(place.project, workspace if place.project else None, place.application)] = None
    return list(found)


def _file(_connection: Connection, value: object) -> list[Place]:
    """Where a file may delete: what a deploy in its workspace brought."""
    assert isinstance(value, ConfigFile)
    return [Place(value.project.lower(), value.workspace.lower(), value.application)] if value.project else []


def _source(_connection: Connection, value: object) -> list[Place]:
    assert isinstance(value, pb.ConfigSource)
    what = f"config source {value.type}"
    workspace = value.workspace.workspace.lower() or None
    match value.WhichOneof("scope"):
        case "application":
            app = value.application
            return [Place(app.project.lower(), workspace, app.application, what)]
        case "project":
            return [Place(value.project.project.lower(), workspace, object=what)]
        case _:
            return [replace(SERVER, object=what)]


FINDERS: Mapping[str, Finder] = {
    "project": _project,
    "application": _application,
    "build": _record(BUILD),
    "artifact": _record(ARTIFACT),
    "deployment": _record(DEPLOYMENT),
    "release": _record(RELEASE),
    "report": _record(STATUS_REPORT),
    "job": _job,
    "task": _task,
    "trigger": _trigger,
    "pipeline": _pipeline,
    "hostname": _hostname,
    "variables": _variables,
    "file": _file,
    "source": _source,
}
"""Kind of term → what finds its places; `workspace`, `instance` and the kinds of `_OWN` are known to `Scopes`."""


def _user(connection: Connection, caller: Identity, request: Message) -> list[Place]:
    """Nothing for the caller himself; the server for anybody else."""
    value = _at(request, "user")
    if value is None:
        return []
    if isinstance(value, pb.User):
        value = pb.Ref.User(id=pb.Ref.UserId(id=value.id))
    assert isinstance(value, pb.Ref.User)
    found = users.find(connection, value)
    return [] if found.id == caller.user_id else [replace(SERVER, object=f"user {found.username}")]


def _invite(connection: Connection, caller: Identity, request: Message) -> list[Place]:
    """A new user would be an administrator: only an administrator may ask for one."""
    assert isinstance(request, pb.InviteTokenRequest)
    deployment = FINDERS["deployment"]
    if request.HasField("unused_entrypoint"):
        return list(deployment(connection, request.unused_entrypoint.deployment_id))
    if request.HasField("signup") or request.login.user_id not in ("", caller.user_id):
        return [SERVER]
    if request.login.HasField("entrypoint"):
        return list(deployment(connection, request.login.entrypoint.deployment_id))
    return []


def _token(connection: Connection, caller: Identity, request: Message) -> list[Place]:
    token = str(_at(request, "token") or "")
    if token and owner_of(connection, token) == caller.user_id:
        return []
    if _at(request, "accessor_id") == caller.accessor_id:
        return []
    return [SERVER]


_OWN: Mapping[str, Callable[[Connection, Identity, Message], list[Place]]] = {
    "user": _user,
    "invite": _invite,
    "token": _token,
}
