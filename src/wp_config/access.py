"""What is inside of values: attributes, elements, and the rounds of a loop over them (hcl.md §14.9).

What is found carries the sensitive mark of what it was found in, and messages name nothing of a sensitive value.
"""

from __future__ import annotations

from wp_config.convert import ConversionError, convert
from wp_config.diagnostics import failure, suggestion
from wp_config.syntax import tree
from wp_config.values import NUMBER, STRING, Value, marked_like, number, unknown


def attribute(value: Value, step: tree.GetAttribute) -> Value:
    """``value.name``."""
    if not value.is_known:
        return marked_like(unknown(), value)
    if value.is_null:
        raise failure(
            "Attribute of a null value", f'The value is null, so it has no attribute "{step.name}".', step.name_range
        )
    if value.type.is_mapping:
        found = value.entries.get(step.name)
        if found is not None:
            return marked_like(found, value)
        near = "" if value.sensitive else suggestion(step.name, value.entries)
        if value.type.kind == "map":
            raise failure("Missing map element", f'The map has no element "{step.name}".{near}', step.name_range)
        known = "" if value.sensitive else ", ".join(f'"{name}"' for name in list(value.entries)[:8])
        there = f" It has {known}." if known and not near else near
        if isinstance(step.source, tree.Variable) and step.source.name == "var":
            detail = f'No variable "{step.name}" is declared.{suggestion(step.name, value.entries)}'
            raise failure("Undeclared variable", detail, step.range)
        if _is_config_map(step.source):
            detail = (
                f'There is no entry "{step.name}" under {step.source.range.text} of this block; those of other blocks '
            )
            detail += f"(the project's, of a workspace, label or runner) are not visible here.{near}"
            raise failure("Unknown entry", detail, step.name_range)
        raise failure("Unsupported attribute", f'The object has no attribute "{step.name}".{there}', step.name_range)
    hint = " Use [*] to take the attribute of every element." if value.type.is_sequence else ""
    raise failure(
        "Unsupported attribute", f"This is {value.type.words}, which has no attributes.{hint}", step.name_range
    )


def _is_config_map(node: tree.Expression) -> bool:
    """Whether this is ``config.env`` or one of its like."""
    if not isinstance(node, tree.GetAttribute) or node.name not in ("env", "internal", "file"):
        return False
    return isinstance(node.source, tree.Variable) and node.source.name == "config"


def index(value: Value, key: Value, node: tree.Index) -> Value:
    """``value[key]``."""
    if not value.is_known or not key.is_known:
        return marked_like(unknown(), value, key)
    if value.is_null:
        raise failure("Index of a null value", "The value is null, so it has no elements.", node.source.range)
    if key.is_null:
        raise failure("Null index", "The index is null.", node.key.range)
    if value.type.is_mapping:
        try:
            name = convert(key, STRING).text
        except ConversionError as error:
            raise failure("Invalid index", f"{str(error)[:1].upper()}{str(error)[1:]}.", node.key.range) from error
        found = value.entries.get(name)
        if found is None:
            shown = "of that name" if key.sensitive else f'"{name}"'
            near = "" if key.sensitive or value.sensitive else suggestion(name, value.entries)
            detail = f"There is no element {shown}.{near}"
            raise failure("Invalid index", detail, node.key.range)
        return marked_like(found, value, key)
    if value.type.kind in ("list", "tuple"):
        try:
            position = convert(key, NUMBER).number
        except ConversionError as error:
            raise failure("Invalid index", f"{str(error)[:1].upper()}{str(error)[1:]}.", node.key.range) from error
        count = len(value.elements)
        if not isinstance(position, int) or not 0 <= position < count:
            detail = f"The index must be a whole number from 0 to {count - 1}." if count else "There are no elements."
            raise failure("Invalid index", detail, node.key.range)
        return marked_like(value.elements[position], value, key)
    raise failure("Invalid index", f"This is {value.type.words}, which has no elements to choose.", node.source.range)


def entries(collection: Value, node: tree.Node) -> list[tuple[Value, Value]]:
    """Keys and values of a collection in iteration order (hcl.md §14.9)."""
    if collection.is_null:
        raise failure("Iteration over a null value", "A list, set, map, tuple or object is required.", node.range)
    if collection.type.is_mapping:
        return [
            (marked_like(Value(STRING, name), collection), marked_like(item, collection))
            for name, item in collection.entries.items()
        ]
    if collection.type.kind == "set":
        return [(item, item) for item in (marked_like(item, collection) for item in collection.elements)]
    if collection.type.is_sequence:
        return [(number(i), marked_like(item, collection)) for i, item in enumerate(collection.elements)]
    detail = f"A list, set, map, tuple or object is required, not {collection.type.words}."
    raise failure("Iteration over a single value", detail, node.range)
