"""YAML (hcl.md §12.5); PyYAML reads and writes, the rules of value and style are ours."""

from __future__ import annotations

import re
from fractions import Fraction

import yaml
from yaml import nodes

from wp_config import numbers
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.numbers import NumberTooLarge
from wp_config.values import NULL, Value, boolean, number, object_of, string, tuple_of

MAX_DEPTH = 200
"""Collections inside each other."""

MAX_NODES = 200_000
"""Values a document may stand for once its aliases are followed."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML brings no types
    """Takes for numbers what the reference does: also ``0o17``, and exponents without a sign."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?0o[0-7_]+$"), list("-+0"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)

_BOOLS = {"y", "yes", "on", "true"}, {"n", "no", "off", "false"}


@function("yamlencode(value: any?)")
def _yamlencode(_: Invocation, value: Value) -> Value:
    """The value as YAML in block style; strings and keys in double quotes."""
    try:
        text: str = yaml.serialize(_node(value, 0), Dumper=yaml.SafeDumper, allow_unicode=True, width=80, indent=2)
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
        return nodes.ScalarNode("tag:yaml.org,2002:str", data, style="|" if "\n" in data else '"')
    if isinstance(data, float):
        return nodes.ScalarNode("tag:yaml.org,2002:float", "+Inf" if data > 0 else "-Inf")
    if isinstance(data, int | Fraction):
        tag = "int" if isinstance(data, int) else "float"
        return nodes.ScalarNode(f"tag:yaml.org,2002:{tag}", numbers.render(data))
    if isinstance(data, tuple):
        return nodes.SequenceNode(
            "tag:yaml.org,2002:seq", [_node(item, depth + 1) for item in data], flow_style=not data
        )
    if isinstance(data, dict):
        pairs = [
            (nodes.ScalarNode("tag:yaml.org,2002:str", name, style='"'), _node(item, depth + 1))
            for name, item in data.items()
        ]
        return nodes.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=not data)
    raise FunctionError(f"{value.type.words} has no YAML form")


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
        merged: dict[str, Value] = {}
        for key, item in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                parts = item.value if isinstance(item, nodes.SequenceNode) else [item]
                for part in reversed(parts):
                    if not isinstance(part, nodes.MappingNode):
                        raise FunctionError("a YAML merge key needs a mapping", 0)
                    merged |= self.value(part, inside).entries
            elif isinstance(key, nodes.ScalarNode):
                entries[str(key.value)] = self.value(item, inside)
            else:
                raise FunctionError("a YAML key must be a plain value", 0)
        return object_of({**merged, **entries})


def _scalar(node: nodes.ScalarNode) -> Value:
    text, tag = str(node.value), str(node.tag).rpartition(":")[2]
    if tag == "null":
        return NULL
    if node.style is None and text.lower() in _BOOLS[0] | _BOOLS[1]:
        return boolean(text.lower() in _BOOLS[0])
    if tag in ("int", "float"):
        return _number(text)
    if tag in ("str", "timestamp", "bool", "value"):
        return string(text)
    raise FunctionError(f"the YAML tag {node.tag} is not supported", 0)


def _number(text: str) -> Value:
    digits = text.replace("_", "").lower()
    sign, digits = (-1, digits[1:]) if digits[:1] == "-" else (1, digits.removeprefix("+"))
    if digits == ".nan":
        raise FunctionError("a number that is not a number (.nan) is not supported", 0)
    if digits == ".inf":
        return number(sign * float("inf"))
    try:
        if digits[:2] in ("0x", "0o", "0b"):
            return number(numbers.rounded(sign * int(digits, 0)))
        if len(digits) > 1 and digits[0] == "0" and digits.isdigit() and not set(digits) & {"8", "9"}:
            return number(numbers.rounded(sign * int(digits, 8)))
        plain = digits if digits[:1] != "." else "0" + digits
        return number(numbers.rounded(sign * numbers.read(plain.replace(".e", ".0e").removesuffix("."))))
    except (ValueError, NumberTooLarge):
        return string(text)
