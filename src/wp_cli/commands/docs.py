"""`waypoint docs`: what plugins do, and the arguments they take (CLI specification 4.28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.json_format import MessageToDict

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

PLUGIN = Flag("plugin", STRING, "", "Show this plugin; without it all plugins are listed.")
TYPE = Flag("type", Enum1(*(kind.value for kind in ComponentKind)), None, "Only plugins, or the part, of this type.")
BUILTIN = Flag("builtin", BOOL, False, "List the plugins that are built in, which is also the default.")
MARKDOWN = Flag("markdown", BOOL, False, "Print Markdown.")
JSON = Flag("json", BOOL, False, "Print JSON.")

FIELD_MAPS = ("fields", "templateFields", "requestFields")


def run(session: Session) -> int:
    """Show one plugin, or list all."""
    host, wanted = PluginHost(), session.maybe(TYPE)
    if not session[PLUGIN]:
        show_list(session, host, wanted)
        return EXIT_OK
    name = session[PLUGIN]
    found = components(host, name, wanted)
    if session[JSON]:
        session.screen.json({"name": name, "description": host.open(name).doc, "components": as_json(found)})
    elif session[MARKDOWN]:
        session.screen.data(pages.page(name, host.open(name).doc, found).encode())
    else:
        session.screen.result(f"{name}: {pages.sentence(host.open(name).doc)}")
        for kind, described in found.items():
            stage = pages.STAGES.get(kind)
            session.screen.header(f"{kind.value}{f', in a {stage!r} block' if stage else ''}".replace("'", '"'))
            for line in pages.lines_of(name, kind, described):
                session.screen.result(line)
    return EXIT_OK


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
    Lists the plugins, or shows what one of them does: what it takes and gives, its arguments with their types and
    defaults, what later stages see of its result, and an example.
    """,
    flags=(PLUGIN, TYPE, BUILTIN, MARKDOWN, JSON), connection=False,
)  # fmt: skip
