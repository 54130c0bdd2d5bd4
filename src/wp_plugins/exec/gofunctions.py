"""The predefined functions of Go's ``text/template`` and Go's way to print values (``fmt`` verbs)."""

from __future__ import annotations

import html
import json
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

EXPONENT_FROM = 6  # the power of ten from which on Go's shortest %v form has an exponent

Value = object
"""A template value: None, bool, int, float, str, a mapping with string keys, or a sequence of values."""


def truth(value: Value) -> bool:
    """Go's truth: false, 0, nil and everything of length zero are false."""
    return bool(value)


def show(value: Value) -> str:
    """The value as Go's ``%v`` prints it; maps in key order."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _show_float(value)
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{show(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + " ".join(show(item) for item in value) + "]"
    return str(value)


def _show_float(value: float) -> str:
    """The shortest digits that give the value back, with an exponent where Go's %g has one."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return {"n": "NaN", "F": "-Inf" if sign else "+Inf"}[exponent]
    power = len(digits) - 1 + exponent
    if -4 <= power < EXPONENT_FROM:
        return format(Decimal(repr(value)).normalize(), "f")
    text = "".join(map(str, digits))
    mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
    return f"{'-' if sign else ''}{mantissa}e{power:+03d}"


_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>\d+)?(?:\.(?P<precision>\d+))?(?P<verb>.|$)", re.DOTALL)
_KINDS: dict[str, tuple[type, ...]] = {
    "d": (int,), "x": (int, str), "X": (int, str), "o": (int,), "b": (int,), "c": (int,), "U": (int,),
    "f": (float,), "e": (float,), "g": (float,), "s": (str,), "q": (str, int), "t": (bool,),
}  # fmt: skip


def printf(template: Value, *arguments: Value) -> str:
    """Go's ``fmt.Sprintf`` for the values a template can hold, wrong uses shown as Go shows them."""
    remaining = list(arguments)

    def expand(match: re.Match[str]) -> str:
        verb = match["verb"]
        if verb == "%":
            return "%"
        if not verb:
            return "%!(NOVERB)"
        if not remaining:
            return f"%!{verb}(MISSING)"
        return _pad(match, _verb(verb, match, remaining.pop(0)))

    text = _VERB.sub(expand, str(template))
    if remaining:
        text += "%!(EXTRA " + ", ".join(f"{_go_type(value)}={show(value)}" for value in remaining) + ")"
    return text


def _verb(verb: str, match: re.Match[str], value: Value) -> str:
    plus = "+" if "+" in match["flags"] else ""
    if verb == "v":
        return show(value)
    if verb == "T":
        return _go_type(value)
    kinds = _KINDS.get(verb, ())
    if not isinstance(value, kinds) or (isinstance(value, bool) and verb != "t"):
        if verb == "s" and isinstance(value, Sequence | Mapping):
            return show(value)
        return f"%!{verb}({_go_type(value)}={show(value)})"
    if verb in {"t", "s"}:
        text = show(value)
        return text[: int(match["precision"])] if match["precision"] and verb == "s" else text
    if verb == "q":
        return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(chr(int(str(value))))
    if isinstance(value, str):
        return value.encode().hex() if verb == "x" else value.encode().hex().upper()
    if verb == "c":
        return chr(int(str(value)))
    if verb == "U":
        return f"U+{value:04X}"
    prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in match["flags"] else ""
    precision = f".{match['precision']}" if match["precision"] else ""
    return prefix + format(value, f"{plus}{precision}{verb}")


def _pad(match: re.Match[str], text: str) -> str:
    width = int(match["width"] or 0)
    if "-" in match["flags"]:
        return text.ljust(width)
    if "0" in match["flags"] and match["verb"] not in "sqvt":
        return text.zfill(width)
    return text.rjust(width)


def _go_type(value: Value) -> str:
    names: dict[type, str] = {bool: "bool", int: "int", float: "float64", str: "string", type(None): "<nil>"}
    return names.get(type(value), "map[string]interface {}" if isinstance(value, Mapping) else "[]interface {}")


def _print(*values: Value) -> str:
    """Go's ``fmt.Sprint``: a space between two neighbours of which neither is a string."""
    text = ""
    for position, value in enumerate(values):
        if position and not isinstance(value, str) and not isinstance(values[position - 1], str):
            text += " "
        text += show(value)
    return text


def index(value: Value, *keys: Value) -> Value:
    """``index x 1 "a"`` = ``x[1]["a"]``; a key that a map lacks gives nil, a position out of range is an error."""
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Sequence) and isinstance(key, int) and not isinstance(key, bool):
            if not 0 <= key < len(value):
                raise ValueError(f"index out of range: {key}")
            value = ord(value[key]) if isinstance(value, str) else value[key]
        else:
            raise TypeError(f"can't index {_go_type(value)} with {_go_type(key)}")
    return value


def slice_(value: Value, *bounds: Value) -> Value:
    """``slice x 1 2`` = ``x[1:2]``."""
    if not isinstance(value, Sequence) or len(bounds) > 2 or not all(isinstance(bound, int) for bound in bounds):
        raise TypeError(f"can't slice {_go_type(value)}")
    numbers = [int(str(bound)) for bound in bounds]
    if any(not 0 <= number <= len(value) for number in numbers) or numbers != sorted(numbers):
        raise ValueError("slice bounds out of range")
    return value[slice(*numbers)] if len(numbers) == 2 else value[numbers[0] if numbers else 0 :]


def _length(value: Value) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, Mapping | Sequence):
        return len(value)
    raise TypeError(f"len of type {_go_type(value)}")


def _same(left: Value, right: Value) -> bool:
    if left is None or right is None:
        return left is right
    kinds = (bool, int, float, str)
    for kind in kinds:
        if isinstance(left, kind) or isinstance(right, kind):
            if type(left) is not type(right):
                raise ValueError("incompatible types for comparison")
            return left == right
    raise ValueError("non-comparable type")


def _equal(first: Value, *others: Value) -> bool:
    if not others:
        raise ValueError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def _less(left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.encode() < right.encode()
    if type(left) is type(right) and isinstance(left, int | float) and not isinstance(left, bool):
        return left < float(str(right)) if isinstance(left, float) else left < int(str(right))
    raise ValueError("incompatible types for comparison")


def _javascript(*values: Value) -> str:
    text = _print(*values)
    table = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
    return "".join(table.get(char, f"\\u{ord(char):04X}" if ord(char) < 32 else char) for char in text)


def _html(*values: Value) -> str:
    return html.escape(_print(*values), quote=False).replace('"', "&#34;").replace("'", "&#39;").replace("\0", "\ufffd")


FUNCTIONS: dict[str, Callable[..., Value] | None] = {
    "and": None,  # `and` and `or` stop at the first decisive argument: the renderer evaluates them itself
    "or": None,
    "not": lambda value: not truth(value),
    "len": _length,
    "index": index,
    "slice": slice_,
    "print": _print,
    "printf": printf,
    "println": lambda *values: " ".join(show(value) for value in values) + "\n",
    "html": _html,
    "js": _javascript,
    "urlquery": lambda *values: urllib.parse.quote_plus(_print(*values)),
    "eq": _equal,
    "ne": lambda left, right: not _same(left, right),
    "lt": _less,
    "le": lambda left, right: _less(left, right) or _same(left, right),
    "gt": lambda left, right: not _less(left, right) and not _same(left, right),
    "ge": lambda left, right: not _less(left, right),
}
"""Name to function; None marks those that do not evaluate all arguments."""
