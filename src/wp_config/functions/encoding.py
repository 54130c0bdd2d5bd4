"""JSON, CSV, base64 and URL encodings (hcl.md §12.5)."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import urllib.parse
from fractions import Fraction

from wp_config import numbers
from wp_config.functions.rows import records
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import NULL, STRING, Value, boolean, list_of, number, object_of, object_type, string, tuple_of

_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
_ESCAPE = re.compile(r"\\.")
_HALF = re.compile("[\ud800-\udfff]")
"""A surrogate without its partner."""

_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
MAX_DEPTH = 500
"""Arrays and objects inside each other that ``jsondecode`` reads."""


@function("jsonencode(value: any?)")
def _jsonencode(_: Invocation, value: Value) -> Value:
    """The value as compact JSON with sorted keys."""
    return string(json_text(value))


def json_text(value: Value) -> str:
    """A known value as compact JSON."""
    data = value.data
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, str):
        return _ESCAPE.sub(_numbered, json.dumps(data, ensure_ascii=False)).translate(_HTML)
    if isinstance(data, float):
        raise FunctionError("an infinite number has no JSON form")
    if isinstance(data, int | Fraction):
        return numbers.render(data)
    if isinstance(data, tuple):
        return "[" + ",".join(json_text(item) for item in data) + "]"
    if isinstance(data, dict):
        return "{" + ",".join(f"{json_text(string(name))}:{json_text(item)}" for name, item in data.items()) + "}"
    raise FunctionError(f"{value.type.words} has no JSON form")


def _numbered(escape: re.Match[str]) -> str:
    """Backspace and form feed have no letter of their own in the reference's JSON."""
    return {"\\b": "\\u0008", "\\f": "\\u000c"}.get(escape.group(), escape.group())


@function("jsondecode(string: string)")
def _jsondecode(_: Invocation, text: Value) -> Value:
    """The value a JSON text describes."""
    depth = limit = 0
    for char in _JSON_STRING.sub("", text.text):
        depth += (char in "[{") - (char in "]}")
        limit = max(limit, depth)
    if limit > MAX_DEPTH:
        raise FunctionError(f"the JSON nests more than {MAX_DEPTH} levels", 0)
    try:
        data = json.loads(text.text, parse_int=_number, parse_float=_number, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise FunctionError(f"this is no JSON: {error}", 0) from error
    return _from_json(data)


def _number(text: str) -> Value:
    return number(numbers.rounded(-numbers.read(text[1:]) if text[0] == "-" else numbers.read(text)))


def _constant(text: str) -> Value:
    raise ValueError(f"{text} is not allowed")


def _from_json(data: object) -> Value:
    if isinstance(data, Value):
        return data
    if data is None:
        return NULL
    if isinstance(data, bool):
        return boolean(data)
    if isinstance(data, list):
        return tuple_of([_from_json(item) for item in data])
    if isinstance(data, dict):
        return object_of({str(name): _from_json(item) for name, item in data.items()})
    return string(_HALF.sub("\ufffd", str(data)))


@function("csvdecode(string: string)")
def _csvdecode(_: Invocation, text: Value) -> Value:
    """The rows of a CSV text as objects; the first row names their attributes."""
    try:
        rows = list(records(text.text))
    except ValueError as error:
        raise FunctionError(f"this is no CSV: {error}", 0) from error
    if not rows:
        raise FunctionError("the CSV has no header row", 0)
    header = rows[0]
    if len(set(header)) != len(header):
        raise FunctionError("a column name is used twice", 0)
    items: list[Value] = []
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise FunctionError(f"row {line} has {len(row)} fields instead of {len(header)}", 0)
        items.append(object_of({name: string(field) for name, field in zip(header, row, strict=True)}))
    return list_of(object_type(dict.fromkeys(header, STRING)), items)


@function("base64encode(string: string)")
def _base64encode(_: Invocation, text: Value) -> Value:
    """The UTF-8 bytes of a text in base64."""
    return string(base64.b64encode(text.text.encode()).decode())


@function("base64decode(string: string)")
def _base64decode(_: Invocation, text: Value) -> Value:
    """The text whose UTF-8 bytes are given in base64."""
    try:
        data = base64.b64decode(text.text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FunctionError("this is no base64", 0) from error
    try:
        return string(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FunctionError("the decoded bytes are no UTF-8 text", 0) from error


@function("base64gzip(string: string)")
def _base64gzip(_: Invocation, text: Value) -> Value:
    """The text compressed with gzip, in base64."""
    return string(base64.b64encode(gzip.compress(text.text.encode(), mtime=0)).decode())


@function("urlencode(string: string)")
def _urlencode(_: Invocation, text: Value) -> Value:
    """The text escaped for the query of a URL."""
    return string(urllib.parse.quote_plus(text.text, safe=""))
