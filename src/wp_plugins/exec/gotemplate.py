"""Go ``text/template`` texts, as ``exec`` configurations contain them: parsing.

Understood is the language of the Go package's documentation: actions with trim marks, comments, ``if``/``else if``,
``range`` (with ``break`` and ``continue``), ``with``, ``define``/``template``/``block``, variables, pipelines,
parentheses, literals. :mod:`wp_plugins.exec.gorender` executes what is parsed here.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from wp_plugins.exec.gofunctions import FUNCTIONS


class TemplateError(Exception):
    """A template cannot be parsed or executed; the text names template and line."""


# -- the tree ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Literal:
    """A constant: string, number, boolean or nil."""

    value: str | int | float | bool | None


@dataclass(frozen=True)
class Dot:
    """The cursor ``.``."""


@dataclass(frozen=True)
class Variable:
    """``$name``; the name includes the dollar sign, ``$`` alone is the initial data."""

    name: str


@dataclass(frozen=True)
class Field:
    """``.a.b`` of some operand."""

    of: Operand
    names: tuple[str, ...]


@dataclass(frozen=True)
class Function:
    """A function's name in operand position."""

    name: str


@dataclass(frozen=True)
class Pipeline:
    """Commands joined by ``|``, with the variables it declares or assigns."""

    commands: tuple[tuple[Operand, ...], ...]
    declares: tuple[str, ...] = ()
    assigns: bool = False
    line: int = 0


Operand = Literal | Dot | Variable | Field | Function | Pipeline


@dataclass(frozen=True)
class Text:
    """Text copied as it is."""

    text: str


@dataclass(frozen=True)
class Output:
    """An action that prints its value (nothing when it declares a variable)."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Branch:
    """``if``, ``with`` or ``range``."""

    kind: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    """``template "name" pipeline``."""

    name: str
    pipeline: Pipeline | None
    line: int


@dataclass(frozen=True)
class Jump:
    """``break`` or ``continue``."""

    kind: str


Node = Text | Output | Branch | Call | Jump


@dataclass
class Template:
    """A parsed text with the templates it defines."""

    name: str
    body: tuple[Node, ...] = ()
    definitions: dict[str, tuple[Node, ...]] = field(default_factory=dict)


# -- lexing ------------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<raw>`[^`]*`)
    | (?P<char>'(?:[^'\\\n]|\\.)+')
    | (?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))
    | (?P<variable>\$\w*)
    | (?P<field>\.[^\W\d]\w*)
    | (?P<dot>\.)
    | (?P<word>[^\W\d]\w*)
    | (?P<mark>:=|[()|,=])
    """,
    re.VERBOSE,
)
_ACTION = re.compile(r"\{\{(-(?=\s))?")
_CLOSE = re.compile(r"((?<=\s)-)?\}\}")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|\'(?:[^\'\\\n]|\\.)+\'')


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    spaced: bool  # white space before it: `.a .b` are two operands, `.a.b` one


@dataclass(frozen=True)
class _Action:
    tokens: tuple[_Token, ...]
    line: int


def _split(name: str, source: str) -> list[str | _Action]:
    pieces: list[str | _Action] = []
    position = 0
    trim = False
    while True:
        opening = _ACTION.search(source, position)
        text = source[position : opening.start() if opening else len(source)]
        if trim:
            text = text.lstrip(" \t\r\n")
        if opening and opening.group(1):
            text = text.rstrip(" \t\r\n")
        if text:
            pieces.append(text)
        if opening is None:
            return pieces
        line = source.count("\n", 0, opening.start()) + 1
        inside, position, trim = _action_end(name, source, opening.end(), line)
        if inside.strip().startswith("/*"):
            if not inside.strip().endswith("*/"):
                raise TemplateError(f"{name}:{line}: a comment must fill its action: {{{{/* … */}}}}")
            continue
        pieces.append(_Action(tuple(_tokens(name, inside, line)), line))


def _action_end(name: str, source: str, start: int, line: int) -> tuple[str, int, bool]:
    """Text of the action that begins at ``start``, the position behind it, and whether it trims what follows."""
    position = start
    comment = source[start:].lstrip().startswith("/*")
    while not comment and position < len(source):
        quoted = _QUOTED.match(source, position)
        if quoted:
            position = quoted.end()
        elif source.startswith("}}", position):
            break
        else:
            position += 1
    closing = _CLOSE.search(source, source.find("*/", start) if comment else max(start, position - 1))
    if closing is None:
        raise TemplateError(f"{name}:{line}: the action is not closed with }}}}")
    return source[start : closing.start()], closing.end(), closing.group(1) is not None


def _tokens(name: str, text: str, line: int) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    spaced = True
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise TemplateError(f"{name}:{line}: unexpected {text[position]!r} in an action")
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "space":
            spaced = True
            continue
        tokens.append(_Token(kind, match.group(), spaced))
        spaced = False
    return tokens


# -- parsing -----------------------------------------------------------------------------------------------------------


def parse(source: str, name: str = "template") -> Template:
    """The tree of ``source``; raises :class:`TemplateError` with ``name:line`` and the reason."""
    parser = _Parser(name, _split(name, source))
    template = parser.template
    template.body = parser.nodes(until=())[0]
    return template


class _Parser:
    def __init__(self, name: str, pieces: list[str | _Action]) -> None:
        self.template = Template(name)
        self._pieces = pieces
        self._next = 0
        self._line = 1
        self._loops = 0

    def fail(self, reason: str) -> TemplateError:
        return TemplateError(f"{self.template.name}:{self._line}: {reason}")

    def nodes(self, until: tuple[str, ...]) -> tuple[tuple[Node, ...], tuple[_Token, ...]]:
        """Nodes up to an action that begins with a word of ``until``; that action's tokens are returned too."""
        found: list[Node] = []
        while self._next < len(self._pieces):
            piece = self._pieces[self._next]
            self._next += 1
            if isinstance(piece, str):
                found.append(Text(piece))
                continue
            self._line = piece.line
            if not piece.tokens:
                raise self.fail("an action is empty")
            first = piece.tokens[0]
            if first.kind == "word" and first.text in ("end", "else"):
                if first.text not in until:
                    raise self.fail(f"unexpected {{{{{first.text}}}}}")
                return tuple(found), piece.tokens
            node = self._node(piece.tokens)
            if node is not None:
                found.append(node)
        if until:
            raise self.fail("a block is not ended with {{end}}")
        return tuple(found), ()

    def _node(self, tokens: tuple[_Token, ...]) -> Node | None:
        word = tokens[0].text if tokens[0].kind == "word" else ""
        if word in ("if", "with", "range"):
            return self._branch(word, tokens[1:])
        if word in ("break", "continue"):
            if not self._loops:
                raise self.fail(f"{{{{{word}}}}} stands outside of {{{{range}}}}")
            return Jump(word)
        if word in ("define", "block", "template"):
            return self._named(word, tokens[1:])
        return Output(self._pipeline(tokens))

    def _branch(self, kind: str, tokens: tuple[_Token, ...]) -> Branch:
        pipeline = self._pipeline(tokens, declarations=2 if kind == "range" else 1)
        self._loops += kind == "range"
        body, closing = self.nodes(("end", "else"))
        self._loops -= kind == "range"
        otherwise: tuple[Node, ...] = ()
        if closing[0].text == "else":
            if len(closing) > 1:
                if closing[1].text != kind or kind == "range":
                    raise self.fail(f"{{{{else {closing[1].text}}}}} does not belong to {{{{{kind}}}}}")
                otherwise = (self._branch(kind, closing[2:]),)
            else:
                otherwise = self.nodes(("end",))[0]
        return Branch(kind, pipeline, body, otherwise)

    def _named(self, word: str, tokens: tuple[_Token, ...]) -> Node | None:
        if not tokens or tokens[0].kind not in ("string", "raw"):
            raise self.fail(f"{{{{{word}}}}} needs a name in quotes")
        name = str(_literal(tokens[0]).value)
        line = self._line
        pipeline = self._pipeline(tokens[1:]) if len(tokens) > 1 else None
        if word == "template":
            return Call(name, pipeline, line)
        loops, self._loops = self._loops, 0
        self.template.definitions[name] = self.nodes(("end",))[0]
        self._loops = loops
        return Call(name, pipeline, line) if word == "block" else None

    def _pipeline(self, tokens: tuple[_Token, ...], declarations: int = 1) -> Pipeline:
        marks = [token.text for token in tokens]
        for sign in (":=", "="):
            if sign in marks:
                at = marks.index(sign)
                names = tuple(token.text for token in tokens[:at] if token.kind == "variable")
                if not names or len(names) > declarations or len(names) * 2 - 1 != at:
                    raise self.fail(f"the left side of {sign} must be a variable")
                return Pipeline(self._commands(tokens[at + 1 :]), names, sign == "=", self._line)
        return Pipeline(self._commands(tokens), line=self._line)

    def _commands(self, tokens: tuple[_Token, ...]) -> tuple[tuple[Operand, ...], ...]:
        reader = _Operands(self, tokens)
        commands = reader.commands()
        if reader.rest():
            raise self.fail(f"unexpected {reader.rest()[0].text!r}")
        return commands


class _Operands:
    """Reads operands of one action, parentheses included."""

    def __init__(self, parser: _Parser, tokens: tuple[_Token, ...]) -> None:
        self._parser = parser
        self._tokens = tokens
        self._at = 0

    def rest(self) -> tuple[_Token, ...]:
        return self._tokens[self._at :]

    def commands(self) -> tuple[tuple[Operand, ...], ...]:
        commands: list[tuple[Operand, ...]] = []
        while True:
            operands: list[Operand] = []
            while self.rest() and self.rest()[0].text not in ("|", ")"):
                operands.append(self._operand())
            if not operands:
                raise self._parser.fail("a value is missing")
            commands.append(tuple(operands))
            if not self.rest() or self.rest()[0].text != "|":
                return tuple(commands)
            self._at += 1

    def _operand(self) -> Operand:
        token = self.rest()[0]
        self._at += 1
        operand = self._simple(token)
        names: list[str] = [token.text[1:]] if token.kind == "field" else []
        while self.rest() and self.rest()[0].kind == "field" and not self.rest()[0].spaced:
            names.append(self.rest()[0].text[1:])
            self._at += 1
        return Field(operand, tuple(names)) if names else operand

    def _simple(self, token: _Token) -> Operand:
        if token.kind in ("dot", "field"):
            return Dot()
        if token.kind == "variable":
            return Variable(token.text)
        if token.text == "(":
            inner = Pipeline(self.commands())
            if not self.rest() or self.rest()[0].text != ")":
                raise self._parser.fail("a parenthesis is not closed")
            self._at += 1
            return inner
        if token.kind == "word" and token.text not in ("true", "false", "nil"):
            if token.text not in FUNCTIONS:
                raise self._parser.fail(f"function {token.text!r} is not defined")
            return Function(token.text)
        try:
            return _literal(token)
        except (ValueError, SyntaxError) as error:
            raise self._parser.fail(f"unexpected {token.text!r}") from error


def _literal(token: _Token) -> Literal:
    words: dict[str, bool | None] = {"true": True, "false": False, "nil": None}
    if token.text in words:
        return Literal(words[token.text])
    if token.kind == "raw":
        return Literal(token.text[1:-1])
    if token.kind in ("string", "char"):
        # Go's escapes are a subset of Python's, except that \NNN always has three octal digits in both.
        value = str(ast.literal_eval(token.text))
        return Literal(ord(value) if token.kind == "char" else value)
    if token.kind == "number":
        text = token.text.replace("_", "")
        if re.fullmatch(r"[+-]?\d+", text):
            return Literal(int(text, 8) if re.fullmatch(r"[+-]?0\d+", text) else int(text))
        return Literal(int(text, 0) if re.match(r"[+-]?0[xXoObB]", text) else float(text))
    raise ValueError(token.text)
