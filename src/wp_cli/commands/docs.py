"""`waypoint docs`: what plugins do, and the arguments they take (CLI specification 4.28)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.json_format import MessageToDict

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError
from wp_cli.flags import BOOL, STRING, Enum1, Flag
from wp_cli.render import documentation as pages
from wp_cli.render.table import aligned
from wp_runner.plugins import PluginHost
from wp_sdk.component import ComponentKind
from wp_sdk.errors import PluginError

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_proto.sdk.plugin_pb2 import Config

PLUGIN = Flag("plugin", STRING, "", "Show this plugin instead of those that the project here uses.")
TYPE = Flag("type", Enum1(*(kind.value for kind in ComponentKind)), None, "Only plugins, or the part, of this type.")
BUILTIN = Flag("builtin", BOOL, False, "List the plugins that are built in; the default where there is no project.")
MARKDOWN = Flag("markdown", BOOL, False, "Print Markdown.")
JSON = Flag("json", BOOL, False, "Print JSON.")

FIELD_MAPS = ("fields", "templateFields", "requestFields")


def run(session: Session) -> int:
    """Show one plugin, those of the project here, or list all."""
    host, wanted = PluginHost(), session.maybe(TYPE)
    name = session[PLUGIN]
    if not name:
        plain_list = session[BUILTIN] or session[JSON] or session[MARKDOWN]
        if plain_list or session.file is None:
            show_list(session, host, wanted)
        else:
            show_project(session, host, wanted)
        return EXIT_OK
    found = components(host, name, wanted)
    if session[JSON]:
        session.screen.json({"name": name, "description": host.open(name).doc, "components": as_json(found)})
    elif session[MARKDOWN]:
        session.screen.data(pages.page(name, host.open(name).doc, found).encode())
    else:
        session.screen.result(f"{name}: {pages.sentence(host.open(name).doc)}")
        for kind, described in found.items():
            stage = pages.STAGES.get(kind)
            session.screen.header(f'{kind.value}, in a "{stage}" block' if stage else kind.value)
            for line in pages.lines_of(name, kind, described):
                session.screen.result(line)
    return EXIT_OK


def show_project(session: Session, host: PluginHost, wanted: str | None) -> None:
    """Show what the apps of the project here use. CliError where the file or one of its plugins is wrong."""
    import wp_config
    from wp_cli.target import config_problem, unknown_app

    file, screen = session.required_file, session.screen
    apps = [session[shared.APP]] if session[shared.APP] else list(file.apps)
    if not set(apps) <= set(file.apps):
        raise unknown_app(apps[0], file.project, list(file.apps))
    try:
        used = list(uses(file.path, session, apps, host.names()))
    except wp_config.Diagnostics as problems:
        raise config_problem(problems) from problems
    for app, kind, plugin in used:
        if wanted is None or kind.value == wanted:
            described = components(host, plugin, kind.value)[kind]
            screen.header(f'app "{app}", {pages.STAGES[kind]}: use "{plugin}"')
            for line in pages.lines_of(plugin, kind, described):
                screen.result(line)
    screen.note("\n`waypoint docs -builtin` lists all plugins.")


def uses(
    path: Path, session: Session, apps: Iterable[str], known: list[str]
) -> Iterator[tuple[str, ComponentKind, str]]:
    """The plugins of the apps' stages as they are in this workspace. Raises `Diagnostics`."""
    import wp_config
    from wp_config.diagnostics import failure, suggestion
    from wp_config.model import Project
    from wp_config.source import load_source
    from wp_runner.environment import ROLES

    context = wp_config.Context(workspace=session.workspace)
    with Project(load_source(path), context, wp_config.VariableInputs(), dry=True) as project:
        for app in apps:
            for stage, kind in ROLES.items():
                found = project.app(app).stage(stage)
                if found is None:
                    continue
                name = found.use.plugin
                if name not in known:
                    detail = f'There is no plugin "{name}".{suggestion(name, known)}'
                    raise failure("Unknown plugin", detail, found.use.range)
                yield app, kind, name


def components(host: PluginHost, name: str, wanted: str | None) -> dict[ComponentKind, Config.Documentation]:
    """What the components of a plugin say, by role. CliError if there is no such plugin, or no such part of it."""
    try:
        plugin = host.open(name)
    except PluginError as error:
        raise CliError(str(error), do="`waypoint docs` lists all plugins.") from error
    found = {kind: described for kind in ComponentKind if (described := plugin.documentation(kind)) is not None}
    if wanted is None:
        return found
    kind = ComponentKind(wanted)
    if kind not in found:
        raise CliError(f"the plugin {name!r} has no {wanted}", do=f"It has: {', '.join(k.value for k in found)}.")
    return {kind: found[kind]}


def show_list(session: Session, host: PluginHost, wanted: str | None) -> None:
    """List the plugins with their roles."""
    rows: list[tuple[str, list[str], str]] = []
    for name in host.names():
        plugin = host.open(name)
        roles = [kind.value for kind in ComponentKind if plugin.component(kind) is not None]
        if wanted is None or wanted in roles:
            rows.append((name, roles, pages.sentence(plugin.doc)))
    if session[JSON]:
        session.screen.json([{"name": name, "types": roles, "description": doc} for name, roles, doc in rows])
        return
    if session[MARKDOWN]:
        cells = [(f"`{name}`", ", ".join(roles), doc) for name, roles, doc in rows]
        session.screen.data((pages.table(("plugin", "types", "description"), cells) + "\n").encode())
        return
    for line in aligned(
        ["PLUGIN", "TYPES", "DESCRIPTION"], [[name, ", ".join(roles), doc] for name, roles, doc in rows]
    ):
        session.screen.result(line)
    session.screen.note("`waypoint docs -plugin NAME` shows what one of them takes.")


def as_json(found: dict[ComponentKind, Config.Documentation]) -> dict[str, object]:
    """The components' documentation messages, fields as lists in their order on the page."""
    answer: dict[str, object] = {}
    for kind, described in found.items():
        shown = MessageToDict(described)
        for key, fields in zip(
            FIELD_MAPS, (described.fields, described.template_fields, described.request_fields), strict=True
        ):
            if key in shown:
                shown[key] = [MessageToDict(field) for field in pages.in_order(fields.values())]
        answer[kind.value] = shown
    return answer


DOCS = Command(
    "docs", run,
    """
    Shows what the plugins of the project here do: what they take and give, their arguments with types and defaults,
    what later stages see of their results, and an example. Lists all plugins where there is no project.
    """,
    flags=(PLUGIN, TYPE, BUILTIN, MARKDOWN, JSON), connection=False, operation=None,
)  # fmt: skip
