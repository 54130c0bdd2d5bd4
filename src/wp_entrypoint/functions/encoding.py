"""Functions that write values as texts and read them."""

from __future__ import annotations

from wp_entrypoint.functions.signature import function
from wp_entrypoint.values import ExpressionError, List, is_number, number_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Value


@function("null", "jsonencode")
def json_text(value: Value) -> str:
    """Compact JSON as Go writes it: for HTML, and without exponents. Raises ExpressionError."""
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
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json_text(name)}:{json_text(value[name])}" for name in sorted(value)) + "}"
    if is_number(value) and not value.denominator:
        raise ExpressionError("an infinite number has no JSON form")
    return text_of(value)


@function("string")
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
    if isinstance(value, str) and not value.isascii():
        import re

        return re.sub("[\ud800-\udfff]", "\ufffd", value)  # half of a pair
    return value


@function("string")
def _csvdecode(text: str) -> Value:
    rows = [row for row in _rows(text) if row]
    if not rows or len(set(rows[0])) != len(rows[0]) or any(len(row) != len(rows[0]) for row in rows):
        raise ExpressionError("the rows do not fit the header of the CSV")
    header = rows[0]
    return List(dict(sorted(zip(header, row))) for row in rows[1:])


def _rows(text: str) -> list[list[str]]:
    """Rows and fields of RFC 4180. (The standalone executable has no `csv`.)"""
    import re

    rows: list[list[str]] = [[]]
    position = 0
    text = text.replace("\r\n", "\n")
    text = text[:-1] if text.endswith("\r") else text
    field = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|\Z)')
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


@function("string")
def _base64encode(text: str) -> str:
    from binascii import b2a_base64

    return b2a_base64(text.encode(), newline=False).decode()


@function("string")
def _base64decode(text: str) -> str:
    from base64 import b64decode

    try:
        return b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode()
    except ValueError:
        raise ExpressionError("this is no text in base64") from None


@function("string")
def _base64gzip(text: str) -> str:
    from binascii import b2a_base64
    from gzip import compress

    return b2a_base64(compress(text.encode(), mtime=0), newline=False).decode()


@function("string")
def _urlencode(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text, safe="")
