"""The neutral description of a plugin's configuration body, as the decoder needs it.

Whoever knows a plugin (its dataclasses, or a description that came over the wire) provides objects of these shapes; the
Protocols are structural so that the plugin SDK needs no import from here. :class:`Attribute`, :class:`Block` and
:class:`Schema` are ready-made implementations.

``type`` is a type expression of the language (hcl.md §14.10): ``string``, ``number``, ``bool``, ``any``,
``list(string)``, ``map(string)``, ``set(number)``, ``object({ a = string })``, ``tuple([string])``; plus ``integer``
for whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class AttributeSchema(Protocol):
    """One ``name = value`` of a body."""

    @property
    def name(self) -> str:
        """The attribute's name in the file."""

    @property
    def type(self) -> str:
        """Its type expression."""

    @property
    def required(self) -> bool:
        """Whether leaving it out (or setting it to null) is an error."""

    @property
    def default(self) -> object:
        """The Python value used when it is left out; None leaves it out of the decoded result."""

    @property
    def doc(self) -> str:
        """What it means, for generated documentation."""


class BodySchema(Protocol):
    """What may stand in a body."""

    @property
    def attributes(self) -> Sequence[AttributeSchema]:
        """Its attributes."""

    @property
    def blocks(self) -> Sequence[BlockSchema]:
        """Its nested blocks."""


class BlockSchema(Protocol):
    """One kind of nested block."""

    @property
    def name(self) -> str:
        """The block type."""

    @property
    def body(self) -> BodySchema:
        """What may stand inside."""

    @property
    def labels(self) -> Sequence[str]:
        """Keys under which the block's labels are decoded, in order."""

    @property
    def many(self) -> bool:
        """Whether it may be repeated; then the result is a list."""

    @property
    def required(self) -> bool:
        """Whether at least one must be there."""

    @property
    def doc(self) -> str:
        """What it means, for generated documentation."""


class Attribute(NamedTuple):
    """A plain :class:`AttributeSchema`."""

    name: str
    type: str = "string"
    required: bool = False
    default: object = None
    doc: str = ""


class Schema(NamedTuple):
    """A plain :class:`BodySchema`."""

    attributes: tuple[Attribute, ...] = ()
    blocks: tuple[Block, ...] = ()
    doc: str = ""


class Block(NamedTuple):
    """A plain :class:`BlockSchema`."""

    name: str
    body: Schema
    labels: tuple[str, ...] = ()
    many: bool = False
    required: bool = False
    doc: str = ""
