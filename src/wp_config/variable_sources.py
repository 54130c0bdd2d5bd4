"""Where values of variables come from outside a configuration: environment, files, flags (hcl.md §7.1, §7.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wp_config import source
from wp_config.diagnostics import Diagnostics, SourceFile, failure
from wp_config.expr import constant
from wp_config.literals import literal
from wp_config.records import InputValue, ValueForm, VariableSource
from wp_config.syntax import json_form, tree
from wp_config.values import Value

ENVIRONMENT_PREFIX = "WP_VAR_"
AUTO_SUFFIXES = (".auto.wpvars", ".auto.wpvars.json")


def collect(
    environment: Mapping[str, str], files: Sequence[Path], assignments: Sequence[str]
) -> tuple[InputValue, ...]:
    """What the command line gives: ``WP_VAR_…``, then ``-var-file``, then ``-var name=value``, in rising precedence.

    Raises :class:`Diagnostics` for an unreadable or wrong file and for an assignment without ``=``.
    """
    problems = Diagnostics()
    found = [
        InputValue(
            name.removeprefix(ENVIRONMENT_PREFIX),
            value,
            source=VariableSource.ENV,
            place=f"environment variable {name}",
        )
        for name, value in sorted(environment.items())
        if name.startswith(ENVIRONMENT_PREFIX) and name != ENVIRONMENT_PREFIX
    ]
    for path in files:
        try:
            found += read_values_file(path, VariableSource.FILE)
        except Diagnostics as error:
            problems.extend(error)
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            problems.error("Invalid -var", f'"-var {text}" must have the form -var name=value.')
        else:
            found.append(InputValue(name.strip(), value, source=VariableSource.CLI, place=f"flag -var {name.strip()}"))
    problems.raise_if_errors()
    return tuple(found)


def read_values_file(path: Path, kind: VariableSource) -> list[InputValue]:
    """The values of a ``.wpvars`` or ``.wpvars.json`` file (hcl.md §7.2). Raises :class:`Diagnostics`."""
    return values_in(source.read(path), kind)


def values_in(file: SourceFile, kind: VariableSource) -> list[InputValue]:
    """The values a text holds; its form goes by the ending of its name. Raises :class:`Diagnostics`."""
    problems = Diagnostics()
    attributes: list[tree.Attribute] = []
    if file.name.lower().endswith(".json"):
        value = json_form.parse_json(file)
        if value.kind != "object":
            raise failure("Incorrect JSON value type", "A values file must hold an object.", value.range)
        seen: set[str] = set()
        for entry in value.properties:
            if entry.name in seen:
                problems.error("Duplicate value", f'"{entry.name}" was already set in this file.', entry.name_range)
            seen.add(entry.name)
        attributes = [
            tree.Attribute(item.range, item.name, item.name_range, json_form.verbatim(item.value))
            for item in value.properties
        ]
    else:
        for item in source.parse(file).items:
            if isinstance(item, tree.Attribute):
                attributes.append(item)
            elif item.type == "variable":
                detail = "Variables are declared in waypoint.hcl; a values file only sets them: name = value."
                problems.error("Variable declaration in a values file", detail, item.header)
            else:
                problems.error("Unexpected block", "A values file holds only name = value lines.", item.header)
    found: list[InputValue] = []
    for attribute in attributes:
        try:
            form, data = portable(constant(attribute.value))
        except Diagnostics as error:
            problems.extend(error)
            continue
        found.append(InputValue(attribute.name, data, form, kind, str(attribute.range)))
    problems.raise_if_errors()
    return found


def automatic_values(directory: Path) -> list[InputValue]:
    """The values of all ``*.auto.wpvars`` and ``*.auto.wpvars.json`` files of a folder, in alphabetical order."""
    found: list[InputValue] = []
    if directory.is_dir():
        for path in sorted(directory.iterdir()):
            if path.name.endswith(AUTO_SUFFIXES) and path.is_file():
                found += read_values_file(path, VariableSource.VCS)
    return found


def portable(value: Value) -> tuple[ValueForm, str | bool | int]:
    """A value in the form it travels in: text, bool, whole number, or canonical HCL text for everything else."""
    if isinstance(value.data, bool):
        return ValueForm.BOOL, value.data
    if isinstance(value.data, str):
        return ValueForm.STR, value.data
    if isinstance(value.data, int) and -(2**63) <= value.data < 2**63:
        return ValueForm.NUM, value.data
    return ValueForm.HCL, literal(value)
