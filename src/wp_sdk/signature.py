"""Reads what a component function or mapper asks for out of its annotations (protocol specification 4.2 and 10.3)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated, get_args, get_origin, get_type_hints

from google.protobuf.message import Message

from wp_sdk.arguments import HOST_MADE, KEYS
from wp_sdk.component import Function, Result

_PRIMITIVES: dict[object, str] = {bool: "prim:bool", int: "prim:int", str: "prim:string"}


class ParameterKind(Enum):
    """Where a parameter's value comes from."""

    CONFIG = auto()
    HOST = auto()
    WELL_KNOWN = auto()
    MESSAGE = auto()
    PRIMITIVE = auto()


@dataclass(frozen=True)
class Named:
    """`Annotated[bool, Named("x")]` takes the input `x` whatever the parameter is called."""

    name: str


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    `key` is the solver's type key (message name or `prim:bool|int|string`); empty for CONFIG and HOST.
    """

    name: str
    kind: ParameterKind
    type: type
    key: str = ""
    input_name: str = ""


@dataclass(frozen=True)
class Signature:
    """All parameters in order, and the type key of the result ("" = no message or not known before the call)."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str = ""

    def keys(self) -> tuple[str, ...]:
        """Type keys of what the solver must provide, in order, without repeats."""
        return tuple(dict.fromkeys(p.key for p in self.parameters if p.key))


def normalise(name: str) -> str:
    """Form in which names of inputs are compared: lower case, without underscores."""
    return name.replace("_", "").lower()


def message_name(cls: type[Message]) -> str:
    """Full protobuf name of a message class."""
    return str(cls.DESCRIPTOR.full_name)


def signature_of(function: Function, config: type | None = None) -> Signature:
    """Describe a function; raises `TypeError` with the function's and the parameter's name when an annotation cannot
    be served."""
    return _signature(function, config)


@functools.cache
def _signature(function: Function, config: Hashable) -> Signature:
    where = f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', function)}"
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(f"{where}: an annotation cannot be resolved: {error}") from error
    parameters = []
    for item in inspect.signature(function).parameters.values():
        if item.name not in hints:
            raise TypeError(f"{where}: the parameter {item.name} has no annotation")
        parameters.append(_parameter(item.name, hints[item.name], config, where))
    result = _result(hints.get("return"))
    return Signature(where, tuple(parameters), message_name(result) if result is not None else "")


def result_class(function: Function) -> type[Message] | None:
    """The message a function returns, None when it returns none or that is not known before the call."""
    return _result(get_type_hints(function).get("return"))


def _parameter(name: str, hint: object, config: object, where: str) -> Parameter:
    input_name = normalise(name)
    if get_origin(hint) is Annotated:
        hint, *marks = get_args(hint)
        for mark in marks:
            if isinstance(mark, Named):
                input_name = normalise(mark.name)
    if isinstance(hint, type):
        if config is not None and hint is config:
            return Parameter(name, ParameterKind.CONFIG, hint)
        if hint in HOST_MADE:
            return Parameter(name, ParameterKind.HOST, hint)
        if hint in KEYS:
            return Parameter(name, ParameterKind.WELL_KNOWN, hint, KEYS[hint], input_name)
        if hint in _PRIMITIVES:
            return Parameter(name, ParameterKind.PRIMITIVE, hint, _PRIMITIVES[hint], input_name)
        if issubclass(hint, Message):
            return Parameter(name, ParameterKind.MESSAGE, hint, message_name(hint), input_name)
    raise TypeError(
        f"{where}: the parameter {name} asks for {hint}, which no host can provide; "
        "use the configuration class, a protobuf message, bool, int, str or a class of wp_sdk.component"
    )


def _result(hint: object) -> type[Message] | None:
    candidates = [hint, *get_args(hint)] if hint is not None else []
    found = {
        c
        for candidate in candidates
        for c in ([candidate, *get_args(candidate)] if get_origin(candidate) is Result else [candidate])
        if isinstance(c, type) and issubclass(c, Message)
    }
    return found.pop() if len(found) == 1 else None
