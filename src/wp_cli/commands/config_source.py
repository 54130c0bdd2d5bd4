"""`waypoint config source-…`: the settings with which dynamic variables are fetched (Vault, Consul, AWS and others)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, MAP, STRING, Enum1, Flag
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wp_cli.session import Session

TYPE = Flag("type", STRING, "", "Name of the source, as `configdynamic` in waypoint.hcl has it.")
CONFIG: Flag[dict[str, str]] = Flag("config", MAP, {}, "Setting of the source, name=value; repeatable.")
SCOPE = Flag("scope", Enum1("global", "project", "app"), "global", "Where the settings apply; -app implies app.")
GET_SCOPE = Flag(
    "scope", Enum1("all", "global", "project", "app"), "project",
    "From where to look: the settings that apply there are shown; all lists every source.",
)  # fmt: skip
DELETE = Flag("delete", BOOL, False, "Remove the settings instead, like `source-delete`.")
SHOW_SECRETS = Flag("show-secrets", BOOL, False, "Print tokens, passwords and keys in clear.")

REDACTED = "<redacted>"
SECRET_WORDS = frozenset({"token", "secret", "password", "key"})
PLACE_WORDS = frozenset({"file", "path"})
"""Last words of settings that say where a secret is, not what it is."""


def set_source(session: Session) -> int:
    """Replace the settings of a source, or with -delete remove them."""
    if session[DELETE]:
        if session[CONFIG]:
            raise UsageProblem("-delete and -config contradict each other", command=session.command)
        return delete_source(session)
    if not session[CONFIG]:
        raise UsageProblem("give the settings: -config=name=value, once for each", command=session.command)
    source = _named(session)
    settings = session[CONFIG]
    source.config.update(settings)
    session.client(create=True).calls.SetConfigSource(pb.SetConfigSourceRequest(config_source=source))
    session.screen.result(f"Source {source.type!r} is set ({scope_of(source)}).", "success")
    return EXIT_OK


def delete_source(session: Session) -> int:
    """Remove the settings of a source; that there are none is no error."""
    source = _named(session)
    session.client().calls.DeleteConfigSource(pb.DeleteConfigSourceRequest(config_source=source))
    session.screen.result(f"Source {source.type!r} has no settings ({scope_of(source)}).", "success")
    return EXIT_OK


def get_source(session: Session) -> int:
    """Show the settings that apply at a place, or list all. Exit code 1 if there are none."""
    request = pb.GetConfigSourceRequest(type=session[TYPE])
    scope = _scope(session, session[GET_SCOPE], given=session.given(GET_SCOPE))
    if scope == "all":
        request.all = True
    else:
        _aim(session, request, scope)
    found = list(session.client().calls.GetConfigSource(request).config_sources)
    if scope != "all":  # of one type the last one wins (server specification 4.6)
        found = list({source.type: source for source in found}.values())
    if not session[SHOW_SECRETS]:
        for source in found:
            redact(source)
    if session[shared.JSON]:
        session.screen.json([records.proto_value(source) for source in found])
    elif scope == "all":
        rows = [
            [source.type, scope_of(source), *_target(source), source.workspace.workspace]
            for source in found
        ]  # fmt: skip
        if rows:
            session.screen.table(["Type", "Scope", "Project", "App", "Workspace"], rows)
    else:
        _show(session, found)
    if found:
        return EXIT_OK
    kind = f"source {session[TYPE]!r}" if session[TYPE] else "source"
    raise CliError(f"no {kind} has settings there", do="Set them with `waypoint config source-set`.")


def _show(session: Session, found: Iterable[pb.ConfigSource]) -> None:
    for source in found:
        project, app = _target(source)
        session.screen.header(source.type)
        session.screen.named_values([
            ("Type", source.type), ("Scope", scope_of(source)), ("Project", project), ("App", app),
            ("Workspace", source.workspace.workspace),
        ])  # fmt: skip
        session.screen.table(["Key", "Value"], sorted(source.config.items()))


def redact(source: pb.ConfigSource) -> None:
    """Replace the settings that are secrets by their names' looks: `token`, `secret_key`, but not `token_file`."""
    for name, value in source.config.items():
        words = name.lower().split("_")
        if value and SECRET_WORDS & set(words) and words[-1] not in PLACE_WORDS:
            source.config[name] = REDACTED


def scope_of(source: pb.ConfigSource) -> str:
    """Word for the scope of a source."""
    return {"application": "app", "project": "project"}.get(source.WhichOneof("scope") or "", "global")


def _target(source: pb.ConfigSource) -> tuple[str, str]:
    app = source.application
    return (app.project, app.application) if app.application else (source.project.project, "")


def _named(session: Session) -> pb.ConfigSource:
    if not session[TYPE]:
        raise UsageProblem("which source? Give its -type, such as -type=vault", command=session.command)
    source = pb.ConfigSource(type=session[TYPE])
    _aim(session, source, _scope(session, session[SCOPE], given=session.given(SCOPE)))
    return source


def _scope(session: Session, scope: str, *, given: bool) -> str:
    app = session[shared.APP]
    if app and given and scope != "app":
        raise UsageProblem(f"-app={app} and -scope={scope} contradict each other", command=session.command)
    return "app" if app else scope


def _aim(session: Session, message: pb.ConfigSource | pb.GetConfigSourceRequest, scope: str) -> None:
    if scope == "global":
        getattr(message, "global").SetInParent()
    elif scope == "project":
        message.project.project = session.project
    else:
        app = session.app()
        message.application.project, message.application.application = app.project, app.name
    if session.given(shared.WORKSPACE):
        message.workspace.workspace = session[shared.WORKSPACE]


SET = Command(
    "config source-set", set_source,
    """
    Sets how a source of dynamic variables is reached. The settings given replace all that it had in that scope.

      waypoint config source-set -type=vault -config=addr=https://vault.example.com -config=token=...
    """,
    flags=(TYPE, CONFIG, SCOPE, DELETE),
)  # fmt: skip
GET = Command(
    "config source-get", get_source,
    "Shows the settings of sources that apply to the project, to an app, or everywhere. The exit code is 1 if there "
    "are none.",
    flags=(TYPE, GET_SCOPE, shared.JSON, SHOW_SECRETS),
)  # fmt: skip
DELETE_COMMAND = Command(
    "config source-delete", delete_source, "Removes the settings of a source.", flags=(TYPE, SCOPE)
)  # fmt: skip
