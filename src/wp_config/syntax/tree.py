"""Our own tree of a configuration: what the parser produces and everything else reads.

The native and the JSON form give the same tree. Every node knows its :class:`~wp_config.diagnostics.Range`. Nodes
are compared by identity and never changed after parsing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from wp_config.diagnostics import Range


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Node:
    """Anything with a place."""

    range: Range


class Expression(Node):
    """Anything that has a value."""

    __slots__ = ()


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Literal(Expression):
    """A string without interpolation, a number, a boolean or null."""

    value: str | int | Fraction | bool | None


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class TemplateText(Node):
    """Literal characters of a template, trim marks already applied."""

    value: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Interpolation(Node):
    """``${ value }``."""

    value: Expression
    trim_left: bool
    trim_right: bool


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class TemplateIf(Node):
    """``%{ if condition }then%{ else }otherwise%{ endif }``."""

    condition: Expression
    then: tuple[TemplatePart, ...]
    otherwise: tuple[TemplatePart, ...]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class TemplateFor(Node):
    """``%{ for key, value in collection }body%{ endfor }``; ``key`` is empty when not given."""

    key: str
    value: str
    collection: Expression
    body: tuple[TemplatePart, ...]


TemplatePart = TemplateText | Interpolation | TemplateIf | TemplateFor


@dataclass(slots=True, eq=False, repr=False, match_args=False)
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


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Variable(Expression):
    """A name looked up in the scope."""

    name: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class GetAttribute(Expression):
    """``source.name``."""

    source: Expression
    name: str
    name_range: Range


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Index(Expression):
    """``source[key]`` or the old form ``source.0``."""

    source: Expression
    key: Expression


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class SplatItem(Expression):
    """The element a splat is just looking at; occurs only inside :attr:`Splat.each`."""


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Splat(Expression):
    """``source[*].…`` or ``source.*.…``; ``each`` is evaluated with its ``item`` bound to every element."""

    source: Expression
    item: SplatItem
    each: Expression
    full: bool


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Call(Expression):
    """``name(arguments…)``; ``expand`` when the last argument is followed by ``...``."""

    name: str
    name_range: Range
    arguments: tuple[Expression, ...]
    expand: bool


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Unary(Expression):
    """``-operand`` or ``!operand``."""

    operator: str
    operand: Expression


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Binary(Expression):
    """``left operator right``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Conditional(Expression):
    """``condition ? then : otherwise``."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Parentheses(Expression):
    """``(inner)``; kept because an object key in parentheses is computed and a bare one is not."""

    inner: Expression


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class TupleExpression(Expression):
    """``[items…]``."""

    items: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class ObjectItem(Node):
    """``key = value`` of an object. A bare name as key is already a :class:`Literal`."""

    key: Expression
    value: Expression


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class ObjectExpression(Expression):
    """``{ items… }``. JSON objects forbid duplicate keys, native ones let the later win."""

    items: tuple[ObjectItem, ...]
    unique: bool = False


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class For(Expression):
    """``[for …]`` (``result_key`` is None) or ``{for …}``; ``group`` collects values of equal keys into tuples."""

    key: str
    value: str
    collection: Expression
    result_key: Expression | None
    result: Expression
    condition: Expression | None
    group: bool


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Label(Node):
    """A block label."""

    value: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Attribute(Node):
    """``name = value`` of a body."""

    name: str
    name_range: Range
    value: Expression


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Block(Node):
    """``type "label" { body }``. ``header`` covers type and labels."""

    type: str
    type_range: Range
    labels: tuple[Label, ...]
    header: Range
    body: Body


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Body(Node):
    """What a file or a block holds, in file order. ``end`` is the place where something missing would have to stand."""

    items: tuple[Attribute | Block, ...]
    end: Range


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class JsonProperty(Node):
    """``"name": value`` of a JSON object."""

    name: str
    name_range: Range
    value: JsonValue


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class JsonValue(Node):
    """A value of the JSON form. ``content`` is a scalar, or for ``array`` and ``object`` the elements and properties.

    ``offsets`` maps the characters of a decoded string to places in the file; None when they follow one another.
    """

    kind: str
    scalar: str | int | Fraction | bool | None = None
    elements: tuple[JsonValue, ...] = ()
    properties: tuple[JsonProperty, ...] = ()
    offsets: tuple[int, ...] | None = field(default=None)


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below ``node``."""
    for name in _slots(type(node)):
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


def _slots(kind: type[Node]) -> tuple[str, ...]:
    names = _SLOT_NAMES.get(kind)
    if names is None:
        names = tuple(name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ()))
        _SLOT_NAMES[kind] = names
    return names


_SLOT_NAMES: dict[type[Node], tuple[str, ...]] = {}
