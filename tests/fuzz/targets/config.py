"""The configuration language: whatever the bytes, each of its readers answers with a value or with diagnostics.

One input is tried as a file in both forms, as text to format, as a template, as a selector and as a values file.
Functions that look at the world are not called: an input must not walk the disk of whoever runs this.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import wp_config
from wp_config import Attribute, Block, Diagnostics, Format, Schema, Source, StageKind, functions
from wp_config.compat import report
from wp_config.diagnostics import SourceFile
from wp_config.expr import describe, evaluate
from wp_config.fmt import format_source
from wp_config.functions.encoding import json_text
from wp_config.functions.signature import FunctionError
from wp_config.partial import residual
from wp_config.scope import Scope, Surroundings
from wp_config.selector import SelectorError, matches
from wp_config.source import decode, parse
from wp_config.syntax import parse_expression, parse_template, tree
from wp_config.values import Value, deeply_known, string, unknown, with_mark
from wp_config.variable_sources import values_in

PACKAGES = ("wp_config", "wp_text")

SECRET = "hunter2"
HERE = Path("/nowhere")
CORPUS = Path(__file__).parents[2] / "wp_config"
SCHEMA = Schema(
    (Attribute("image"), Attribute("port", "integer"), Attribute("env", "map(string)"), Attribute("any", "any")),
    (Block("auth", Schema((Attribute("user", required=True),)), labels=("kind",), many=True),),
)
_OUTSIDE = tuple(name for name in functions.names() - {"try", "can"} if functions.load(name).outside)

DICTIONARY = (
    *sorted(functions.names()),
    *[
        "project",
        "app",
        "build",
        "deploy",
        "release",
        "registry",
        "use",
        "hook",
        "config",
        "env",
        "internal",
        "file",
        "url",
        "runner",
        "plugin",
        "workspace",
    ],
    *[
        "variable",
        "default",
        "type",
        "validation",
        "pipeline",
        "step",
        "label",
        "null",
        "true",
        "else",
        "endif",
        "endfor",
    ],
    *("${", "%{", "~}", "$${", "%%{", "<<E\n", "<<-E\n", "E\n", "[*]", ".*", "...", "=>", "==", "&&", "||", "!="),
    *("for ", " in ", "if ", "var.", "later", "secret", "config.internal.", "/*", "*/", "\r\n", "\ufeff"),
    *("string", "list(", "object({", "tuple([", "map(any)", "\\u0041", "\\U0001F600"),
)


def seeds() -> Iterator[bytes]:
    """The corpus of the language, and one line of each argument in it."""
    for path in sorted(CORPUS.glob("*/**/*.hcl*")):
        contents = path.read_bytes()
        yield contents
        if path.name.endswith(".hcl"):
            yield from (line + b"\n" for line in contents.split(b"\n") if b"=" in line)


def one(data: bytes) -> None:
    """Try one input in every way; anything but a value or diagnostics escapes as an exception."""
    for form in Format:
        _file(data, form)
    _format(data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    for read in (parse_template, parse_expression):
        with contextlib.suppress(Diagnostics):
            _value(read(SourceFile("input", text)))
    with contextlib.suppress(SelectorError):
        matches(text, {"env": "prod", "waypoint/workspace": "default"})
    for name in ("a.wpvars", "a.wpvars.json"):
        with contextlib.suppress(Diagnostics):
            values_in(decode(name, data), wp_config.VariableSource.FILE)


def _file(data: bytes, form: Format) -> None:
    source = Source(data, HERE, format=form)
    problems = wp_config.validate(source, schema_of=lambda _role, _name: SCHEMA, plugin_names=["docker"])
    _told(problems)
    with contextlib.suppress(Diagnostics):
        report(source)
    with contextlib.suppress(Diagnostics):
        body = parse(decode("waypoint.hcl.json" if form is Format.JSON else "waypoint.hcl", data))
        for node in tree.walk(body):
            assert body.range.start <= node.range.start <= node.range.end <= body.range.end
            if isinstance(node, tree.Attribute):
                _value(node.value)
    if not any(name.encode() in data for name in _OUTSIDE):
        _use(source)


def _use(source: Source) -> None:
    """What a job does with a file."""
    later = {"artifact": {"image": "x"}, "deploy": {"id": "D"}, "entrypoint": {"env": {"ID": "1"}}}
    try:
        with wp_config.load(source) as project:
            project.config()
            project.pipelines()
            project.variables.final()
            for name in project.app_names:
                app = project.app(name)
                app.config()
                for kind in StageKind:
                    stage = app.stage(kind, later)
                    if stage is not None:
                        stage.hooks(later)
                        json.dumps(stage.use.decode(SCHEMA, later))
    except Diagnostics as problems:
        _told(problems)


def _told(problems: Diagnostics) -> None:
    problems.render(colour=True)
    for item in problems:
        assert item.summary
        json.dumps(item.to_json())


def _value(expression: tree.Expression) -> None:
    world = Surroundings(HERE, HERE, dry=True)
    names: dict[str, Value] = {"later": unknown(), "secret": with_mark(string(SECRET))}
    scope = Scope(names, surroundings=world, templates=True, dynamic=True)
    try:
        value = evaluate(expression, scope)
        shown = describe(value)
        if deeply_known(value):
            with contextlib.suppress(FunctionError):
                json.loads(json_text(value))
    except Diagnostics as problems:
        shown = problems.render()
    assert SECRET not in shown or SECRET in expression.range.file.text
    with contextlib.suppress(Diagnostics):
        left_over = residual(expression, scope)
        parse_template(SourceFile("left over", left_over))


def _format(data: bytes) -> None:
    try:
        once = format_source(data)
    except Diagnostics:
        return
    assert format_source(once) == once, "formatting twice differs from formatting once"
    assert _shape(once) == _shape(data), "formatting changed the meaning"


def _shape(data: bytes) -> list[str]:
    """Kinds and names of all nodes; templates that only wrap a value are looked through as the formatter does."""
    found = []
    for node in tree.walk(parse(decode("waypoint.hcl", data))):
        if not isinstance(node, tree.Template | tree.Interpolation):
            name = getattr(node, "name", "") or getattr(node, "type", "") or getattr(node, "value", "")
            found.append(f"{type(node).__name__} {name if isinstance(name, str | int) else ''}")
    return found
