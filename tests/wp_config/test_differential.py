"""Our trees against python-hcl2's own, on everything the tests hold that both can read.

Both are written down in postfix order: operands, then what is done with them. What the library refuses although it is
the language, or takes although it is not, stands in the two tables with the reason; `docs/configuration.md` says where
each is dealt with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import hcl2
import pytest
from lark.exceptions import UnexpectedInput, VisitError
from tests.wp_config.test_syntax import INVALID, VALID

from wp_config.diagnostics import Diagnostics, SourceFile
from wp_config.syntax import parse_body, tree
from wp_config.values import normal

HERE = Path(__file__).parent
FILES = {
    f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8")
    for folder in ("corpus/*/*.hcl", "fmt/*.hcl")
    for path in sorted(HERE.glob(folder))
}
TEXTS = FILES | VALID

# What the library refuses although it is the language.
NOT_READ = {
    "comment between words of a line": {
        "syntax/comments.hcl",
        "comment between labels",
        "comment before equals",
        "comment after equals",
    },
    "names of other scripts": {"syntax/names.hcl", "unicode name", "unicode name with mark"},
    "two signs in a row": {
        "expressions/arithmetic.hcl",
        "expressions/logic.hcl",
        "double not",
        "double minus",
        "minus of not",
    },
    "trim marks": {"strings/templates.hcl", "trim marks", "left trim mark only"},
    "new line in an interpolation": {"newline in interpolation"},
    "new line before a minus in parentheses": {"newline before minus in parentheses"},
    "escaped sequence with nothing behind it": {
        "escaped interpolation with nothing behind",
        "escaped directive with nothing behind",
    },
    "heredoc marker with an underscore": {"heredoc marker with underscore"},
    "spaces in a splat": {"spaced full splat"},
    "a file of the formatter that holds several of these": {"fmt/general.in.hcl"},
}
# What the library takes although it is not the language.
TAKEN = {
    "new lines that must be there": {
        "two attributes on a line",
        "junk after a block",
        "block after a block",
        "closing brace behind an attribute",
        "missing separator in an object",
    },
    "new lines that must not be there": {
        "brace on the next line",
        "newline after operator",
        "newline before operator",
        "newline before question mark",
        "newline after question mark",
        "newline in a string",
        "lone carriage return",
    },
    "blocks on one line": {
        "one-line block with two attributes",
        "one-line block with a block",
        "one-line block closed on the next line",
    },
    "escapes": {"bad escape", "bad unicode escape"},
    "what is there twice": {"duplicate attribute"},
    "templates in labels": {"interpolation in a label"},
    "steps that do not go together": {"nested attribute splat", "old index twice"},
    "keys that are no keys": {"ambiguous object key"},
    "directives without their beginning": {"else without if"},
}
# What the library reads as something else.
READ_DIFFERENTLY = {"an interpolation behind an escaped one": {"escape before real interpolation"}}


def theirs(node: Any) -> Iterator[object]:
    """A node of the library's tree in postfix order."""
    kind = type(node).__name__
    if node is None or kind == "NewLineOrCommentRule":
        return
    children = [child for child in getattr(node, "children", []) if child is not None]
    if kind in ("StartRule", "ExprTermRule", "ObjectElemKeyExpressionRule", "InterpolationRule", "ForCondRule"):
        for child in children:
            yield from theirs(child)
    elif kind == "BodyRule":
        for child in children:
            yield from theirs(child)
        yield "body"
    elif kind == "AttributeRule":
        yield from theirs(node.expression)
        yield f"{node.identifier.token.value} ="
    elif kind == "BlockRule":
        yield from theirs(node.body)
        yield [_label(label) for label in node.labels]
    elif kind == "IdentifierRule":
        yield normal(node.token.value)
    elif kind in ("IntLitRule", "FloatLitRule"):
        yield Fraction(str(node.token.value))
    elif kind in ("LiteralValueRule", "KeywordRule"):
        yield str(node.token.value)
    elif kind == "StringRule":
        yield from _their_string(node)
    elif kind.startswith("Heredoc"):
        yield "heredoc"
    elif kind == "BinaryOpRule":
        for child in children:
            yield from theirs(child)
    elif kind == "BinaryTermRule":
        *_, operator, right = (c for c in children if type(c).__name__ != "NewLineOrCommentRule")
        yield from theirs(right)
        yield operator.token.value
    elif kind == "UnaryOpRule":
        yield from theirs(node.expr_term)
        yield f"unary {node.operator}"
    else:
        yield from _their_rest(kind, node, children)


def _their_rest(kind: str, node: Any, children: list[Any]) -> Iterator[object]:
    names = {
        "TupleRule": "tuple",
        "ObjectRule": "object",
        "ConditionalRule": "?:",
        "ForTupleExprRule": "for",
        "ForObjectExprRule": "for",
    }
    if kind in ("GetAttrRule", "ShortIndexRule"):
        yield f".{node.identifier.token.value if kind == 'GetAttrRule' else node.index}"
    elif kind == "SqbIndexRule":
        yield from theirs(node.index_expression)
        yield "[]"
    elif kind in ("AttrSplatRule", "FullSplatRule"):
        yield ".*" if kind == "AttrSplatRule" else "[*]"
        for child in node.get_attrs:
            yield from theirs(child)
    elif kind == "FunctionCallRule":
        arguments = node.arguments
        for argument in arguments.arguments if arguments is not None else ():
            yield from theirs(argument)
        dots = "..." if arguments is not None and arguments.has_ellipsis else ""
        yield f"{'::'.join(name.token.value for name in node.identifiers)}(){dots}"
    elif kind == "ForIntroRule":
        yield from theirs(node.iterable)
        yield [it.token.value for it in (node.first_iterator, node.second_iterator) if it is not None]
    else:
        for child in children:
            if hasattr(child, "children"):
                yield from theirs(child)
        if kind in names:
            group = "..." if kind == "ForObjectExprRule" and node.ellipsis is not None else ""
            yield names[kind] + group


def _label(node: Any) -> str:
    if type(node).__name__ == "IdentifierRule":
        return str(node.token.value)
    (text,) = [*_their_string(node)] or [""]
    return str(text)


def _their_string(node: Any) -> Iterator[object]:
    yield from _joined(_their_parts(node.string_parts))


def _their_parts(parts: Any) -> Iterator[object]:
    for part in parts:
        content = getattr(part, "content", part)
        kind = type(content).__name__
        if not hasattr(content, "children"):
            text = str(content.value)
            yield ("text", text[1:] if kind.startswith("ESCAPED_") else _unescaped(text))
        elif kind == "InterpolationRule":
            yield from theirs(content.expression)
        else:
            yield from _their_directive(content)


def _their_directive(content: Any) -> Iterator[object]:
    for child in content.children:
        if child is None or type(child).__name__ in ("TemplateElseRule", "TemplateEndifRule", "TemplateEndforRule"):
            continue
        if type(child).__name__ == "TemplateIfStartRule":
            yield from theirs(child.condition)
        elif type(child).__name__ == "TemplateForStartRule":
            yield from theirs(child.collection)
        elif isinstance(child, list):
            yield from _their_parts(child)
        else:
            yield from _their_parts([child])


def _joined(parts: Iterator[object]) -> Iterator[object]:
    """Neighbouring pieces of text as one; empty ones are nothing."""
    text = ""
    for part in parts:
        if isinstance(part, tuple):
            text += part[1]
            continue
        if text:
            yield normal(text)
        text = ""
        yield part
    if text:
        yield normal(text)


def _unescaped(text: str) -> str:
    plain = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
    pattern = r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)"
    return re.sub(pattern, lambda found: plain.get(found[1]) or chr(int(found[1][1:], 16)), text)


def ours(node: tree.Node) -> Iterator[object]:
    """A node of our tree in postfix order."""
    match node:
        case tree.Body(items=items):
            for item in items:
                yield from ours(item)
            yield "body"
        case tree.Attribute():
            yield from ours(node.value)
            yield f"{node.name} ="
        case tree.Block():
            yield from ours(node.body)
            yield [node.type, *(label.value for label in node.labels)]
        case tree.Literal(value=str(text)) if node.range.text.startswith("<<"):
            yield "heredoc"
        case tree.Literal(value=str(text)):
            yield from [text] if text else []
        case tree.Literal(value=bool() | None):
            yield {True: "true", False: "false", None: "null"}[node.value]  # type: ignore[index]
        case tree.Literal():
            yield Fraction(node.value)
        case tree.Template():
            if node.quoted:
                yield from _joined(_our_parts(node.parts))
            else:
                yield "heredoc"
        case tree.Variable():
            yield node.name
        case tree.GetAttribute():
            yield from ours(node.source)
            yield f".{node.name}"
        case tree.Index():
            yield from ours(node.source)
            if node.range.text.endswith("]"):
                yield from ours(node.key)
                yield "[]"
            else:
                yield f".{node.key.range.text}"
        case tree.Splat():
            yield from ours(node.source)
            yield "[*]" if node.full else ".*"
            yield from ours(node.each)
        case tree.SplatItem():
            return
        case _:
            yield from _our_rest(node)


def _our_rest(node: tree.Node) -> Iterator[object]:
    for child in tree.children(node):
        if isinstance(node, tree.For) and child is node.collection:
            yield from ours(child)
            yield [name for name in (node.key, node.value) if name]
        else:
            yield from ours(child)
    match node:
        case tree.Call():
            yield f"{node.name}(){'...' if node.expand else ''}"
        case tree.Unary():
            yield f"unary {node.operator}"
        case tree.Binary():
            yield node.operator
        case tree.Conditional():
            yield "?:"
        case tree.TupleExpression():
            yield "tuple"
        case tree.ObjectExpression():
            yield "object"
        case tree.For():
            yield "for" + ("..." if node.group else "")


def _our_parts(parts: tuple[tree.TemplatePart, ...]) -> Iterator[object]:
    for part in parts:
        match part:
            case tree.TemplateText():
                yield ("text", part.value)
            case tree.Interpolation():
                yield from ours(part.value)
            case tree.TemplateIf():
                yield from ours(part.condition)
                yield from _our_parts(part.then)
                yield from _our_parts(part.otherwise)
            case tree.TemplateFor():
                yield from ours(part.collection)
                yield from _our_parts(part.body)


def read_by_the_library(text: str) -> Any:
    try:
        return hcl2.parses(text)
    except (UnexpectedInput, VisitError):
        return None


@pytest.mark.parametrize("name", INVALID)
def test_what_the_library_takes_although_it_is_not_the_language(name: str) -> None:
    """Each of these is refused in front of the grammar or behind it."""
    taken = read_by_the_library(INVALID[name][0]) is not None
    assert taken == (name in set().union(*TAKEN.values()))


@pytest.mark.parametrize("name", TEXTS)
def test_trees_agree(name: str) -> None:
    text = TEXTS[name]
    try:
        body = parse_body(SourceFile(name, text))
    except Diagnostics:
        assert ".errors." in name or (HERE / "corpus" / name).with_suffix(".errors.txt").exists(), name
        return
    found = read_by_the_library(text)
    assert (found is None) == (name in set().union(*NOT_READ.values())), (
        "the table NOT_READ must say what the library refuses"
    )
    if found is not None:
        agree = list(theirs(found)) == list(ours(body))
        assert agree == (name not in set().union(*READ_DIFFERENTLY.values())), "\n".join(
            f"{a!r:50} {b!r}" for a, b in zip(theirs(found), ours(body), strict=False) if a != b
        )
