"""Bodies to plain Python data by a schema: for plugin bodies and for our own small blocks (hcl.md §2, §14.8)."""

from __future__ import annotations

from wp_config.bodies import Content, Shape, content
from wp_config.convert import ConversionError, convert
from wp_config.diagnostics import Diagnostics
from wp_config.expr import all_problems, evaluate
from wp_config.records import Source
from wp_config.schema import AttributeSchema, BlockSchema, BodySchema
from wp_config.scope import Scope
from wp_config.source import parse_source
from wp_config.syntax import tree
from wp_config.typeexpr import type_of
from wp_config.values import UNKNOWN, Type, Value, deeply_known, to_python


def shape_of(schema: BodySchema) -> Shape:
    """The names a schema allows."""
    return Shape(
        frozenset(attribute.name for attribute in schema.attributes),
        {block.name: len(block.labels) for block in schema.blocks},
        frozenset(block.name for block in schema.blocks if not block.many and not block.labels),
    )


def decode_body(
    body: tree.Body, schema: BodySchema, scope: Scope, problems: Diagnostics, *, partial: bool = False
) -> dict[str, object]:
    """The body as plain data: arguments by name, a block as a dict (``many``: a list of dicts), its labels under their
    keys.

    Left out or null arguments get their default, or are not in the result when that is None. With ``partial`` an
    argument that depends on something unknown becomes :data:`UNKNOWN`; otherwise that is an error. All errors are
    added to ``problems``.
    """
    found = content(body, shape_of(schema), problems)
    answer: dict[str, object] = {}
    for attribute in schema.attributes:
        value = _argument(found, attribute, scope, problems, partial)
        if value is not None:
            answer[attribute.name] = value
    for block in schema.blocks:
        decoded = _blocks(found, block, scope, problems, partial)
        if decoded is not None:
            answer[block.name] = decoded
    return answer


def decode_source(source: Source, schema: BodySchema) -> dict[str, object]:
    """A file that is nothing but a plugin's body, as plain data; variables and functions do not exist in it.

    Raises :class:`Diagnostics` with everything wrong in it.
    """
    problems = Diagnostics()
    answer = decode_body(parse_source(source), schema, Scope({}), problems)
    problems.raise_if_errors()
    return answer


def _argument(found: Content, attribute: AttributeSchema, scope: Scope, problems: Diagnostics, partial: bool) -> object:
    node = found.attributes.get(attribute.name)
    if node is not None:
        try:
            value = evaluate(node.value, scope)
        except Diagnostics as error:
            problems.extend(all_problems(node.value, scope) or error)
            return None
        deprecated = str(getattr(attribute, "deprecated", ""))
        if deprecated:
            problems.warn("Deprecated argument", deprecated, node.name_range)
        if not value.is_null:
            return _converted(value, node, attribute, problems, partial)
    if attribute.required:
        detail = f'The argument "{attribute.name}" is required here'
        if node is not None:
            problems.error("Missing required argument", f"{detail}, but its value is null.", node.value.range)
        else:
            problems.error("Missing required argument", f"{detail}, but it is not set.", found.body.end)
    return attribute.default


def _converted(
    value: Value, node: tree.Attribute, attribute: AttributeSchema, problems: Diagnostics, partial: bool
) -> object:
    try:
        value = convert(value, type_of(attribute.type))
    except ConversionError as error:
        detail = f'Inappropriate value for "{attribute.name}": {error}.'
        problems.error("Incorrect value type", detail, node.value.range)
        return None
    if not deeply_known(value):
        if partial:
            return UNKNOWN
        detail = f'The value of "{attribute.name}" depends on something that is not known yet.'
        problems.error("Value is not known", detail, node.value.range)
        return None
    return to_python(value)


def _blocks(found: Content, block: BlockSchema, scope: Scope, problems: Diagnostics, partial: bool) -> object:
    nodes = found.of(block.name)
    if not nodes:
        if block.required:
            detail = (
                f'At least one "{block.name}" block is required here.'
                if block.many
                else f'A "{block.name}" block is required here.'
            )
            problems.error("Missing required block", detail, found.body.end)
        return None
    decoded: list[dict[str, object]] = []
    for node in nodes:
        values = decode_body(node.body, block.body, scope, problems, partial=partial)
        given = (label.value for label in node.labels)
        decoded.append({**dict(zip(block.labels, given, strict=True)), **values})
    if len(decoded) > 1 and not block.many:
        line = nodes[0].range.start_position.line
        detail = f'Only one "{block.name}" block is allowed here; the first is on line {line}.'
        problems.error("Duplicate block", detail, nodes[1].header)
    return decoded if block.many else decoded[0]


def read_as(attribute: tree.Attribute, kind: Type, scope: Scope, problems: Diagnostics) -> Value | None:
    """An argument's value as a type; None when it is null or wrong (then reported)."""
    try:
        value = convert(evaluate(attribute.value, scope), kind)
    except ConversionError as error:
        detail = f'Inappropriate value for "{attribute.name}": {error}.'
        problems.error("Incorrect value type", detail, attribute.value.range)
        return None
    except Diagnostics as error:
        problems.extend(error)
        return None
    return None if value.is_null else value
