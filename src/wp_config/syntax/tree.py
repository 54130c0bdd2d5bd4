"""Our own tree of a configuration: what the parser produces and everything else reads.

The native and the JSON form give the same tree. Every node knows its :class:`~wp_config.diagnostics.Range`. Nodes
are compared by identity and never changed after parsing.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar, dataclass_transform

from wp_config.diagnostics import Range


@dataclass_transform(eq_default=False)
class _Declared:
    """Declared like dataclasses, but with one constructor for all: generating thirty would take a good part of the time
    a command has for its start.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.fields = (*cls.fields, *inspect.get_annotations(cls))

    def __init__(self, *values: object, **named: object) -> None:
        for name, value in zip(self.fields, values, strict=False):
            setattr(self, name, value)
        for name, value in named.items():
            setattr(self, name, value)


class Node(_Declared):
    """Anything with a place."""

    range: Range


class Expression(Node):
    """Anything that has a value."""


class Literal(Expression):
    """A string without interpolation, a number, a boolean or null."""

    value: str | int | Fraction | bool | None


class TemplateText(Node):
    """Literal characters of a template, trim marks already applied."""

    value: str


class Interpolation(Node):
    """``${ value }``."""

    value: Expression
    trim_left: bool
    trim_right: bool


class TemplateIf(Node):
    """``%{ if condition }then%{ else }otherwise%{ endif }``."""

    condition: Expression
    then: tuple[TemplatePart, ...]
    otherwise: tuple[TemplatePart, ...]


class TemplateFor(Node):
    """``%{ for key, value in collection }body%{ endfor }``; ``key`` is empty when not given."""

    key: str
    value: str
    collection: Expression
    body: tuple[TemplatePart, ...]


TemplatePart = TemplateText | Interpolation | TemplateIf | TemplateFor


class Template(Expression):
    """A string put together from parts. ``quoted`` is false for heredocs and bare templates."""

    parts: tuple[TemplatePart, ...]
    quoted: bool = True

    @property
    def sole(self) -> Expression | None:
        """The expression when the template is exactly one interpolation, whose value passes through with its own
        type.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Interpolation):
            return self.parts[0].value
        return None


class Variable(Expression):
    """A name looked up in the scope."""

    name: str


class GetAttribute(Expression):
    """``source.name``."""

    source: Expression
    name: str
    name_range: Range


class Index(Expression):
    """``source[key]`` or the old form ``source.0``."""

    source: Expression
    key: Expression


class SplatItem(Expression):
    """The element a splat is just looking at; occurs only inside :attr:`Splat.each`."""


class Splat(Expression):
    """``source[*].…`` or ``source.*.…``; ``each`` is evaluated with its ``item`` bound to every element."""

    source: Expression
    item: SplatItem
    each: Expression
    full: bool


class Call(Expression):
    """``name(arguments…)``; ``expand`` when the last argument is followed by ``...``."""

    name: str
    name_range: Range
    arguments: tuple[Expression, ...]
    expand: bool


class Unary(Expression):
    """``-operand`` or ``!operand``."""

    operator: str
    operand: Expression


class Binary(Expression):
    """``left operator right``."""

    operator: str
    left: Expression
    right: Expression


class Conditional(Expression):
    """``condition ? then : otherwise``."""

    condition: Expression
    then: Expression
    otherwise: Expression


class Parentheses(Expression):
    """``(inner)``; kept because an object key in parentheses is computed and a bare one is not."""

    inner: Expression


class TupleExpression(Expression):
    """``[items…]``."""

    items: tuple[Expression, ...]


class ObjectItem(Node):
    """``key = value`` of an object. A bare name as key is already a :class:`Literal`."""

    key: Expression
    value: Expression


class ObjectExpression(Expression):
    """``{ items… }``. JSON objects forbid duplicate keys, native ones let the later win."""

    items: tuple[ObjectItem, ...]
    unique: bool = False


class For(Expression):
    """``[for …]`` (``result_key`` is None) or ``{for …}``; ``group`` collects values of equal keys into tuples."""

    key: str
    value: str
    collection: Expression
    result_key: Expression | None
    result: Expression
    condition: Expression | None
    group: bool


class Label(Node):
    """A block label."""

    value: str


class Attribute(Node):
    """``name = value`` of a body."""

    name: str
    name_range: Range
    value: Expression


class Block(Node):
    """``type "label" { body }``. ``header`` covers type and labels."""

    type: str
    type_range: Range
    labels: tuple[Label, ...]
    header: Range
    body: Body


class Body(Node):
    """What a file or a block holds, in file order. ``end`` is the place where something missing would have to stand."""

    items: tuple[Attribute | Block, ...]
    end: Range


class JsonProperty(Node):
    """``"name": value`` of a JSON object."""

    name: str
    name_range: Range
    value: JsonValue


class JsonValue(Node):
    """A value of the JSON form. ``content`` is a scalar, or for ``array`` and ``object`` the elements and properties.

    ``offsets`` maps the characters of a decoded string to places in the file; None when they follow one another.
    """

    kind: str
    scalar: str | int | Fraction | bool | None = None
    elements: tuple[JsonValue, ...] = ()
    properties: tuple[JsonProperty, ...] = ()
    offsets: tuple[int, ...] | None = None


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below ``node``."""
    for name in node.fields:
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple) and not isinstance(value, Range):
            for item in value:
                if isinstance(item, Node):
                    yield item


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything below it, in source order, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))
