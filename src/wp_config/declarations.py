"""``variable`` blocks: what is declared, its type and its default (hcl.md §7, §14.10)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from wp_config.bodies import Shape, content
from wp_config.convert import ConversionError, convert, unify
from wp_config.diagnostics import Diagnostics, Range, failure
from wp_config.expr import constant, evaluate
from wp_config.scope import Scope
from wp_config.syntax import parse_expression, tree
from wp_config.typeexpr import read_type
from wp_config.values import (
    ANY,
    STRING,
    Type,
    Value,
    from_python,
    list_type,
    map_type,
    unknown,
)

_NAME = re.compile(r"[^\W\d][\w-]*")
_SHAPE = Shape(
    frozenset({"default", "type", "description", "env", "sensitive"}),
    {"validation": 0},
)
_VALIDATION = Shape(frozenset({"condition", "error_message"}))


@dataclass
class Declaration:
    """A ``variable`` block. ``default`` is None when there is none; ``dynamic`` when a config source has to be
    asked.
    """

    name: str
    type: Type | None
    header: Range
    description: str = ""
    env: tuple[str, ...] = ()
    sensitive: bool = False
    default: Value | None = None
    dynamic: Value | None = None
    validations: list[tuple[tree.Expression, tree.Expression]] = field(default_factory=list)


def declarations(blocks: Iterable[tree.Block], scope: Scope, problems: Diagnostics) -> dict[str, Declaration]:
    """The declared variables by name, in file order. ``scope``: what defaults may use; it must allow ``dynamic``."""
    found: dict[str, Declaration] = {}
    for block in blocks:
        name = block.labels[0].value
        if not _NAME.fullmatch(name):
            detail = "A name begins with a letter or underscore; letters, digits, underscores and hyphens follow."
            problems.error("Invalid variable name", detail, block.labels[0].range)
            continue
        if name in found:
            line = found[name].header.start_position.line
            problems.error("Duplicate variable", f'"{name}" was already declared on line {line}.', block.header)
            continue
        try:
            found[name] = _declaration(block, name, scope, problems)
        except Diagnostics as error:
            problems.extend(error)
            found[name] = Declaration(name, ANY, block.header, default=unknown())
    return found


def _declaration(block: tree.Block, name: str, scope: Scope, problems: Diagnostics) -> Declaration:
    found = content(block.body, _SHAPE, problems)
    answer = Declaration(name, None, block.header)
    arguments = found.attributes
    readers = {"type": _read_type, "description": _read_description, "sensitive": _read_sensitive, "env": _read_env}
    for argument, read in readers.items():
        if argument in arguments:
            try:
                read(answer, arguments[argument].value)
            except Diagnostics as error:
                problems.extend(error)
                # One mistake is enough: nothing follows from what the variable would have been.
                answer.default = unknown()
                answer.type = answer.type or (ANY if argument == "type" else None)
                answer.sensitive = answer.sensitive or argument == "sensitive"
    if "default" in arguments:
        _read_default(answer, arguments["default"].value, scope)
    for validation in found.of("validation"):
        inner = content(validation.body, _VALIDATION, problems).attributes
        if "condition" in inner and "error_message" in inner:
            answer.validations.append((inner["condition"].value, inner["error_message"].value))
        else:
            problems.error(
                "Missing required argument", "A validation needs condition and error_message.", validation.header
            )
    return answer


def _read_type(answer: Declaration, node: tree.Expression) -> None:
    answer.type = _declared_type(node)


def _read_description(answer: Declaration, node: tree.Expression) -> None:
    value = convert_at(_fixed(node), STRING, node)
    answer.description = "" if value.is_null else value.text


def _read_sensitive(answer: Declaration, node: tree.Expression) -> None:
    answer.sensitive = bool(convert_at(constant(node), Type("bool"), node).data)


def _read_env(answer: Declaration, node: tree.Expression) -> None:
    value = convert_at(_fixed(node), list_type(STRING), node)
    answer.env = () if value.is_null else tuple(item.text for item in value.elements)


def _fixed(node: tree.Expression) -> Value:
    """A value that cannot depend on anything; in JSON its text is taken as it is written."""
    text = node.range.file.text[node.range.start : node.range.end]
    if not _is_json(node.range) or not ("${" in text or "%{" in text):
        return constant(node)
    return from_python(json.loads(f'"{text}"' if isinstance(node, tree.Template) else text))


def _declared_type(node: tree.Expression) -> Type:
    if isinstance(node, tree.Literal) and isinstance(node.value, str) and _is_json(node.range):
        offsets = tuple(range(node.range.start + 1, node.range.end + 1))
        return read_type(parse_expression(node.range.file, offsets[: len(node.value) + 1], node.value), quoted=True)
    return read_type(node)


def _is_json(place: Range) -> bool:
    return place.file.name.lower().endswith(".json")


def _read_default(answer: Declaration, node: tree.Expression, scope: Scope) -> None:
    value = evaluate(node, scope)
    if value.type.kind == "dynamic":
        if answer.type is not None and answer.type.kind in ("number", "bool"):
            detail = (
                f"A dynamic default gives text; it cannot be a {answer.type}. Use string, or a collection for JSON."
            )
            raise failure("Invalid dynamic default", detail, node.range)
        answer.dynamic = value
        return
    if answer.type is None:
        answer.type = inferred(value)
    try:
        answer.default = convert(value, answer.type)
    except ConversionError as error:
        raise failure(
            "Invalid default value", f'The default of "{answer.name}" does not fit its type: {error}.', node.range
        ) from error


def inferred(value: Value) -> Type:
    """The type of a variable that has only a default: tuples and objects widen to lists and maps where possible
    (hcl.md §7.1).
    """
    if value.type.kind == "tuple":
        element = unify([item.type for item in value.elements])
        return list_type(element) if element is not None else ANY
    if value.type.kind == "object":
        element = unify([item.type for item in value.elements])
        return map_type(element) if element is not None else ANY
    return value.type


def convert_at(value: Value, kind: Type, node: tree.Expression) -> Value:
    """``value`` converted, or a diagnostic at ``node``."""
    try:
        return convert(value, kind)
    except ConversionError as error:
        raise failure("Incorrect value type", f"{str(error)[:1].upper()}{str(error)[1:]}.", node.range) from error
