"""What Go Waypoint 0.11 would not accept in a file that is fine here (hcl.md §24): for
``waypoint validate -compat``.
"""

from __future__ import annotations

import re
from pathlib import Path

from wp_config import functions, stages
from wp_config.bodies import Content, Shape, content
from wp_config.diagnostics import Diagnostics
from wp_config.model import APP, ROOT
from wp_config.records import Source
from wp_config.source import load_source, parse_source
from wp_config.syntax import json_form, tree

SUMMARY = "Not accepted by Go Waypoint"

_PATH_FUNCTIONS = frozenset({"file", "filebase64", "fileexists", "fileset", "templatefile", "templatedir"})
_STRICT_KEY = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]*[a-zA-Z0-9]")
_LOOSE_VALUE = re.compile(r"""(?:==|!=|contains|matches)\s*[a-zA-Z0-9_/]*[.-][^\s"`)]*""")
_SHAPES = {
    "app": APP,
    "build": stages.BUILD,
    "registry": stages.STAGE,
    "deploy": stages.STAGE,
    "release": stages.STAGE,
    "workspace": stages.SCOPED_STAGE,
    "label": stages.SCOPED_STAGE,
    "variable": Shape(blocks={"validation": 0}),
    "plugin": Shape(blocks={"type": 0}),
}
"""What is a block in the JSON form; everything else there comes out as an argument."""

_NEVER_NULL = frozenset(
    {"path", "description", "enabled", "profile", "interval", "checksum", "sensitive", "file_change_signal"}
    | {"mapper", "build", "registry", "deploy", "release"}
)
"""Arguments of our own blocks that may be null only here."""

_PLUGIN_ALIASES = {"builder": "build", "platform": "deploy", "releaser": "release"}


def report(where: Path | Source) -> Diagnostics:
    """Each use of something Go Waypoint does not know, as a warning at its place. Raises :class:`Diagnostics`."""
    body = _in_full(parse_source(load_source(where)), ROOT)
    problems = Diagnostics()
    found = content(body, ROOT, Diagnostics())
    nodes = list(tree.walk(body))
    uses = [node for node in nodes if isinstance(node, tree.Block) and node.type == "use"]
    of_plugins = {id(inner) for use in uses for inner in tree.walk(use)}
    for node in nodes:
        if isinstance(node, tree.Call):
            _call(node, problems)
        elif isinstance(node, tree.Block):
            _block(node, problems)
        elif isinstance(node, tree.Attribute) and node.name == "labels":
            _labels(node, problems)
        elif isinstance(node, tree.Attribute) and id(node) not in of_plugins:
            _null(node, problems)
    _variables(found, problems)
    return problems


def _in_full(body: tree.Body, shape: Shape) -> tree.Body:
    """A body whose items are all there; those of the JSON form are found by the names that belong there."""
    if not isinstance(body, json_form.JsonBody):
        return body
    items = [
        tree.Block(
            item.range,
            item.type,
            item.type_range,
            item.labels,
            item.header,
            _in_full(item.body, _SHAPES.get(item.type, Shape())),
        )
        if isinstance(item, tree.Block)
        else item
        for item in json_form.items(body, shape.attributes, shape.blocks, Diagnostics())
    ]
    return tree.Body(body.range, tuple(items), body.end)


def _call(node: tree.Call, problems: Diagnostics) -> None:
    if node.name in functions.ADDITIONS:
        problems.warn(SUMMARY, f'The function "{node.name}" does not exist there.', node.name_range)
    elif node.name in _PATH_FUNCTIONS and node.arguments:
        path = node.arguments[0]
        if isinstance(path, tree.Literal) and isinstance(path.value, str) and path.value[:1] not in ("/", "~"):
            detail = f'"{node.name}" needs an absolute path there; write "${{path.app}}/{path.value}".'
            problems.warn(SUMMARY, detail, path.range)


def _block(node: tree.Block, problems: Diagnostics) -> None:
    if node.type == "validation":
        problems.warn(SUMMARY, "Variables have no validation blocks there.", node.header)
    elif node.type == "label" and node.labels and _LOOSE_VALUE.search(node.labels[0].value):
        detail = "Values that hold a hyphen or dot must be quoted there."
        problems.warn(SUMMARY, detail, node.labels[0].range)
    elif node.type == "type":
        for item in node.body.items:
            if isinstance(item, tree.Attribute) and item.name in _PLUGIN_ALIASES:
                detail = f'Write "{_PLUGIN_ALIASES[item.name]}" instead of "{item.name}".'
                problems.warn(SUMMARY, detail, item.name_range)
    elif node.type == "plugin" and not any(isinstance(i, tree.Block) and i.type == "type" for i in node.body.items):
        problems.warn(SUMMARY, "A plugin block needs a type block there.", node.header)


def _null(node: tree.Attribute, problems: Diagnostics) -> None:
    if node.name in _NEVER_NULL and isinstance(node.value, tree.Literal) and node.value.value is None:
        problems.warn(SUMMARY, f'"{node.name}" must not be null there; leave it out.', node.value.range)


def _labels(node: tree.Attribute, problems: Diagnostics) -> None:
    if not isinstance(node.value, tree.ObjectExpression):
        return
    for item in node.value.items:
        key = item.key.value if isinstance(item.key, tree.Literal) else ""
        if isinstance(key, str) and key and not _STRICT_KEY.fullmatch(key.partition("/")[0]):
            detail = f'The label key "{key}" is too short or holds an underscore.'
            problems.warn(SUMMARY, detail, item.key.range)


def _variables(found: Content, problems: Diagnostics) -> None:
    """``var`` where the reference does not have it: in ``path`` of an application and in the project's ``config``."""
    places: list[tree.Node] = []
    config = found.one("config")
    if config is not None:
        places.append(config)
    for app in found.of("app"):
        path = content(app.body, APP, Diagnostics()).attributes.get("path")
        if path is not None:
            places.append(path.value)
    for place in places:
        for node in tree.walk(place):
            if isinstance(node, tree.Variable) and node.name == "var":
                problems.warn(SUMMARY, "Variables are not available in this place there.", node.range)
