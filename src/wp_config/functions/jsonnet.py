"""jsonnet, by the engine of the optional package ``jsonnet`` (hcl.md §12.6)."""

from __future__ import annotations

import os
from pathlib import Path

from wp_config.convert import ConversionError, convert
from wp_config.functions.files import resolve
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import STRING, Value, map_type, string

_OPTIONS = {"ext_vars": "ext_vars", "ext_code": "ext_codes", "tla_vars": "tla_vars", "tla_code": "tla_codes"}


def _evaluate(path: Path, options: Value) -> str:
    try:
        import _jsonnet
    except ImportError as error:
        raise FunctionError("jsonnet is not installed; install the Python package jsonnet next to Waypoint") from error
    given: dict[str, dict[str, str]] = {}
    for name, parameter in _OPTIONS.items():
        value = options.entries.get(name)
        if value is None or value.is_null:
            continue
        try:
            given[parameter] = {key: item.text for key, item in convert(value, map_type(STRING)).entries.items()}
        except ConversionError as error:
            raise FunctionError(f'the option "{name}" must be a map of strings: {error}', 1) from error
    try:
        return str(_jsonnet.evaluate_file(str(path), **given))
    except RuntimeError as error:
        raise FunctionError(f"{path}: {error}", 0) from error


def _checked(options: Value) -> None:
    if not options.type.is_mapping:
        raise FunctionError("the options must be an object such as { ext_vars = { … } }", 1)


@function("jsonnetfile(path: string, options: any)", outside=True)
def _jsonnetfile(call: Invocation, path: Value, options: Value) -> Value:
    """Evaluates a jsonnet file into a new JSON file and gives the path of that file."""
    _checked(options)
    source = resolve(call, path.text)
    text = _evaluate(source, options)

    def write() -> Value:
        target = call.surroundings.new_directory() / source.with_suffix(".json").name
        target.write_text(text, encoding="utf-8")
        return string(str(target))

    return call.remember(("jsonnetfile", str(source), text), write)


@function("jsonnetdir(path: string, options: any)", outside=True)
def _jsonnetdir(call: Invocation, path: Value, options: Value) -> Value:
    """Evaluates every ``*.jsonnet`` below a folder into a new folder and gives the path of that folder."""
    _checked(options)
    root = resolve(call, path.text)
    if not root.is_dir():
        raise FunctionError(f"{root} is no folder", 0)
    sources = sorted(
        Path(folder, name) for folder, _, files in os.walk(root) for name in files if name.endswith(".jsonnet")
    )
    texts = {str(source.relative_to(root).with_suffix(".json")): _evaluate(source, options) for source in sources}

    def write() -> Value:
        target = call.surroundings.new_directory()
        for name, text in texts.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text(text, encoding="utf-8")
        return string(str(target))

    return call.remember(("jsonnetdir", str(root), *texts.items()), write)
