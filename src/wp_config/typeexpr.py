"""Type expressions: ``list(string)``, ``object({ a = number })`` (hcl.md §14.10)."""

from __future__ import annotations

import functools

from wp_config.diagnostics import SourceFile, failure, suggestion
from wp_config.syntax import parse_expression, tree
from wp_config.values import ANY, BOOL, NUMBER, STRING, Type, object_type, tuple_type

_SIMPLE = {"string": STRING, "number": NUMBER, "bool": BOOL, "any": ANY, "integer": Type("integer")}
_COLLECTIONS = ("list", "set", "map")
_COMPOUND = (*_COLLECTIONS, "object", "tuple")


def read_type(node: tree.Expression, *, quoted: bool = False) -> Type:
    """The type an expression describes. ``quoted``: it stands in a string (the JSON form). Raises
    :class:`Diagnostics`.
    """
    if isinstance(node, tree.Variable):
        if node.name in _SIMPLE and node.name != "integer":
            return _SIMPLE[node.name]
        if node.name in _COMPOUND:
            example = {"object": "object({ name = string })", "tuple": "tuple([string, number])"}.get(
                node.name, f"{node.name}(string)"
            )
            raise failure(
                "Incomplete type", f'"{node.name}" needs the type of its elements, such as {example}.', node.range
            )
        known = suggestion(node.name, [*_SIMPLE, *_COMPOUND])
        detail = f'"{node.name}" is no type; use string, number, bool, any, list, set, map, object or tuple.{known}'
        raise failure("Invalid type", detail, node.range)
    if isinstance(node, tree.Literal) and isinstance(node.value, str) and not quoted:
        raise failure("Quoted type", f"Write the type without quotes: {node.value}.", node.range)
    if isinstance(node, tree.Call):
        return _compound(node)
    raise failure("Invalid type", "A type is required, such as string or list(string).", node.range)


def _compound(node: tree.Call) -> Type:
    if node.name not in _COMPOUND:
        hint = suggestion(node.name, _COMPOUND) or " Use list, set, map, object or tuple."
        raise failure("Invalid type", f'There is no type "{node.name}".{hint}', node.name_range)
    if len(node.arguments) != 1 or node.expand:
        raise failure("Invalid type", f'"{node.name}" takes exactly one argument.', node.range)
    argument = node.arguments[0]
    if node.name in _COLLECTIONS:
        return Type(node.name, read_type(argument))
    if node.name == "object":
        if not isinstance(argument, tree.ObjectExpression):
            raise failure(
                "Invalid type", "object takes its attributes in braces: object({ name = string }).", argument.range
            )
        attributes: dict[str, Type] = {}
        for item in argument.items:
            if not isinstance(item.key, tree.Literal) or not isinstance(item.key.value, str):
                raise failure("Invalid type", "An attribute name is required.", item.key.range)
            attributes[item.key.value] = read_type(item.value)
        return object_type(attributes)
    if not isinstance(argument, tree.TupleExpression):
        raise failure(
            "Invalid type", "tuple takes its element types in brackets: tuple([string, number]).", argument.range
        )
    return tuple_type(read_type(item) for item in argument.items)


@functools.cache
def type_of(text: str) -> Type:
    """The type a text describes, as schemas spell it; knows ``integer`` too. Raises :class:`Diagnostics`."""
    if text in _SIMPLE:
        return _SIMPLE[text]
    kind, _, inner = text.partition("(")
    if kind in _COLLECTIONS and inner.endswith(")"):
        return Type(kind, type_of(inner[:-1]))
    return read_type(parse_expression(SourceFile("type", text)))
