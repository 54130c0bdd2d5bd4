"""Configuration of a component as a dataclass, and the neutral description of it that the configuration language
decodes with.

    @dataclass(frozen=True)
    class BuilderConfig:
        \"\"\"Build a Docker image from a Dockerfile.\"\"\"
        dockerfile: str | None = attr(doc="Path of the Dockerfile", default=None)
        build_args: dict[str, str] = attr(doc="...", default_factory=dict)
        auth: Auth | None = block(doc="...", default=None)          # zero or one nested block
        port: list[Port] = block(doc="...", default_factory=list)   # any number
        # inside Port:  name: str = label(doc="...")                # label of the block

`schema_of(cls)` gives a `Schema`; the configuration language turns a body into a plain dict by it (attributes by
name; a nested block as a dict or a list of dicts, its label under the name of the label's field; absent optional
attributes left out); `instantiate(cls, decoded)` makes the instance. The two sides meet in `Schema` only by its
attributes' names, so neither imports the other. Protocol specification 6.3 and 6.4.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from wp_sdk.errors import PluginError

T = TypeVar("T")

_META = "wp"
_SCALARS: dict[object, str] = {str: "string", bool: "bool", int: "integer", float: "number"}


@dataclass(frozen=True)
class Attribute:
    """One attribute. `type` is `string`, `bool`, `integer`, `number`, `any`, `list(T)` or `map(T)`.

    `hidden` ones are left out of documentation.
    """

    name: str
    type: str
    required: bool
    default: object = None
    doc: str = ""
    deprecated: str = ""
    sensitive: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Block:
    """One kind of nested block.

    `required`: it must be there; `many`: any number; `labels`: the keys its labels are decoded under.
    """

    name: str
    body: Schema
    labels: tuple[str, ...] = ()
    many: bool = False
    required: bool = False
    doc: str = ""


@dataclass(frozen=True)
class Schema:
    """Everything a body may contain, in declaration order. An empty schema means that the body must be empty."""

    attributes: tuple[Attribute, ...] = ()
    blocks: tuple[Block, ...] = ()
    doc: str = ""


def attr(
    *,
    doc: str = "",
    default: Any = MISSING,
    default_factory: Callable[[], Any] | Any = MISSING,
    name: str = "",
    sensitive: bool = False,
    deprecated: str = "",
) -> Any:
    """Declare an attribute; without `default`/`default_factory` it is required. `name` overrides the field's name in
    the file.

    `sensitive` values are never shown; `deprecated` is the sentence to warn with when the attribute is used.
    """
    return _field("attr", doc, default, default_factory, name=name, sensitive=sensitive, deprecated=deprecated)


def block(
    *,
    doc: str = "",
    default: Any = MISSING,
    default_factory: Callable[[], Any] | Any = MISSING,
    name: str = "",
) -> Any:
    """Declare a nested block: field type `Nested` (exactly one), `Nested | None` (zero or one) or `list[Nested]` (any
    number)."""
    return _field("block", doc, default, default_factory, name=name)


def label(*, doc: str = "") -> Any:
    """Declare the label of the block this dataclass describes (`port "name" { … }`); the type is `str`."""
    return _field("label", doc, MISSING, MISSING)


def _field(kind: str, doc: str, default: Any, factory: Any, **more: object) -> Any:
    metadata = {_META: {"kind": kind, "doc": doc, **more}}
    if default is not MISSING:
        return dataclasses.field(default=default, metadata=metadata, kw_only=True)
    if factory is not MISSING:
        return dataclasses.field(default_factory=factory, metadata=metadata, kw_only=True)
    return dataclasses.field(metadata=metadata, kw_only=True)


@functools.cache
def schema_of(config: type | None) -> Schema:
    """Describe a config dataclass (None = no configuration).

    Raises `TypeError` naming the field whose type cannot be described.
    """
    if config is None:
        return Schema()
    if not dataclasses.is_dataclass(config):
        raise TypeError(f"{config.__qualname__} must be a dataclass")
    hints = get_type_hints(config)
    attributes: list[Attribute] = []
    blocks: list[Block] = []
    for item in dataclasses.fields(config):
        meta: Mapping[str, Any] = item.metadata.get(_META, {"doc": ""})
        where = f"{config.__qualname__}.{item.name}"
        kind, name = kind_and_name(item)
        required = item.default is MISSING and item.default_factory is MISSING
        if kind == "label":
            continue
        if kind == "block":
            nested, repeated, optional = block_type(hints[item.name], where)
            blocks.append(
                Block(
                    name=name,
                    body=schema_of(nested),
                    labels=_labels(nested),
                    many=repeated,
                    required=required and not repeated and not optional,
                    doc=str(meta["doc"]),
                )
            )
            continue
        attributes.append(
            Attribute(
                name=name,
                type=_type_name(hints[item.name], where),
                required=required,
                doc=str(meta["doc"]),
                default=None if item.default is MISSING else item.default,
                deprecated=str(meta.get("deprecated", "")),
                sensitive=bool(meta.get("sensitive", False)),
            )
        )
    own_doc = inspect.cleandoc(config.__doc__ or "")
    return Schema(tuple(attributes), tuple(blocks), "" if own_doc.startswith(f"{config.__name__}(") else own_doc)


def instantiate(config: type[T], decoded: Mapping[str, object], where: str = "") -> T:
    """Make the config instance from a decoded body; keys that are absent or null take the field's default.

    Raises `PluginError` naming the attribute when a required value is missing or the dataclass's own `__post_init__`
    refuses it (it refuses by raising `ValueError` or `PluginError`).
    """
    hints = get_type_hints(config)
    values: dict[str, object] = {}
    for item in dataclasses.fields(config):  # type: ignore[arg-type]  # T is a dataclass; there is no bound to say so
        kind, name = kind_and_name(item)
        value = decoded.get(name)
        place = f"{where}.{name}" if where else name
        if value is None:
            if item.default is MISSING and item.default_factory is MISSING:
                if kind == "block" and get_origin(hints[item.name]) is list:
                    values[item.name] = []
                    continue
                if optional_type(hints[item.name])[1]:
                    values[item.name] = None
                    continue
                raise PluginError(f'The argument "{name}" is required', where=where, do=f'Set "{name}"')
            continue
        values[item.name] = _convert(hints[item.name], value, place) if kind == "block" else value
    try:
        return config(**values)
    except ValueError as error:
        raise PluginError(str(error), where=where) from error


def _convert(hint: object, value: object, place: str) -> object:
    nested, repeated, _ = block_type(hint, place)
    if repeated:
        items = value if isinstance(value, Sequence) else [value]
        return [instantiate(nested, typing.cast(Mapping[str, object], entry), place) for entry in items]
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        value = value[0] if value else {}
    return instantiate(nested, typing.cast(Mapping[str, object], value), place)


def kind_and_name(item: dataclasses.Field[Any]) -> tuple[str, str]:
    """Whether a field is an `attr`, a `block` or a `label`, and its name in the file."""
    meta: Mapping[str, Any] = item.metadata.get(_META, {})
    return str(meta.get("kind", "attr")), str(meta.get("name") or item.name)


def optional_type(hint: object) -> tuple[object, bool]:
    """The type without `| None`, and whether that was there."""
    if get_origin(hint) in (typing.Union, types.UnionType):
        inner = [a for a in get_args(hint) if a is not type(None)]
        if len(inner) == 1 and len(get_args(hint)) == 2:
            return inner[0], True
    return hint, False


def _type_name(hint: object, where: str) -> str:
    hint, _ = optional_type(hint)
    if hint in (Any, object):
        return "any"
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin in (list, tuple, Sequence) and args and (origin is not tuple or args[-1] is Ellipsis):
        return f"list({_type_name(args[0], where)})"
    if origin in (dict, Mapping) and len(args) == 2 and args[0] is str:
        return f"map({_type_name(args[1], where)})"
    raise TypeError(
        f"{where}: a configuration attribute cannot have the type {hint}; use str, bool, int, float, list, dict or Any"
    )


def block_type(hint: object, where: str) -> tuple[type, bool, bool]:
    """The dataclass of a nested block, whether there may be several of it, and whether it may be missing.

    Raises `TypeError` naming `where` for everything else.
    """
    hint, optional = optional_type(hint)
    repeated = get_origin(hint) in (list, tuple)
    if repeated:
        hint = get_args(hint)[0]
    if not (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
        raise TypeError(f"{where}: a nested block must be described by a dataclass, not by {hint}")
    return hint, repeated, optional


def _labels(config: type) -> tuple[str, ...]:
    return tuple(item.name for item in dataclasses.fields(config) if kind_and_name(item)[0] == "label")
