"""Bodies against the names they may hold: sorts arguments from blocks and reports what does not belong (hcl.md §2).

In the native form the file itself says what is an argument and what is a block; in the JSON form only the shape does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from wp_config.diagnostics import Diagnostics, nearest
from wp_config.syntax import json_form, tree


class Shape(NamedTuple):
    """The names a body may hold. ``blocks`` maps block types to their number of labels; ``single`` may stand only once.

    ``hints`` are details for names that people try there although they do not exist.
    """

    attributes: frozenset[str] = frozenset()
    blocks: Mapping[str, int] = MappingProxyType({})
    single: frozenset[str] = frozenset()
    hints: Mapping[str, str] = MappingProxyType({})


@dataclass
class Content:
    """A body sorted by a shape, in file order."""

    body: tree.Body
    attributes: dict[str, tree.Attribute] = field(default_factory=dict)
    blocks: list[tree.Block] = field(default_factory=list)

    def of(self, kind: str) -> list[tree.Block]:
        """All blocks of one type."""
        return [block for block in self.blocks if block.type == kind]

    def one(self, kind: str) -> tree.Block | None:
        """The first block of a type."""
        return next((block for block in self.blocks if block.type == kind), None)


def content(body: tree.Body, shape: Shape, problems: Diagnostics) -> Content:
    """The body's arguments and blocks; what does not fit the shape is added to ``problems`` and left out."""
    if isinstance(body, json_form.JsonBody):
        items = tuple(json_form.items(body, shape.attributes, shape.blocks, problems))
    else:
        items = body.items
    found = Content(body)
    for item in items:
        if isinstance(item, tree.Attribute):
            if item.name in shape.attributes:
                found.attributes.setdefault(item.name, item)
            else:
                _unexpected_argument(item, shape, problems)
        elif item.type not in shape.blocks:
            _unexpected_block(item, shape, problems)
        elif _labels_fit(item, shape.blocks[item.type], problems):
            first = found.one(item.type) if item.type in shape.single else None
            if first is not None:
                line = first.range.start_position.line
                detail = f'Only one "{item.type}" block is allowed here; the first is on line {line}.'
                problems.error("Duplicate block", detail, item.header)
            else:
                found.blocks.append(item)
    return found


def _unexpected_argument(item: tree.Attribute, shape: Shape, problems: Diagnostics) -> None:
    if item.name in shape.blocks:
        detail = f'"{item.name}" is a block: write {item.name} {{ … }} without "=".'
    else:
        detail = f'An argument named "{item.name}" is not expected here.' + _hint(item.name, shape)
    problems.error("Unsupported argument", detail, item.name_range)


def _unexpected_block(item: tree.Block, shape: Shape, problems: Diagnostics) -> None:
    if item.type in shape.attributes:
        detail = f'"{item.type}" is an argument: write {item.type} = ….'
    else:
        detail = f'A block of type "{item.type}" is not expected here.' + _hint(item.type, shape)
    problems.error("Unsupported block", detail, item.type_range)


def _hint(name: str, shape: Shape) -> str:
    if name in shape.hints:
        return " " + shape.hints[name]
    known = [*shape.attributes, *shape.blocks]
    near = nearest(name, known)
    if near:
        return f' Did you mean "{near}"?'
    if not known:
        return " Nothing may stand here."
    return " Allowed are " + ", ".join(f'"{word}"' for word in sorted(known)) + "."


def _labels_fit(block: tree.Block, count: int, problems: Diagnostics) -> bool:
    if len(block.labels) == count:
        return True
    if len(block.labels) > count:
        extra = block.labels[count]
        allowed = ["no label", "1 label"][count] if count < 2 else f"{count} labels"
        detail = f'"{block.type}" has {allowed} here.'
        if block.type in ("build", "registry", "deploy", "release"):
            detail += f' The plugin is chosen inside: {block.type} {{ use "{extra.value}" {{ … }} }}.'
        problems.error("Extraneous label", detail, extra.range)
    else:
        names = ' "NAME"' * count
        problems.error("Missing label", f"Write {block.type}{names} {{ … }}.", block.header)
    return False
