"""Template functions: text with the variables of the place where they are called (hcl.md §12.6)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from wp_config.convert import ConversionError, convert
from wp_config.diagnostics import SourceFile, failure, suggestion
from wp_config.expr import evaluate
from wp_config.functions.collections import mapping
from wp_config.functions.files import read_text, resolve
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.scope import Scope
from wp_config.syntax import parse_template, tree
from wp_config.values import STRING, Value, deeply_known, string, unknown

_NAME = re.compile(r"[^\W\d][\w-]*")


def _scope(call: Invocation, vars_: Iterable[Value]) -> Scope:
    merged: dict[str, Value] = {}
    for position, value in enumerate(vars_):
        for name, item in mapping(value, position + 1).items():
            if not _NAME.fullmatch(name):
                raise FunctionError(f'"{name}" is no name for a variable', position + 1)
            merged[name] = item
    return Scope(merged, call.scope, templates=False)


def render(text: str, name: str, scope: Scope) -> Value:
    """The value of a template text. Raises :class:`~wp_config.diagnostics.Diagnostics` placed inside of the
    template.
    """
    parsed = parse_template(SourceFile(name, text.removeprefix("\ufeff")))
    _check_names(parsed, scope)
    return evaluate(parsed, scope)


def _check_names(node: tree.Node, scope: Scope) -> None:
    """Every variable must exist, in branches not taken too."""
    stack: list[tuple[tree.Node, frozenset[str]]] = [(node, frozenset())]
    while stack:
        current, names = stack.pop()
        if isinstance(current, tree.Variable) and current.name not in names and scope.find(current.name) is None:
            near = suggestion(current.name, scope.names())
            detail = f'There is no variable named "{current.name}" for this template.{near}'
            detail += " If ${…} belongs to another language in this text, write $${…}."
            raise failure("Unknown variable", detail, current.range)
        if isinstance(current, tree.For | tree.TemplateFor):
            names = names | {current.key, current.value}
        stack.extend((child, names) for child in tree.children(current))


@function("templatestring(template: string, vars: any...)", takes_unknown=True)
def _templatestring(call: Invocation, text: Value, *vars_: Value) -> Value:
    """A text rendered as a template; when it is a single ``${…}``, that value with its own type."""
    if not text.is_known:
        return unknown()
    return render(text.text, "template string", _scope(call, vars_))


def _rendered(path: Path, scope: Scope) -> str | None:
    """The text of a rendered file; None when it depends on something unknown."""
    value = render(read_text(path), str(path), scope)
    if not value.is_known:
        return None
    if not isinstance(value.data, str):
        try:
            value = convert(value, STRING)
        except ConversionError as error:
            raise FunctionError(f"{path} does not render to text: {error}", 0) from error
    return value.text if isinstance(value.data, str) else ""


@function("templatefile(path: string, vars: any...)", takes_unknown=True, outside=True)
def _templatefile(call: Invocation, path: Value, *vars_: Value) -> Value:
    """Renders a file as a template into a new file and gives the path of that file."""
    if not path.is_known or not all(deeply_known(value) for value in vars_):
        return unknown()
    source = resolve(call, path.text)
    text = _rendered(source, _scope(call, vars_))
    if text is None:
        return unknown()

    def write() -> Value:
        target = call.surroundings.new_directory() / source.name
        _write(target, text)
        return string(str(target))

    return call.remember(("templatefile", str(source), text), write)


@function("templatedir(path: string, vars: any...)", takes_unknown=True, outside=True)
def _templatedir(call: Invocation, path: Value, *vars_: Value) -> Value:
    """Renders every file below a folder into a new folder and gives the path of that folder."""
    if not path.is_known or not all(deeply_known(value) for value in vars_):
        return unknown()
    root = resolve(call, path.text)
    if not root.is_dir():
        raise FunctionError(f"{root} is no folder", 0)
    scope = _scope(call, vars_)
    texts: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            full = Path(folder, name)
            text = _rendered(full, scope)
            if text is None:
                return unknown()
            texts[str(full.relative_to(root))] = text

    def write() -> Value:
        target = call.surroundings.new_directory()
        for name, text in texts.items():
            (target / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(target / name, text)
        return string(str(target))

    return call.remember(("templatedir", str(root), *texts.items()), write)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
