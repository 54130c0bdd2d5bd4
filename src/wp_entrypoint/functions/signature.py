"""How a function is declared, and called: the kinds of its arguments in a short text, and what becomes of those."""

from __future__ import annotations

from wp_entrypoint.values import MAX_TEXT, ExpressionError, Lazy, List, Set, number_of, text_of, whole_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Value = Any
    Function = Callable[..., Value]
    Declared = TypeVar("Declared", bound=Function)

_DECLARED: dict[str, tuple[str, Function]] = {}


def function(signature: str, *names: str) -> Callable[[Declared], Declared]:
    """Declare a function by the kinds of its arguments; `*` behind the last one stands for any number of them."""

    def declare(body: Declared) -> Declared:
        for name in names or (body.__name__.strip("_"),):
            _DECLARED[name] = (signature, body)
        return body

    return declare


def call(name: str, arguments: list[Value]) -> Value:
    """What a function whose module was imported gives. Raises ExpressionError."""
    signature, body = _DECLARED[name]
    kinds = signature.split()
    rest = kinds.pop()[:-1] if kinds and kinds[-1].endswith("*") else ""
    if len(arguments) < len(kinds) or (len(arguments) > len(kinds) and not rest):
        raise ExpressionError(f"{name} has {len(arguments)} arguments, but needs {len(kinds)}{' or more' * bool(rest)}")
    kinds += [rest] * (len(arguments) - len(kinds))
    try:
        return body(*(_CONVERT[kind](value) for kind, value in zip(kinds, arguments)))
    except ExpressionError as error:
        raise ExpressionError(f"{name}: {error}") from None
    except OSError as error:
        raise ExpressionError(f"{name}: {error.strerror or 'the file cannot be read'}") from None
    except (ValueError, OverflowError, ZeroDivisionError):
        raise ExpressionError(f"{name}: the arguments have no result") from None


def _given(value: Value) -> Value:
    if value is None:
        raise ExpressionError("an argument must not be null")
    return value.all() if isinstance(value, Lazy) else value


def sequence(value: Value) -> list[Value]:
    """The elements of a list or set. Raises ExpressionError."""
    if not isinstance(_given(value), list):
        raise ExpressionError("a list is required")
    return list(value)


def ordered(value: Value) -> list[Value]:
    """The elements of a list, which must not be a set. Raises ExpressionError."""
    if isinstance(value, Set):
        raise ExpressionError("a list is required, not a set")
    return sequence(value)


def _strings(value: Value) -> list[str]:
    return [text_of(item) for item in sequence(value)]


def _uniform(value: Value) -> List:
    from wp_entrypoint.kinds import unified

    return List(unified(sequence(value)))


def like(source: Value, items: list[Value]) -> list[Value]:
    """Elements of a list or set, as a list; those of a tuple are a tuple."""
    return List(items) if isinstance(source, (List, Set)) else items


def mapping(value: Value) -> dict[str, Value]:
    """The entries of a map or object. Raises ExpressionError."""
    found = _given(value)
    if not isinstance(found, dict):
        raise ExpressionError("a map or an object is required")
    return found


_CONVERT: dict[str, Callable[[Value], Value]] = {
    "string": lambda value: text_of(_given(value)),
    "number": lambda value: number_of(_given(value)),
    "whole": lambda value: whole_of(_given(value)),
    "list": sequence,
    "ordered": ordered,
    "strings": _strings,
    "uniform": _uniform,
    "map": mapping,
    "any": _given,
    "null": lambda value: value.all() if isinstance(value, Lazy) else value,
}


def bounded(size: int) -> None:
    """Refuse what would make a text of more than MAX_TEXT characters. Raises ExpressionError."""
    if size > MAX_TEXT:
        raise ExpressionError("the text would be too long")
