"""The functions that a template may call here (hcl.md §12): what they give is what the runner's give.

Missing are those that need more than the standard library, or the project's files: YAML, jsonnet, selectors, templates,
git, and sets of files.
"""

from __future__ import annotations

import os

from wp_entrypoint.values import (
    MAX_TEXT,
    ExpressionError,
    Lazy,
    Set,
    equal,
    is_number,
    minus,
    number_of,
    over,
    plus,
    rounded,
    text_of,
    times,
    truth_of,
    unified,
    whole_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Value = Any
    Function = Callable[..., Value]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_RANGE = 1024
MAX_SPACES = 1024

_FUNCTIONS: dict[str, tuple[str, Function]] = {}


def names() -> frozenset[str]:
    """All of them."""
    return frozenset(_FUNCTIONS) | {"try", "can"}


def run(name: str, arguments: list[Value]) -> Value:
    """Call one. Raises ExpressionError."""
    if name not in _FUNCTIONS:
        raise ExpressionError(f'there is no function "{name}" in the entrypoint')
    signature, body = _FUNCTIONS[name]
    kinds = signature.split()
    rest = kinds.pop()[:-1] if kinds and kinds[-1].endswith("*") else ""
    if len(arguments) < len(kinds) or (len(arguments) > len(kinds) and not rest):
        raise ExpressionError(f"{name} has {len(arguments)} arguments, but needs {len(kinds)}{' or more' * bool(rest)}")
    kinds += [rest] * (len(arguments) - len(kinds))
    try:
        result = body(*(_CONVERT[kind](value) for kind, value in zip(kinds, arguments)))
    except ExpressionError as error:
        raise ExpressionError(f"{name}: {error}") from None
    except OSError as error:
        raise ExpressionError(f"{name}: {error.strerror or 'the file cannot be read'}") from None
    except (ValueError, OverflowError, ZeroDivisionError):
        raise ExpressionError(f"{name}: the arguments have no result") from None
    return normal(result)


def normal(value: Value) -> Value:
    """Strings in the normal form that all of the language's have (NFC)."""
    if isinstance(value, str) and not value.isascii():
        from unicodedata import normalize

        return normalize("NFC", value)
    return [normal(item) for item in value] if type(value) is list else value


def _function(signature: str, *names: str) -> Callable[[Function], Function]:
    """Declare a function by the kinds of its arguments; `*` behind the last one stands for any number of them."""

    def declare(body: Function) -> Function:
        for name in names or (body.__name__.strip("_"),):
            _FUNCTIONS[name] = (signature, body)
        return body

    return declare


# Arguments


def _given(value: Value) -> Value:
    if value is None:
        raise ExpressionError("an argument must not be null")
    return value.all() if isinstance(value, Lazy) else value


def _sequence(value: Value) -> list[Value]:
    if not isinstance(_given(value), list):
        raise ExpressionError("a list is required")
    return list(value)


def _ordered(value: Value) -> list[Value]:
    if isinstance(value, Set):
        raise ExpressionError("a list is required, not a set")
    return _sequence(value)


def _strings(value: Value) -> list[str]:
    return [text_of(item) for item in _sequence(value)]


def _mapping(value: Value) -> dict[str, Value]:
    found = _given(value)
    if not isinstance(found, dict):
        raise ExpressionError("a map or an object is required")
    return found


_CONVERT: dict[str, Callable[[Value], Value]] = {
    "string": lambda value: text_of(_given(value)),
    "number": lambda value: number_of(_given(value)),
    "whole": lambda value: whole_of(_given(value)),
    "list": _sequence,
    "ordered": _ordered,
    "strings": _strings,
    "map": _mapping,
    "any": _given,
    "null": lambda value: value.all() if isinstance(value, Lazy) else value,
}


def _bounded(size: int) -> None:
    if size > MAX_TEXT:
        raise ExpressionError("the text would be too long")


# Numbers


@_function("number")
def _abs(value: Value) -> Value:
    return minus(0, value) if value < 0 else value


@_function("number")
def _ceil(value: Value) -> Value:
    return -((-value.numerator) // value.denominator)


@_function("number")
def _floor(value: Value) -> Value:
    return value.numerator // value.denominator


@_function("number number")
def _log(value: Value, base: Value) -> Value:
    import math

    return number_of(repr(math.log(float(value)) / math.log(float(base))))


@_function("number number")
def _pow(value: Value, power: Value) -> Value:
    import math

    return number_of(repr(math.pow(float(value), float(power))))


@_function("whole")
def _signum(value: Value) -> Value:
    return (value > 0) - (value < 0)


@_function("number number*")
def _max(*values: Value) -> Value:
    return max(values)


@_function("number number*")
def _min(*values: Value) -> Value:
    return min(values)


@_function("any whole")
def _parseint(text: Value, base: int) -> Value:
    if not isinstance(text, str):
        raise ExpressionError("a string is required")
    if not 2 <= base <= len(_DIGITS):
        raise ExpressionError("the base must be from 2 to 62")
    digits = text.lower() if base <= 36 else text
    sign = -1 if digits.startswith("-") else 1
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    values = [_DIGITS.find(digit) for digit in digits]
    if not values or not all(0 <= value < base for value in values):
        raise ExpressionError(f"this is no whole number in base {base}")
    result = 0
    for value in values:
        result = result * base + value
    return rounded(sign * result)


# Text


def clusters(text: str) -> list[str]:
    """The characters as people count them (UAX 29 as far as configuration meets it)."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    import unicodedata

    found: list[str] = []
    flags = 0
    for char in text:
        before = found[-1][-1] if found else ""
        flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        joins = (
            (before == "\r" and char == "\n")
            or (before == "\u200d" and char > "\u2000")
            or (flag and flags % 2 == 1)
            or _hangul_joins(before, char)
            or (
                char >= "\u0300"
                and before not in ("\r", "\n")
                and (
                    unicodedata.category(char) in ("Mn", "Me", "Mc")
                    or char in "\u200c\u200d"
                    or "\U0001f3fb" <= char <= "\U0001f3ff"
                )
            )
        )
        flags = flags + 1 if flag else 0
        if before and joins:
            found[-1] += char
        else:
            found.append(char)
    return found


def _hangul_joins(before: str, after: str) -> bool:
    if "\u1100" <= before <= "\u115f":
        return "\u1100" <= after <= "\u11a7" or "\uac00" <= after <= "\ud7a3"
    if "\u1160" <= before <= "\u11a7" or "\uac00" <= before <= "\ud7a3":
        return "\u1160" <= after <= "\u11ff"
    return "\u11a8" <= before <= "\u11ff" and "\u11a8" <= after <= "\u11ff"


def _one(char: str, mapped: str) -> str:
    return mapped if len(mapped) == 1 else char


@_function("string")
def _chomp(text: str) -> str:
    return text.rstrip("\r\n")


@_function("whole string")
def _indent(spaces: int, text: str) -> str:
    if not 0 <= spaces <= MAX_SPACES:
        raise ExpressionError(f"the number of spaces must be from 0 to {MAX_SPACES}")
    _bounded(len(text) + text.count("\n") * spaces)
    return text.replace("\n", "\n" + " " * spaces)


@_function("string strings strings*")
def _join(separator: str, *lists: list[str]) -> str:
    texts = [text for each in lists for text in each]
    _bounded(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


@_function("string string")
def _split(separator: str, text: str) -> list[str]:
    return text.split(separator) if separator else list(text)


@_function("string")
def _lower(text: str) -> str:
    return "".join(_one(char, char.lower()) for char in text)


@_function("string")
def _upper(text: str) -> str:
    return "".join(_one(char, char.upper()) for char in text)


@_function("string")
def _title(text: str) -> str:
    answer = []
    separated = True
    for char in text:
        answer.append(_one(char, char.title()) if separated else char)
        separated = not (char.isalnum() or char == "_") if char.isascii() else char.isspace()
    return "".join(answer)


@_function("string string string")
def _replace(text: str, old: str, new: str) -> str:
    _bounded(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


@_function("string")
def _strrev(text: str) -> str:
    return "".join(reversed(clusters(text)))


@_function("string whole whole")
def _substr(text: str, offset: int, length: int) -> str:
    found = clusters(text)
    start = max(0, len(found) + offset) if offset < 0 else offset
    if length < -1:
        raise ExpressionError("the length must not be negative, except -1 for the rest")
    return "".join(found[start:] if length == -1 else found[start : start + length])


@_function("string string")
def _trim(text: str, characters: str) -> str:
    return text.strip(characters) if characters else text


@_function("string string")
def _trimprefix(text: str, prefix: str) -> str:
    return text[len(prefix) :] if text.startswith(prefix) else text


@_function("string string")
def _trimsuffix(text: str, suffix: str) -> str:
    return text[: len(text) - len(suffix)] if suffix and text.endswith(suffix) else text


@_function("string")
def _trimspace(text: str) -> str:
    return text.strip()


@_function("string string")
def _startswith(text: str, prefix: str) -> bool:
    return text.startswith(prefix)


@_function("string string")
def _endswith(text: str, suffix: str) -> bool:
    return text.endswith(suffix)


@_function("string string")
def _strcontains(text: str, piece: str) -> bool:
    return piece in text


@_function("string null*")
def _format(text: str, *arguments: Value) -> str:
    from wp_entrypoint.formatting import formatted

    return formatted(text, list(arguments))


@_function("string null*")
def _formatlist(text: str, *arguments: Value) -> list[str]:
    from wp_entrypoint.formatting import formatted

    lists = {number: value for number, value in enumerate(arguments) if isinstance(value, list)}
    lengths = {len(value) for value in lists.values()}
    if len(lengths) > 1:
        raise ExpressionError("all lists must have the same length")
    rows = [
        [lists[number][row] if number in lists else value for number, value in enumerate(arguments)]
        for row in range(lengths.pop() if lengths else 1)
    ]
    return [formatted(text, row) for row in rows]


# Regular expressions


_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


def _pattern(text: str) -> Any:
    """RE2's syntax as far as Python's means the same; the rest is refused."""
    import re

    for refused in (
        "(?=",
        "(?!",
        "(?<",
        "(?>",
        "(?(",
        "(?P=",
        "(?P>",
        "(?U",
        "(?#",
        "\\C",
        "\\Q",
        "\\p",
        "\\P",
        "++",
        "*+",
        "?+",
        "}+",
    ):
        if refused in text:
            raise ExpressionError("the pattern uses what is not known here")
    if re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", text):
        raise ExpressionError("the pattern refers back, which is not known here")
    text = re.sub(r"\[:(\w+):\]", lambda found: _POSIX.get(found[1], found[0]), text)
    if "[:" in text:
        raise ExpressionError("the pattern uses what is not known here")
    try:
        return re.compile(text.replace("\\z", "\\Z"), re.ASCII)
    except (re.error, RecursionError):
        raise ExpressionError("the pattern is not valid") from None


MAX_SUBJECT = 64 * 1024
"""Characters that a pattern is looked for in."""


def _captured(found: Any) -> Value:
    if found.re.groupindex:
        if len(found.re.groupindex) != found.re.groups:
            raise ExpressionError("a pattern must not mix named and unnamed groups")
        return {name: found[name] for name in sorted(found.re.groupindex)}
    return list(found.groups()) if found.re.groups else found[0]


@_function("string string")
def _regex(pattern: str, text: str) -> Value:
    if len(text) > MAX_SUBJECT:
        raise ExpressionError("the text is too long")
    found = _pattern(pattern).search(text)
    if found is None:
        raise ExpressionError("the pattern does not match")
    return _captured(found)


@_function("string string")
def _regexall(pattern: str, text: str) -> Value:
    if len(text) > MAX_SUBJECT:
        raise ExpressionError("the text is too long")
    return [_captured(found) for found in _pattern(pattern).finditer(text)]


# Collections


@_function("ordered whole")
def _chunklist(items: list[Value], size: int) -> Value:
    if size < 0:
        raise ExpressionError("the size must not be negative")
    if not size:
        return [items] if items else []
    return [items[start : start + size] for start in range(0, len(items), size)]


@_function("null*")
def _coalescelist(*lists: Value) -> Value:
    for value in lists:
        if value is not None and _sequence(value):
            return value
    raise ExpressionError("all lists are empty")


@_function("list")
def _compact(items: list[Value]) -> Value:
    return [text_of(item) for item in items if item is not None and item != ""]


@_function("list list*")
def _concat(*lists: list[Value]) -> Value:
    return [item for each in lists for item in each]


@_function("list null")
def _contains(items: list[Value], wanted: Value) -> bool:
    return any(equal(item, wanted) for item in items)


@_function("ordered")
def _distinct(items: list[Value]) -> Value:
    kept: list[Value] = []
    for item in items:
        if not any(equal(item, other) for other in kept):
            kept.append(item)
    return kept


@_function("ordered whole")
def _element(items: list[Value], position: int) -> Value:
    if not items or position < 0:
        raise ExpressionError("there is no such element")
    return items[position % len(items)]


@_function("list")
def _flatten(items: list[Value]) -> Value:
    answer: list[Value] = []
    stack = items[::-1]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        else:
            answer.append(item)
    return answer


@_function("map")
def _keys(entries: dict[str, Value]) -> Value:
    return list(entries)


@_function("map")
def _values(entries: dict[str, Value]) -> Value:
    return list(entries.values())


@_function("null*")
def _merge(*maps: Value) -> Value:
    merged: dict[str, Value] = {}
    for value in maps:
        if value is not None:
            merged.update(_mapping(value))
    return {name: merged[name] for name in sorted(merged)}


@_function("number number*")
def _range(*limits: Value) -> Value:
    if len(limits) > 3:
        raise ExpressionError("one to three numbers are required")
    start, end = (0, limits[0]) if len(limits) == 1 else limits[:2]
    step = limits[2] if len(limits) == 3 else (-1 if start > end else 1)
    if step == 0 or (step > 0) == (start > end):
        raise ExpressionError("the step must lead from the start to the end")
    steps = over(minus(end, start), step)
    count = max(0, -(-steps.numerator // steps.denominator))
    if count > MAX_RANGE:
        raise ExpressionError(f"more than {MAX_RANGE} numbers would be given")
    return [rounded(plus(start, times(step, number))) for number in range(count)]


@_function("list")
def _reverse(items: list[Value]) -> Value:
    return items[::-1]


@_function("ordered whole whole")
def _slice(items: list[Value], start: int, end: int) -> Value:
    if not 0 <= start <= end <= len(items):
        raise ExpressionError("start and end must be inside of the list")
    return items[start:end]


@_function("strings")
def _sort(items: list[str]) -> Value:
    return sorted(items)


@_function("strings ordered")
def _zipmap(keys: list[str], items: list[Value]) -> Value:
    if len(keys) != len(items):
        raise ExpressionError("there are not as many keys as values")
    pairs = dict(zip(keys, items))
    return {name: pairs[name] for name in sorted(pairs)}


@_function("any")
def _length(value: Value) -> Value:
    if isinstance(value, str):
        return len(clusters(value))
    if isinstance(value, (list, dict)):
        return len(value)
    raise ExpressionError("this has no length")


@_function("map string null*")
def _lookup(entries: dict[str, Value], key: str, *default: Value) -> Value:
    if key in entries:
        return entries[key]
    if len(default) != 1:
        raise ExpressionError("the map has no such element, and no default was given")
    return default[0]


@_function("null*")
def _coalesce(*values: Value) -> Value:
    for value in values:
        if value is not None and value != "":
            for other in values:
                value = unified(value, other)
            return value
    raise ExpressionError("all values are null or empty")


@_function("ordered null")
def _index(items: list[Value], wanted: Value) -> Value:
    for position, item in enumerate(items):
        if equal(item, wanted):
            return position
    raise ExpressionError("the list does not hold this value")


@_function("list", "one")
def _only(items: list[Value]) -> Value:
    if len(items) > 1:
        raise ExpressionError("the list holds more than one element")
    return items[0] if items else None


@_function("list")
def _sum(items: list[Value]) -> Value:
    if not items:
        raise ExpressionError("an empty list has no sum")
    total: Value = 0
    for item in items:
        total = rounded(plus(total, number_of(item)))
    return total


@_function("list")
def _alltrue(items: list[Value]) -> bool:
    return all([truth_of(item) for item in items])  # noqa: C419 - every element must be one


@_function("list")
def _anytrue(items: list[Value]) -> bool:
    return any([truth_of(item) for item in items])  # noqa: C419


# Sets


def _rank(value: Value) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 0, value
    if is_number(value):
        return 1, value
    if isinstance(value, str):
        return 2, value
    return 3, _json(value)


def _set(items: list[Value]) -> Set:
    if any(isinstance(item, str) for item in items):
        items = [text_of(item) if isinstance(item, bool) or is_number(item) else item for item in items]
    kept: list[Value] = []
    for item in sorted(items, key=_rank):
        if not kept or not equal(kept[-1], item):
            kept.append(item)
    return Set(kept)


def _common(lists: tuple[list[Value], ...]) -> list[list[Value]]:
    """Lists whose elements have one type: strings, when one of them is."""
    if any(isinstance(item, str) for each in lists for item in each):
        return [[text_of(item) if isinstance(item, bool) or is_number(item) else item for item in e] for e in lists]
    return list(lists)


@_function("list list*")
def _setunion(*lists: list[Value]) -> Value:
    return _set([item for each in lists for item in each])


@_function("list list*")
def _setintersection(*lists: list[Value]) -> Value:
    first, *others = _common(lists)
    return _set([item for item in first if all(_contains(other, item) for other in others)])


@_function("list list")
def _setsubtract(*lists: list[Value]) -> Value:
    first, second = _common(lists)
    return _set([item for item in first if not _contains(second, item)])


@_function("any any any*")
def _setproduct(*collections: Value) -> Value:
    import itertools
    import math

    if math.prod(len(_sequence(value)) for value in collections) > 100_000:
        raise ExpressionError("there are too many combinations")
    rows = [list(row) for row in itertools.product(*map(_sequence, collections))]
    return _set(rows) if all(isinstance(value, Set) for value in collections) else rows


# Conversion


@_function("null")
def _tostring(value: Value) -> Value:
    return None if value is None else text_of(value)


@_function("null")
def _tonumber(value: Value) -> Value:
    return None if value is None else number_of(value)


@_function("null")
def _tobool(value: Value) -> Value:
    return None if value is None else truth_of(value)


@_function("null")
def _tolist(value: Value) -> Value:
    return None if value is None else _common((_sequence(value),))[0]


@_function("null")
def _toset(value: Value) -> Value:
    return None if value is None else _set(_sequence(value))


@_function("null")
def _tomap(value: Value) -> Value:
    if value is None:
        return None
    entries = _mapping(value)
    return dict(zip(entries, _common((list(entries.values()),))[0]))


# Encodings


def _json(value: Value) -> str:
    """Compact JSON as Go writes it: for HTML, and without exponents."""
    if value is None:
        return "null"
    if isinstance(value, str):
        import json

        text = json.dumps(value, ensure_ascii=False)
        for char, name in (("<", "003c"), (">", "003e"), ("&", "0026"), ("\u2028", "2028"), ("\u2029", "2029")):
            text = text.replace(char, "\\u" + name)
        if "\\b" in text or "\\f" in text:
            import re

            text = re.sub(r"\\.", lambda found: {"\\b": "\\u0008", "\\f": "\\u000c"}.get(found[0], found[0]), text)
        return text
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(name)}:{_json(value[name])}" for name in sorted(value)) + "}"
    return text_of(value)


def json_text(value: Value) -> str:
    """A value as compact JSON."""
    return _json(value)


@_function("null")
def _jsonencode(value: Value) -> str:
    return _json(value)


@_function("string")
def _jsondecode(text: str) -> Value:
    import json

    def refuse(_: str) -> Value:
        raise ValueError

    try:
        return _keys_sorted(json.loads(text, parse_int=number_of, parse_float=number_of, parse_constant=refuse))
    except (ValueError, RecursionError):
        raise ExpressionError("this is no JSON") from None


def _keys_sorted(value: Value) -> Value:
    if isinstance(value, dict):
        return {name: _keys_sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_keys_sorted(item) for item in value]
    return value


@_function("string")
def _csvdecode(text: str) -> Value:
    rows = [row for row in _rows(text) if row]
    if not rows or len(set(rows[0])) != len(rows[0]) or any(len(row) != len(rows[0]) for row in rows):
        raise ExpressionError("the rows do not fit the header of the CSV")
    header = rows[0]
    return [dict(sorted(zip(header, row))) for row in rows[1:]]


def _rows(text: str) -> list[list[str]]:
    """Rows and fields of RFC 4180. (The standalone executable has no `csv`.)"""
    import re

    rows: list[list[str]] = [[]]
    position = 0
    field = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)')
    while position < len(text):
        found = field.match(text, position)
        if found is None:
            raise ExpressionError("this is no CSV")
        quoted, plain, end = found.groups()
        if rows[-1] or quoted is not None or plain or end == ",":
            rows[-1].append(plain if quoted is None else quoted.replace('""', '"'))
        if end == "," and found.end() == len(text):
            rows[-1].append("")
        elif end != ",":
            rows.append([])
        position = found.end()
    return rows


@_function("string")
def _base64encode(text: str) -> str:
    from binascii import b2a_base64

    return b2a_base64(text.encode(), newline=False).decode()


@_function("string")
def _base64decode(text: str) -> str:
    from base64 import b64decode

    try:
        return b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode()
    except ValueError:
        raise ExpressionError("this is no text in base64") from None


@_function("string")
def _base64gzip(text: str) -> str:
    from binascii import b2a_base64
    from gzip import compress

    return b2a_base64(compress(text.encode(), mtime=0), newline=False).decode()


@_function("string")
def _urlencode(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text, safe="")


def _digest(algorithm: str) -> Function:
    def digest(text: str) -> str:
        import hashlib

        return str(getattr(hashlib, algorithm)(text.encode()).hexdigest())

    return digest


for _algorithm in ("md5", "sha1", "sha256", "sha512"):
    _FUNCTIONS[_algorithm] = ("string", _digest(_algorithm))


# Files of the application's own root, relative to its working directory


def _path(text: str) -> str:
    if "\0" in text:
        raise ExpressionError("a path cannot hold a null character")
    if text == "~" or text.startswith("~/"):
        return os.environ.get("HOME", "/") + text[1:]
    if text.startswith("~"):
        raise ExpressionError("only ~ and ~/... are known")
    return text


def _bytes(path: str) -> bytes:
    import stat

    # Nothing here may wait: this is the one thread that everything else runs in, too.
    with open(os.open(_path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ExpressionError("this is no regular file")
        return file.read(MAX_TEXT)


@_function("string")
def _file(path: str) -> str:
    try:
        return _bytes(path).decode()
    except UnicodeDecodeError:
        raise ExpressionError("the file is no UTF-8 text; use filebase64") from None


@_function("string")
def _filebase64(path: str) -> str:
    from binascii import b2a_base64

    return b2a_base64(_bytes(path), newline=False).decode()


@_function("string")
def _filesha256(path: str) -> str:
    import hashlib

    return hashlib.sha256(_bytes(path)).hexdigest()


@_function("string")
def _fileexists(path: str) -> bool:
    import stat

    try:
        mode = os.stat(_path(path)).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(mode):
        raise ExpressionError("this is no regular file")
    return True


@_function("string")
def _basename(path: str) -> str:
    return os.path.basename(path.rstrip("/")) or ("/" if path else ".")


@_function("string")
def _dirname(path: str) -> str:
    head = path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
    cleaned = os.path.normpath(head)
    return "/" + cleaned.lstrip("/") if cleaned.startswith("/") else cleaned


@_function("string")
def _abspath(path: str) -> str:
    return os.path.abspath(_path(path))


@_function("string")
def _pathexpand(path: str) -> str:
    return _path(path)


# Time


@_function("")
def _timestamp() -> str:
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@_function("string string")
def _timeadd(moment: str, duration: str) -> str:
    from wp_entrypoint.formatting import moved

    return moved(moment, duration)


@_function("string string")
def _formatdate(layout: str, moment: str) -> str:
    from wp_entrypoint.formatting import dated

    return dated(layout, moment)
