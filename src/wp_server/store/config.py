"""Configuration variables and sources (server.md §4): identity is (target, name), and a scope's version counts changes.

Topics: `config` for every change, `config/<project key>` for one project, `config/*` for the global scope.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, or_, select, update

from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument, Violation
from wp_server.store import audit
from wp_server.store.changes import changed
from wp_server.store.schema import config_vars, config_versions

VALUE_LIMIT_BYTES = 1024 * 1024
MERGED_LIMIT_BYTES = 3 * 1024 * 1024


class Scope(IntEnum):
    """Whom a variable is for; narrower scopes win."""

    GLOBAL = 0
    PROJECT = 1
    APPLICATION = 2


@dataclass(frozen=True)
class Place:
    """A scope with its names as keys."""

    scope: Scope
    project: str = ""
    application: str = ""


@dataclass(frozen=True)
class Query:
    """What is asked for. `runner_id` None: variables of applications; set: only those meant for runners.

    `workspace` and `labels` filter only when given; `matches` evaluates a label selector.
    """

    place: Place
    runner_id: str | None = None
    runner_labels: Mapping[str, str] = field(default_factory=dict)
    workspace: str = ""
    labels: Mapping[str, str] | None = None
    prefix: str = ""
    merged: bool = True


_update = (
    update(config_vars)
    .where(config_vars.c.target_hash == bindparam("target"), config_vars.c.name == bindparam("variable"))
    .values(blob=bindparam("value"))
)
_delete = config_vars.delete().where(
    config_vars.c.target_hash == bindparam("target"), config_vars.c.name == bindparam("variable")
)
_stored = select(config_vars.c.blob).where(
    config_vars.c.target_hash == bindparam("target"), config_vars.c.name == bindparam("variable")
)
_insert = config_vars.insert()
_bump = (
    update(config_versions)
    .where(
        config_versions.c.scope == bindparam("of_scope"),
        config_versions.c.project_key == bindparam("project"),
        config_versions.c.app_key == bindparam("app"),
    )
    .values(version=config_versions.c.version + 1, bytes=config_versions.c.bytes + bindparam("more"))
    .returning(config_versions.c.bytes)
)
_insert_version = config_versions.insert()


def set_variables(connection: Connection, variables: Sequence[pb.ConfigVar]) -> None:
    """Stores variables, all or none; unset and empty ones are deleted, before anything is written (§4.1)."""
    plain = [_normal(variable) for variable in variables]
    growth = _delete_all(connection, [variable for variable in plain if _is_deletion(variable)])
    for variable in plain:
        if not _is_deletion(variable):
            growth[place_of(variable.target)] += _put(connection, variable)
    _announce(connection, growth)


def set_from_file(
    connection: Connection,
    variables: Sequence[pb.ConfigVar],
    application: Place,
    workspace: str,
    *,
    keep_vanished: bool = False,
) -> None:
    """Stores what waypoint.hcl has for a project and an application, and deletes what it no longer has.

    Only what came from the file is deleted, and only by a deploy in the workspace that brought it: the file may say
    something else for every workspace. What `set_variables` stored since then is somebody's own and stays.
    """
    marked = [_normal(variable) for variable in variables]
    for variable in marked:
        variable.from_file_in = workspace.lower()
    present = {(target_hash(variable.target), variable.name) for variable in marked}
    vanished = []
    if not keep_vanished:
        for row in connection.execute(_seen_from[Scope.APPLICATION], names(application)):
            variable = pb.ConfigVar.FromString(row.blob)
            if variable.from_file_in != workspace.lower():
                continue
            if (target_hash(variable.target), variable.name) not in present:
                variable.unset.SetInParent()
                vanished.append(variable)
    set_variables(connection, [*vanished, *marked])


def delete_variables(connection: Connection, variables: Sequence[pb.ConfigVar]) -> None:
    """Deletes variables by target and name, whatever their value; absent ones are fine."""
    _announce(connection, _delete_all(connection, [_normal(variable) for variable in variables]))


def variables(
    connection: Connection, query: Query, matches: Callable[[str, Mapping[str, str]], bool]
) -> list[pb.ConfigVar]:
    """Returns what §4.2 says of `query`, sorted by name; merged, later sets win over earlier ones."""
    sets = _sets(connection, query, matches)
    if not query.merged:
        return sorted((variable for one in sets for variable in one), key=lambda variable: variable.name)
    winners: dict[str, pb.ConfigVar] = {}
    for one in sets:
        for variable in sorted(one, key=_specificity):
            winners[variable.name] = variable
    return [winners[name] for name in sorted(winners)]


def version(connection: Connection, place: Place) -> int:
    """Returns a number that grows with every change that can matter at `place` (G9)."""
    return int(connection.execute(_version[place.scope], names(place)).scalar_one())


def target_of(variable: pb.ConfigVar) -> pb.ConfigVar.Target:
    """Returns whom a variable is for; scopes of 0.5 and before are turned into today's form (§4.1)."""
    legacy = variable.WhichOneof("unused_scope")
    if variable.HasField("target") or legacy is None:
        return variable.target
    if legacy == "application":
        return pb.ConfigVar.Target(application=variable.application)
    if legacy == "project":
        return pb.ConfigVar.Target(project=variable.project)
    target = pb.ConfigVar.Target(runner=variable.runner)
    getattr(target, "global").SetInParent()
    return target


def place_of(target: pb.ConfigVar.Target) -> Place:
    """Returns the scope of a target."""
    match target.WhichOneof("app_scope"):
        case "application":
            app = target.application
            return Place(Scope.APPLICATION, app.project.lower(), app.application.lower())
        case "project":
            return Place(Scope.PROJECT, target.project.project.lower())
        case _:
            return Place(Scope.GLOBAL)


def target_hash(target: pb.ConfigVar.Target) -> str:
    """Returns the identity of a target; names that differ in case are the same."""
    place = place_of(target)
    runner = ""
    if target.HasField("runner"):
        labels = sorted(target.runner.labels.labels.items())
        runner = f"{target.runner.WhichOneof('target')}:{target.runner.id.id}:{labels}"
    parts = (
        int(place.scope),
        place.project,
        place.application,
        target.workspace.workspace.lower(),
        target.label_selector,
    )
    return hashlib.sha256(repr((*parts, runner)).encode()).hexdigest()[:32]


def _normal(variable: pb.ConfigVar) -> pb.ConfigVar:
    """Returns a copy in today's form: scopes of 0.5 and before become a target (§4.1). Errors: InvalidArgument."""
    normal = pb.ConfigVar()
    normal.CopyFrom(variable)
    if variable.WhichOneof("unused_scope") is not None and not variable.HasField("target"):
        normal.target.CopyFrom(target_of(variable))
    normal.ClearField("unused_scope")
    _check(normal)
    return normal


def _check(variable: pb.ConfigVar) -> None:
    broken: list[Violation] = []
    if not variable.name:
        broken.append(Violation("variables.name", "must not be empty"))
    scope = variable.target.WhichOneof("app_scope")
    if scope is None:
        broken.append(
            Violation("variables.target", f"{variable.name}: must be global, or name a project or application")
        )
    place = place_of(variable.target)
    if scope in ("project", "application") and not place.project:
        broken.append(Violation("variables.target", f"{variable.name}: the project's name must not be empty"))
    if scope == "application" and not place.application:
        broken.append(Violation("variables.target", f"{variable.name}: the application's name must not be empty"))
    if len(variable.static.encode()) > VALUE_LIMIT_BYTES:
        broken.append(Violation("variables.static", f"{variable.name}: a value may have 1 MiB at most"))
    if broken:
        raise InvalidArgument.of(broken)


def _is_deletion(variable: pb.ConfigVar) -> bool:
    kind = variable.WhichOneof("value")
    return kind in (None, "unset") or (kind == "static" and not variable.static)


def _put(connection: Connection, variable: pb.ConfigVar) -> int:
    """Stores a variable; returns by how many bytes the configuration grew."""
    if "\0" in variable.name or ("\0" in variable.static and not variable.name_is_path):
        # No process can have it in its environment, and a Go entrypoint ends over it.
        raise InvalidArgument.of([Violation("variables.static", f"{variable.name!r}: only a file may have NUL in it")])
    key = {"target": target_hash(variable.target), "variable": variable.name}
    blob = variable.SerializeToString()
    before: bytes | None = connection.execute(_stored, key).scalar()
    audit.change(connection, variable.name, before, blob)
    if before is not None:
        connection.execute(_update, {**key, "value": blob})
        return len(blob) - len(before)
    place = place_of(variable.target)
    scope = {"scope": int(place.scope), "project_key": place.project, "app_key": place.application}
    connection.execute(_insert, {"target_hash": key["target"], "name": variable.name, **scope, "blob": blob})
    return len(blob)


def _delete_all(connection: Connection, doomed: Sequence[pb.ConfigVar]) -> defaultdict[Place, int]:
    """Deletes variables; returns the places they belong to with the bytes they gave back, as negative numbers."""
    growth: defaultdict[Place, int] = defaultdict(int)
    for variable in doomed:
        key = {"target": target_hash(variable.target), "variable": variable.name}
        before: bytes | None = connection.execute(_stored, key).scalar()
        audit.change(connection, variable.name, before, None)
        growth[place_of(variable.target)] -= len(before or b"")
        connection.execute(_delete, key)
    return growth


def _announce(connection: Connection, growth: Mapping[Place, int]) -> None:
    """Counts the change at every place, and checks that no view of it becomes too large."""
    for place, more in growth.items():
        key = {"of_scope": int(place.scope), "project": place.project, "app": place.application}
        size = connection.execute(_bump, {**key, "more": more}).scalar()
        if size is None:
            size = more
            values = {"scope": int(place.scope), "project_key": place.project, "app_key": place.application}
            connection.execute(_insert_version, {**values, "version": 1, "bytes": size})
        if more > 0 and size > MERGED_LIMIT_BYTES // len(Scope):
            _check_size(connection, place)
        changed(connection, "config", f"config/{place.project or '*'}")


def _check_size(connection: Connection, place: Place) -> None:
    """A view adds up one place of each scope, so this is asked only when one of them has more than its share."""
    if connection.execute(_size[place.scope], names(place)).scalar_one() > MERGED_LIMIT_BYTES:
        raise InvalidArgument("The configuration would be larger than 3 MiB in all; make some values smaller.")


def names(place: Place) -> dict[str, str]:
    """Returns the parameters for a statement with `covers`."""
    if place.scope is Scope.GLOBAL:
        return {}
    if place.scope is Scope.PROJECT:
        return {"project": place.project}
    return {"project": place.project, "app": place.application}


def covers(widest: Scope, table: Table) -> ColumnElement[bool]:
    """Returns the condition that a row belongs to the place that the parameters name, or to a wider one around it."""
    rows = table.c
    wanted: list[ColumnElement[bool]] = [rows.scope == int(Scope.GLOBAL)]
    if widest >= Scope.PROJECT:
        wanted.append(and_(rows.scope == int(Scope.PROJECT), rows.project_key == bindparam("project")))
    if widest >= Scope.APPLICATION:
        own = and_(rows.project_key == bindparam("project"), rows.app_key == bindparam("app"))
        wanted.append(and_(rows.scope == int(Scope.APPLICATION), own))
    return or_(*wanted)


_size = {
    scope: select(func.coalesce(func.sum(config_versions.c.bytes), 0)).where(covers(scope, config_versions))
    for scope in Scope
}
_version = {
    scope: select(func.coalesce(func.sum(config_versions.c.version), 0)).where(covers(scope, config_versions))
    for scope in Scope
}
_seen_from = {
    scope: select(config_vars.c.scope, config_vars.c.blob)
    .where(covers(scope, config_vars))
    .order_by(config_vars.c.name, config_vars.c.target_hash)
    for scope in Scope
}


def _sets(
    connection: Connection, query: Query, matches: Callable[[str, Mapping[str, str]], bool]
) -> list[list[pb.ConfigVar]]:
    """Returns the variables in the order of precedence: by scope, then for runners by how closely they are meant."""
    found = connection.execute(_seen_from[query.place.scope], names(query.place))
    sets: dict[tuple[int, int], list[pb.ConfigVar]] = {}
    for row in found:
        variable = pb.ConfigVar.FromString(row.blob)
        rank = _runner_rank(variable.target, query)
        if rank is None or not _wanted(variable, query, matches):
            continue
        sets.setdefault((row.scope, rank), []).append(variable)
    return [sets[key] for key in sorted(sets)]


def _wanted(variable: pb.ConfigVar, query: Query, matches: Callable[[str, Mapping[str, str]], bool]) -> bool:
    if query.prefix and not variable.name.lower().startswith(query.prefix.lower()):
        return False
    target = variable.target
    other_workspace = target.HasField("workspace") and target.workspace.workspace.lower() != query.workspace.lower()
    if query.workspace and other_workspace:
        return False
    if target.label_selector and query.labels is not None:
        return matches(target.label_selector, query.labels)
    return True


def _runner_rank(target: pb.ConfigVar.Target, query: Query) -> int | None:
    """Returns where a variable ranks inside its scope: any runner, labels, this runner; None = not for the asker."""
    if query.runner_id is None:
        return None if target.HasField("runner") else 0
    match target.runner.WhichOneof("target") if target.HasField("runner") else "":
        case "any":
            return 0
        case "labels":
            fits = dict(target.runner.labels.labels).items() <= query.runner_labels.items()
            return 1 if fits else None
        case "id":
            return 2 if target.runner.id.id == query.runner_id else None
        case _:
            return None


def _specificity(variable: pb.ConfigVar) -> tuple[bool, int, str]:
    """Order inside a set: no workspace first, then the shorter selector, then a fixed tie-break (§4.2 6)."""
    target = variable.target
    return (target.HasField("workspace"), len(target.label_selector), target_hash(target))
