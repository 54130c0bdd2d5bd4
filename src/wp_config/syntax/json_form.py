"""The JSON form of the language: the same tree, with places (hcl.md §15).

Only a schema tells arguments from blocks in JSON, so a JSON body stays a :class:`JsonBody` until :func:`items` is
asked with the names that are allowed there.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping, Sequence

from wp_config import numbers
from wp_config.diagnostics import Diagnostics, Range, SourceFile, failure
from wp_config.syntax import tree
from wp_config.syntax.parse import parse_template
from wp_config.syntax.tokens import MAX_NESTING
from wp_config.syntax.tree import JsonProperty, JsonValue

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]+')
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class JsonBody(tree.Body):
    """A body whose items are known only together with a shape. ``values`` are the objects it is made of."""

    values: tuple[JsonValue, ...]


def parse_json_body(file: SourceFile) -> JsonBody:
    """The body of a JSON file. Raises :class:`Diagnostics` with the first syntax error."""
    value = parse_json(file)
    file.path_of = lambda offset: _enclosing(value, offset)
    return body_of(value, "The file must hold a JSON object.")


def _enclosing(value: JsonValue, offset: int) -> str:
    """The properties around an offset in words: ``in app → web → deploy``; empty at the top."""
    words: list[str] = []
    current: JsonValue | None = value
    while current is not None:
        inside: Sequence[JsonProperty | JsonValue] = current.properties or current.elements
        before = bisect.bisect_right(inside, offset, key=lambda item: item.range.start)
        found = inside[before - 1] if before else None
        current = found.value if isinstance(found, JsonProperty) else found
        if current is None or not current.range.start <= offset < current.range.end:
            break
        if isinstance(found, JsonProperty) and current.kind in ("object", "array"):
            words.append(found.name)
    return "in " + " → ".join(words) if words else ""


def parse_json(file: SourceFile) -> JsonValue:
    """The JSON value a file holds, with places, order and duplicate names kept."""
    reader = _Reader(file)
    value = reader.value(reader.skip(0), 0)
    end = reader.skip(value.range.end)
    if end < len(file.text):
        raise reader.error("Extra characters", "Only one JSON value is allowed in a file.", end, end + 1)
    return value


class _Reader:
    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._text = file.text

    def error(self, summary: str, detail: str, start: int, end: int) -> Diagnostics:
        return failure(summary, detail, Range(self._file, start, min(end, len(self._text))))

    def skip(self, position: int) -> int:
        found = _SPACE.match(self._text, position)
        assert found is not None
        return found.end()

    def value(self, start: int, depth: int) -> JsonValue:
        if depth > MAX_NESTING:
            raise self.error("Nested too deeply", f"More than {MAX_NESTING} brackets are open here.", start, start + 1)
        char = self._text[start : start + 1]
        if char == "{":
            return self._object(start, depth)
        if char == "[":
            return self._array(start, depth)
        if char == '"':
            text, offsets, end = self._string(start)
            return JsonValue(Range(self._file, start, end), "string", text, offsets=offsets)
        found = _NUMBER.match(self._text, start)
        if found:
            digits = found.group()
            value = -numbers.read(digits[1:]) if digits[0] == "-" else numbers.read(digits)
            return JsonValue(Range(self._file, start, found.end()), "number", value)
        for word, constant in _WORDS.items():
            if self._text.startswith(word, start):
                return JsonValue(Range(self._file, start, start + len(word)), "constant", constant)
        if not char:
            raise self.error("Unexpected end", "A JSON value is expected.", start, start)
        hint = " Strings and names are written in double quotes." if char.isalpha() or char == "'" else ""
        hint = " A comma must not stand before a closing bracket." if char in "]}" else hint
        raise self.error("Invalid JSON", f"A JSON value is expected.{hint}", start, start + 1)

    def _object(self, start: int, depth: int) -> JsonValue:
        properties: list[JsonProperty] = []
        position = self.skip(start + 1)
        while self._text[position : position + 1] != "}" or properties:
            if self._text[position : position + 1] != '"':
                raise self._expected("a property name in double quotes", position)
            name, _, end = self._string(position)
            name_range = Range(self._file, position, end)
            position = self.skip(end)
            if self._text[position : position + 1] != ":":
                raise self._expected('":"', position)
            value = self.value(self.skip(position + 1), depth + 1)
            properties.append(
                JsonProperty(Range(self._file, name_range.start, value.range.end), name, name_range, value)
            )
            position = self.skip(value.range.end)
            if self._text[position : position + 1] == "}":
                break
            position = self._comma(position, "}")
        return JsonValue(Range(self._file, start, position + 1), "object", properties=tuple(properties))

    def _array(self, start: int, depth: int) -> JsonValue:
        elements: list[JsonValue] = []
        position = self.skip(start + 1)
        while self._text[position : position + 1] != "]" or elements:
            elements.append(self.value(position, depth + 1))
            position = self.skip(elements[-1].range.end)
            if self._text[position : position + 1] == "]":
                break
            position = self._comma(position, "]")
        return JsonValue(Range(self._file, start, position + 1), "array", elements=tuple(elements))

    def _comma(self, position: int, closing: str) -> int:
        if self._text[position : position + 1] != ",":
            raise self._expected(f'"," or "{closing}"', position)
        return self.skip(position + 1)

    def _expected(self, what: str, position: int) -> Diagnostics:
        found = self._text[position : position + 1]
        if not found:
            return self.error("Unexpected end", f"Expected {what}.", position, position)
        if found in "/#":
            return self.error("Invalid JSON", 'JSON has no comments; use a "//" property.', position, position + 1)
        return self.error("Invalid JSON", f"Expected {what}.", position, position + 1)

    def _string(self, start: int) -> tuple[str, tuple[int, ...] | None, int]:
        """Decoded text, the places of its characters when they do not simply follow ``start + 1``, and the end."""
        text, position = self._text, start + 1
        pieces: list[str] = []
        offsets: list[int] | None = None
        while True:
            found = _PLAIN.match(text, position)
            if found:
                pieces.append(found.group())
                if offsets is not None:
                    offsets.extend(range(position, found.end()))
                position = found.end()
            char = text[position : position + 1]
            if char == '"':
                if offsets is not None:
                    offsets.append(position)
                return "".join(pieces), tuple(offsets) if offsets is not None else None, position + 1
            if char != "\\":
                raise self.error(
                    "Unclosed string", "A JSON string must end on its line with a double quote.", start, position
                )
            if offsets is None:
                offsets = list(range(start + 1, position))
            piece, end = self._escape(position)
            pieces.append(piece)
            offsets += [position] * len(piece)
            position = end

    def _escape(self, position: int) -> tuple[str, int]:
        letter = self._text[position + 1 : position + 2]
        if letter in _ESCAPES and letter:
            return _ESCAPES[letter], position + 2
        if letter == "u":
            code = self._code(position)
            if 0xD800 <= code < 0xDC00 and self._text[position + 6 : position + 8] == "\\u":
                low = self._code(position + 6)
                if 0xDC00 <= low < 0xE000:
                    return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), position + 12
            return ("\ufffd" if 0xD800 <= code < 0xE000 else chr(code)), position + 6
        raise self.error("Invalid escape sequence", "JSON knows no such escape.", position, position + 2)

    def _code(self, position: int) -> int:
        digits = self._text[position + 2 : position + 6]
        if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            raise self.error(
                "Invalid escape sequence", "\\u must be followed by four hexadecimal digits.", position, position + 6
            )
        return int(digits, 16)


def body_of(value: JsonValue, detail: str) -> JsonBody:
    """The body an object, or an array of objects, stands for."""
    values = value.elements if value.kind == "array" else (value,)
    for part in values:
        if part.kind != "object":
            raise failure("Incorrect JSON value type", detail, part.range)
    file, _, end = value.range
    return JsonBody(value.range, (), Range(file, max(end - 1, value.range.start), end), values)


def items(
    body: JsonBody, attributes: frozenset[str], blocks: Mapping[str, int], problems: Diagnostics
) -> list[tree.Attribute | tree.Block]:
    """The body's arguments and blocks by the names allowed; unknown properties come out as arguments."""
    found: list[tree.Attribute | tree.Block] = []
    seen: set[str] = set()
    for value in body.values:
        for item in value.properties:
            if item.name == "//":
                continue
            if item.name in blocks and item.name not in attributes:
                _blocks(item, item.value, [], blocks[item.name], found=found, problems=problems)
                continue
            if item.name in seen and item.name in attributes:
                problems.error(
                    "Argument set twice", f'The argument "{item.name}" may be set only once.', item.name_range
                )
                continue
            seen.add(item.name)
            try:
                found.append(tree.Attribute(item.range, item.name, item.name_range, expression(item.value)))
            except Diagnostics as error:
                problems.extend(error)
    return found


def _blocks(
    item: JsonProperty,
    value: JsonValue,
    labels: list[tree.Label],
    missing: int,
    *,
    found: list[tree.Attribute | tree.Block],
    problems: Diagnostics,
) -> None:
    parts = value.elements if value.kind == "array" else (value,)
    for part in parts:
        if part.kind == "constant" and part.scalar is None and not missing:
            continue
        if part.kind != "object":
            what = "an object whose property names are the labels" if missing else "an object, or an array of objects"
            problems.error("Incorrect JSON value type", f'"{item.name}" must be {what}.', part.range)
        elif missing:
            for inner in part.properties:
                if inner.name != "//":
                    label = tree.Label(inner.name_range, inner.name)
                    _blocks(item, inner.value, [*labels, label], missing - 1, found=found, problems=problems)
        else:
            header = labels[-1].range if labels else item.name_range
            place = Range(header.file, header.start, part.range.end)
            found.append(tree.Block(place, item.name, item.name_range, tuple(labels), header, body_of(part, "")))


def expression(value: JsonValue) -> tree.Expression:
    """A JSON value as an expression; strings and object keys are templates. Raises :class:`Diagnostics`."""
    if value.kind == "string":
        assert isinstance(value.scalar, str)
        return _template(value.range, value.scalar, value.offsets)
    if value.kind == "array":
        return tree.TupleExpression(value.range, tuple(expression(element) for element in value.elements))
    if value.kind == "object":
        pairs = [
            tree.ObjectItem(item.range, _template(item.name_range, item.name, None), expression(item.value))
            for item in value.properties
        ]
        return tree.ObjectExpression(value.range, tuple(pairs), unique=True)
    return tree.Literal(value.range, value.scalar)


def verbatim(value: JsonValue) -> tree.Expression:
    """A JSON value as an expression whose strings are taken as they are: values files have no scope."""
    if value.kind == "array":
        return tree.TupleExpression(value.range, tuple(verbatim(element) for element in value.elements))
    if value.kind == "object":
        pairs = [
            tree.ObjectItem(item.range, tree.Literal(item.name_range, item.name), verbatim(item.value))
            for item in value.properties
        ]
        return tree.ObjectExpression(value.range, tuple(pairs), unique=True)
    return tree.Literal(value.range, value.scalar)


def _template(place: Range, text: str, offsets: tuple[int, ...] | None) -> tree.Expression:
    if "${" not in text and "%{" not in text:
        return tree.Literal(place, text)
    if offsets is None or len(offsets) != len(text) + 1:
        start = place.start + 1
        offsets = tuple(range(start, start + len(text) + 1))
    return parse_template(place.file, offsets, text)
