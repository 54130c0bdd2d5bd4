"""YAML (hcl.md §12.5); PyYAML reads and writes, the rules of value and style are ours."""

from __future__ import annotations

import base64
import math
import re
from datetime import datetime
from fractions import Fraction
from typing import ClassVar

import yaml
from yaml import events, nodes

from wp_config import numbers
from wp_config.convert import convert
from wp_config.functions.datetime import rfc3339
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.numbers import NumberTooLarge
from wp_config.values import NULL, STRING, Value, boolean, number, object_of, string, tuple_of

MAX_DEPTH = 200
"""Collections inside each other."""

MAX_NODES = 200_000
"""Values a document may stand for once its aliases are followed."""


_PLAIN = "plain"
"""Our tag of scalars without quotes and tag; what they mean is decided here."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML brings no types
    """Leaves it to us what plain scalars are."""

    yaml_implicit_resolvers: ClassVar = {None: [(_PLAIN, re.compile(""))]}


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML brings no types
    """Writes the bytes of libyaml where PyYAML differs: folded strings, empty keys, and the end of open texts."""

    def check_simple_key(self) -> bool:
        return bool(super().check_simple_key()) or (isinstance(self.event, events.ScalarEvent) and not self.event.value)

    def write_literal(self, text: str) -> None:
        super().write_literal(text)
        self.open_ended = False

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        self.write_indicator('"', True)
        after_space = False
        for position, char in enumerate(text):
            folds = split and not after_space and self.column > self.best_width and 0 < position < len(text) - 1
            if char == " " and folds:
                self.write_indent()
                piece = "\\" if text[position + 1] == " " else ""
            else:
                piece = self._escaped(char)
            self.column += len(piece)
            self.stream.write(piece)
            after_space = char == " "
        self.write_indicator('"', False)

    def _escaped(self, char: str) -> str:
        if char in self.ESCAPE_REPLACEMENTS and char not in "/\xa0":
            return "\\" + str(self.ESCAPE_REPLACEMENTS[char])
        code = ord(char)
        if 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xD7FF or (0xE000 <= code <= 0xFFFD and code != 0xFEFF):
            return char
        return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(["~", "null", "Null", "NULL", ""]),
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
}
_WHOLE = re.compile(r"([-+]?)(?:(0x)([0-9a-fA-F_]+)|(0o)([0-7_]+)|((?:(?<=[-+])_+)?[0-9][0-9_]*))")
_REAL = re.compile(r"([-+]?)(\.[0-9]+|[0-9]+(?:\.[0-9]*)?)((?:[eE][-+]?[0-9]+)?)")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})
_MOMENT = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?(Z|[-+]\d\d:\d\d))|(?: (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?))?"
)


@function("yamlencode(value: any?)")
def _yamlencode(_: Invocation, value: Value) -> Value:
    """The value as YAML in block style; strings and keys in double quotes."""
    try:
        text: str = yaml.serialize(_node(value, 0), Dumper=_Dumper, allow_unicode=True, width=80, indent=2)
    except yaml.YAMLError as error:
        raise FunctionError(f"this has no YAML form: {error}") from error
    return string(text)


def _node(value: Value, depth: int) -> nodes.Node:
    if depth > MAX_DEPTH:
        raise FunctionError(f"the value nests more than {MAX_DEPTH} levels")
    data = value.data
    if data is None:
        return nodes.ScalarNode("tag:yaml.org,2002:null", "null")
    if isinstance(data, bool):
        return nodes.ScalarNode("tag:yaml.org,2002:bool", "true" if data else "false")
    if isinstance(data, str):
        return _text(data)
    if isinstance(data, float):
        return nodes.ScalarNode("tag:yaml.org,2002:str", "+Inf" if data > 0 else "-Inf")
    if isinstance(data, int | Fraction):
        tag = "int" if isinstance(data, int) else "float"
        return nodes.ScalarNode(f"tag:yaml.org,2002:{tag}", numbers.render(data))
    if isinstance(data, tuple):
        return nodes.SequenceNode(
            "tag:yaml.org,2002:seq", [_node(item, depth + 1) for item in data], flow_style=not data
        )
    if isinstance(data, dict):
        pairs = [(_text(name), _node(item, depth + 1)) for name, item in data.items()]
        return nodes.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=not data)
    raise FunctionError(f"{value.type.words} has no YAML form")


def _text(text: str) -> nodes.ScalarNode:
    lines = "\n" in text and max(text) < "\U00010000"
    return nodes.ScalarNode("tag:yaml.org,2002:str", text, style="|" if lines else '"')


@function("yamldecode(string: string)")
def _yamldecode(_: Invocation, text: Value) -> Value:
    """The value of a YAML document."""
    try:
        documents = list(yaml.compose_all(text.text, Loader=_Loader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = str(error).replace("\n", " ")
        raise FunctionError(f"this is no YAML: {reason}", 0) from error
    if len(documents) > 1:
        raise FunctionError("only one YAML document is allowed", 0)
    if not documents or documents[0] is None:
        return NULL
    return _Reader().value(documents[0], ())


class _Reader:
    def __init__(self) -> None:
        self._count = 0

    def value(self, node: nodes.Node, around: tuple[int, ...]) -> Value:
        """The value of a node; ``around`` are the nodes it stands in."""
        self._count += 1
        if id(node) in around:
            raise FunctionError("a YAML anchor refers to itself", 0)
        if len(around) > MAX_DEPTH or self._count > MAX_NODES:
            raise FunctionError("the YAML is too large or nests too deeply", 0)
        inside = (*around, id(node))
        if isinstance(node, nodes.ScalarNode):
            return _scalar(node)
        if isinstance(node, nodes.SequenceNode):
            return tuple_of([self.value(item, inside) for item in node.value])
        assert isinstance(node, nodes.MappingNode)
        entries: dict[str, Value] = {}
        for key, item in node.value:
            if _merges(key, item):
                parts = item.value if isinstance(item, nodes.SequenceNode) else [item]
                for part in reversed(parts):
                    if not isinstance(part, nodes.MappingNode):
                        raise FunctionError("a YAML merge key needs a mapping", 0)
                    entries |= self.value(part, inside).entries
            elif isinstance(key, nodes.ScalarNode):
                entries[_name(key)] = self.value(item, inside)
            else:
                raise FunctionError("a YAML key must be a plain value", 0)
        return object_of(entries)


def _merges(key: nodes.Node, item: nodes.Node) -> bool:
    """Whether an entry brings those of another mapping; in quotes its key does so, too, as in the reference."""
    return key.value == "<<" and (key.tag == _PLAIN or isinstance(item, nodes.MappingNode))


def _name(key: nodes.ScalarNode) -> str:
    name = _scalar(key)
    return str(key.value) if name.is_null else convert(name, STRING).text


def _scalar(node: nodes.ScalarNode) -> Value:
    """A scalar's value. A tag on text in quotes changes nothing, as in the reference."""
    text, tag = str(node.value), str(node.tag).rpartition(":")[2]
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise FunctionError("the YAML escapes half of a character", 0)
    if tag not in _KINDS:
        raise FunctionError(f"the YAML tag {node.tag} is not supported", 0)
    if tag == "binary":
        try:
            base64.b64decode(text, validate=True)
        except ValueError as error:
            raise FunctionError("a !!binary of the YAML is no base64", 0) from error
    if node.style is not None or tag in ("str", "binary"):
        return string(text)
    value = _plain(text)
    wanted = _KINDS[tag]
    if wanted and value.type.kind != wanted:
        raise FunctionError(f'"{text}" of the YAML is no {tag}', 0)
    return value


_KINDS = {
    **dict.fromkeys((_PLAIN, "timestamp", "value", "str", "binary"), ""),
    **{"null": "any", "bool": "bool", "int": "number", "float": "number"},
}
"""The tags that are known, and what plain scalars with them must be."""


def _plain(text: str) -> Value:
    if text in _WORDS:
        word = _WORDS[text]
        return NULL if word is None else boolean(word)
    if text in _NOT_A_NUMBER:
        raise FunctionError("a number that is not a number (.nan) is not supported", 0)
    if found := _INFINITE.fullmatch(text):
        return number(-math.inf if found[1] == "-" else math.inf)
    try:
        if found := _WHOLE.fullmatch(text):
            digits = (found[3] or found[5] or found[6]).replace("_", "")
            amount: int | Fraction = int(digits, 16 if found[2] else 8 if found[4] else 10)
            return number(numbers.rounded(-amount if found[1] == "-" else amount))
        if found := _REAL.fullmatch(text):
            amount = numbers.read(("0" if found[2][0] == "." else "") + found[2].removesuffix(".") + found[3])
            return number(numbers.rounded(-amount if found[1] == "-" else amount))
    except (ValueError, NumberTooLarge):
        return string(text)
    return string(_moment(text))


def _moment(text: str) -> str:
    """A point in time in full; other text as it is."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return text
    date = "-".join(part.zfill(2) for part in found.group(1, 2, 3))
    hours = (found.group(4, 5, 6) if found[4] else found.group(8, 9, 10)) if found[4] or found[8] else ("0", "0", "0")
    clock = ":".join(part.zfill(2) for part in hours)
    try:
        return rfc3339(datetime.fromisoformat(f"{date}T{clock}{found[7] or 'Z'}"))
    except ValueError:
        return text
