"""How a function is declared: its parameters in a short text, and what it may know about the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from wp_config import numbers
from wp_config.diagnostics import Diagnostics, Range, failure
from wp_config.scope import Scope, Surroundings
from wp_config.syntax.tree import Call
from wp_config.typeexpr import type_of
from wp_config.values import TextTooLong, Type, Value, deeply_sensitive


class FunctionError(Exception):
    """The arguments do not allow a result. ``argument``: 0-based number of the one to blame, None for the call as a
    whole.
    """

    def __init__(self, message: str, argument: int | None = None) -> None:
        super().__init__(message)
        self.argument = argument


class Parameter(NamedTuple):
    """One parameter."""

    name: str
    type: Type
    null_allowed: bool


class Invocation(NamedTuple):
    """What a function may know besides its arguments."""

    scope: Scope
    node: Call

    @property
    def surroundings(self) -> Surroundings:
        """The world around the configuration."""
        assert self.scope.surroundings is not None
        return self.scope.surroundings

    def remember(self, key: tuple[object, ...], make: Callable[[], Value]) -> Value:
        """The value made for ``key`` the first time anybody asked during this load."""
        memory = self.surroundings.memory
        if key not in memory:
            memory[key] = make()
        return memory[key]


class Function(NamedTuple):
    """A declared function."""

    name: str
    usage: str
    parameters: tuple[Parameter, ...]
    rest: Parameter | None
    takes_unknown: bool
    outside: bool
    doc: str
    body: Callable[..., Value]

    def run(self, node: Call, arguments: list[Value], places: list[Range], scope: Scope) -> Value:
        """Call it with converted arguments; failures become diagnostics at the argument to blame."""
        try:
            return self.body(Invocation(scope, node), *arguments)
        except FunctionError as error:
            blamed = (
                places[error.argument] if error.argument is not None and error.argument < len(places) else node.range
            )
            raise self._failure(_sentence(str(error)), arguments, blamed) from error
        except (numbers.NumberTooLarge, TextTooLong) as error:
            raise failure(f'Error in function "{self.name}"', _sentence(str(error)), node.range) from error
        except OSError as error:
            what = f"Cannot read {error.filename}: {error.strerror}." if error.filename else _sentence(str(error))
            raise self._failure(what, arguments, node.range) from error

    def _failure(self, detail: str, arguments: list[Value], place: Range) -> Diagnostics:
        """The diagnostic of a failed call; what it says about sensitive arguments stays hidden."""
        if any(deeply_sensitive(value) for value in arguments):
            detail = "The arguments do not fit; details are not shown because a value is sensitive."
        return failure(f'Error in function "{self.name}"', detail, place)


_REGISTRY: dict[str, Function] = {}


def registered(name: str) -> Function:
    """A function whose module was imported. Raises KeyError."""
    return _REGISTRY[name]


def function(
    signature: str, *, takes_unknown: bool = False, outside: bool = False
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Declare a function: ``name(first: type, second: type?, rest: type...)``.

    ``?`` behind a type allows null, ``...`` makes the last parameter take any number of arguments. ``outside``: the
    result depends on files, repositories or the clock, so a dry check does not ask for it.
    """
    name, _, rest_text = signature.partition("(")
    parameters: list[Parameter] = []
    rest: Parameter | None = None
    for piece in filter(None, rest_text.removesuffix(")").split(", ")):
        label, _, kind = piece.partition(": ")
        many = kind.endswith("...")
        kind = kind.removesuffix("...")
        null_allowed = kind.endswith("?")
        parameter = Parameter(label, type_of(kind.removesuffix("?")), null_allowed)
        if many:
            rest = parameter
        else:
            parameters.append(parameter)

    def declare(body: Callable[..., Value]) -> Callable[..., Value]:
        doc = (body.__doc__ or "").strip()
        _REGISTRY[name] = Function(
            name, signature.replace("?", ""), tuple(parameters), rest, takes_unknown, outside, doc, body
        )
        return body

    return declare


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
