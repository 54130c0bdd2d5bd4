"""Templates of the configuration language: what a runner could not finish, because a value is known only here
(hcl.md §14, §19).

A template is parsed into functions of a scope and called once. Values are Python's: str, bool, int or Rational, None,
list (a list or tuple), Set, dict (a map or object). Nothing that an error says comes from a value: those are secrets.
"""

from __future__ import annotations

from wp_entrypoint.values import (
    ExpressionError,
    Lazy,
    Set,
    equal,
    minus,
    normal,
    number_of,
    over,
    plus,
    rounded,
    text_of,
    times,
    truth_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Read = TypeVar("Read")
    Value = Any
    Scope = dict[str, Value]
    Node = Callable[[Scope], Value]

MAX_DEPTH = 100
"""Expressions inside of each other; a parser's step takes several of Python's."""
MAX_ROUNDS = 100_000
"""Rounds of all loops of one template."""

_BINARY = (("||",), ("&&",), ("==", "!="), ("<=", ">=", "<", ">"), ("+", "-"), ("*", "/", "%"))
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_HEX = {"u": 4, "U": 8}
_LITERALS = {"true": True, "false": False, "null": None}


def render(text: str, scope: Scope) -> str:
    """The text of a template. Raises ExpressionError."""
    try:
        parser = _Parser(text)
        node = parser.template()
        return text_of(node(scope))
    except RecursionError:
        raise ExpressionError("it nests too deeply") from None


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._rounds = 0
        self._trims_next = False  # whether the directive that ended a body trims what follows
        self._free = True  # whether new lines are white space here, which they are not in an object
        self._flow: list[list[str] | None] = []  # texts of the template being read, and None for each sequence

    # Characters

    def _error(self, what: str) -> ExpressionError:
        return ExpressionError(f"{what} (character {self._at + 1})")

    def _space(self) -> None:
        text = self._text
        while self._at < len(text):
            if text[self._at] in " \t" or (self._free and text.startswith(("\n", "\r\n"), self._at)):
                self._at += 1
            elif text[self._at] == "#" or text.startswith("//", self._at):
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            elif text.startswith("/*", self._at):
                end = text.find("*/", self._at + 2)
                if end < 0:
                    raise self._error("a comment is not closed")
                self._at = end + 2
            else:
                return

    def _take(self, *symbols: str) -> str:
        """Step over one of these symbols; which, or an empty string."""
        self._space()
        for symbol in symbols:
            if self._text.startswith(symbol, self._at):
                self._at += len(symbol)
                return symbol
        return ""

    def _expect(self, symbol: str) -> None:
        if not self._take(symbol):
            raise self._error(f'"{symbol}" is missing')

    def _name(self) -> str:
        """Step over a name; an empty string when there is none."""
        self._space()
        start = self._at
        if start < len(self._text) and (self._text[start].isidentifier()):
            self._at += 1
            while self._at < len(self._text) and (
                self._text[self._at] == "-" or ("a" + self._text[self._at]).isidentifier()
            ):
                self._at += 1
        return self._text[start : self._at]

    def _keyword(self, *words: str) -> str:
        """Step over one of these words; which, or an empty string."""
        before = self._at
        found = self._name()
        if found in words:
            return found
        self._at = before
        return ""

    # Templates

    def template(self) -> Node:
        """The whole text."""
        parts, _ = self._parts("", ())
        return _joined(parts)

    def _parts(self, quote: str, until: tuple[str, ...]) -> tuple[list[object], str]:
        """Texts and nodes up to the quote, the end, or the first directive of `until`, which is returned too. A text is
        a list of what a trim mark beside it may reach: all of a string, one line elsewhere.
        """
        parts: list[object] = []
        trimming = False
        text = self._text
        while True:
            literal, mark = self._literal(quote)
            if literal:
                parts.append(literal)
                self._flow.append(literal)
                if trimming:
                    literal[0] = literal[0].lstrip()
            if not mark:
                if until:
                    raise self._error(f'"{until[-1]}" is missing')
                return parts, ""
            self._flow.append(None)
            if text.startswith("~", self._at):
                self._at += 1
                if literal:
                    literal[-1] = literal[-1].rstrip()
            if mark == "${":
                parts.append(self._inside(self._expression))
                trimming = self._close()
                continue
            word = self._name()
            if word in until:
                self._trims_next = self._close()
                return parts, word
            trimming = self._directive(word, quote, parts)

    def _literal(self, quote: str) -> tuple[list[str], str]:
        """Characters up to the next sequence, and which it is; at the quote or the end there is none."""
        text = self._text
        found: list[str] = []
        mark = ""
        while self._at < len(text) or quote:
            if self._at >= len(text):
                raise self._error("a string is not closed")
            char = text[self._at]
            if quote and char == quote:
                self._at += 1
                break
            if text.startswith(("$${", "%%{"), self._at):
                found.append(text[self._at + 1 : self._at + 3])
                self._at += 3
            elif text.startswith(("${", "%{"), self._at):
                mark = text[self._at : self._at + 2]
                self._at += 2
                break
            elif quote and char == "\\":
                found.append(self._escape())
            elif quote and char in "\r\n":
                raise self._error("a string is not closed on its line")
            else:
                found.append(char)
                self._at += 1
        joined = _normal("".join(found))
        lines = [joined] if quote else [line + "\n" for line in joined.split("\n")]
        if not quote:
            lines[-1] = lines[-1][:-1]
        return [line for line in lines if line], mark

    def _inside(self, read: Callable[[], Read], free: bool = True) -> Read:
        """What `read` reads inside of brackets, or of a string of its own."""
        before = self._free, self._flow
        self._free, self._flow = free, []
        found = read()
        self._free, self._flow = before
        return found

    def _heredoc(self) -> Node:
        """A text over several lines, behind its `<<`."""
        indented = self._text.startswith("-", self._at)
        self._at += indented
        marker = "" if self._text[self._at : self._at + 1].isspace() else self._name()
        text, start = self._text, self._at + 1
        if text.startswith("\r\n", self._at):
            start += 1
        elif not marker or not text.startswith("\n", self._at):
            raise self._error("a value is missing")
        first = start
        while True:
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            if text[start:end].strip() == marker:
                break
            if end == len(text):
                raise self._error(f'a line with "{marker}" alone is missing')
            start = end + 1
        self._text, self._at = text[:start], first
        parts, _ = self._parts("", ())
        self._text, self._at = text, end
        if indented:
            _unindent(self._flow)
        return _text(parts)

    def _escape(self) -> str:
        letter = self._text[self._at + 1 : self._at + 2]
        if letter in _HEX:
            digits = self._text[self._at + 2 : self._at + 2 + _HEX[letter]]
            self._at += 2 + len(digits)
            valid = len(digits) == _HEX[letter] and not digits.strip("0123456789abcdefABCDEF")
            code = int(digits, 16) if valid else -1
            if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise self._error("an escape names no character")
            return chr(code)
        self._at += 2
        if letter not in _ESCAPES or not letter:
            raise self._error("this escape is not known")
        return _ESCAPES[letter]

    def _close(self) -> bool:
        """Step over the end of a sequence; whether it trims what follows."""
        end = self._take("~}", "}")
        if not end:
            raise self._error('"}" is missing')
        return end == "~}"

    def _directive(self, word: str, quote: str, parts: list[object]) -> bool:
        if word == "if":
            condition = self._inside(self._expression)
            then, end = self._body(quote, ("else", "endif"), self._close())
            otherwise: list[object] = []
            if end == "else":
                otherwise, _ = self._body(quote, ("endif",), self._trims_next)
            parts.append(_Spread(_choice(condition, _text(then), _text(otherwise))))
        elif word == "for":
            names, collection = self._inside(self._loop_head)
            body, _ = self._body(quote, ("endfor",), self._close())
            parts.append(_Spread(self._loop_text(names, collection, _text(body))))
        else:
            raise self._error("this directive is not known here")
        return self._trims_next

    def _body(self, quote: str, until: tuple[str, ...], trims: bool) -> tuple[list[object], str]:
        self._enter()
        parts, word = self._parts(quote, until)
        self._depth -= 1
        if trims and parts and isinstance(parts[0], list):
            parts[0][0] = parts[0][0].lstrip()
        return parts, word

    # Expressions

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error("it nests too deeply")

    def _expression(self) -> Node:
        self._enter()
        node = self._binary(0)
        if self._take("?"):
            then = self._expression()
            self._expect(":")
            node = _conditional(node, then, self._expression())
        self._depth -= 1
        return node

    def _binary(self, level: int) -> Node:
        if level == len(_BINARY):
            return self._unary()
        node = self._binary(level + 1)
        while True:
            self._space()
            if level == 5 and self._text.startswith("%{", self._at):
                return node
            operator = self._take(*_BINARY[level])
            if not operator:
                return node
            node = _operation(operator, node, self._binary(level + 1))

    def _unary(self) -> Node:
        self._space()
        if self._text.startswith("!=", self._at):
            raise self._error("a value is missing")
        operator = self._take("!", "-")
        if not operator:
            return self._access(self._primary())
        self._enter()
        operand = self._unary()
        self._depth -= 1
        if operator == "!":
            return lambda scope: not truth_of(operand(scope))
        return lambda scope: minus(0, number_of(operand(scope)))

    def _access(self, node: Node) -> Node:
        while True:
            self._space()
            if self._text.startswith(".", self._at) and not self._text.startswith("...", self._at):
                self._at += 1
                if self._text.startswith("*", self._at):
                    self._at += 1
                    node = self._splat(node, attributes_only=True)
                else:
                    node = self._attribute(node)
            elif self._text.startswith("[", self._at):
                self._at += 1
                before = self._at
                if self._inside(lambda: self._take("*") and self._take("]"), free=False):
                    node = self._splat(node, attributes_only=False)
                    continue
                self._at = before
                node = _element(node, self._inside(self._expression))
                self._expect("]")
            else:
                return node

    def _attribute(self, node: Node) -> Node:
        """What stands behind a dot: a name, or the number of an element."""
        name = self._name()
        if name:
            return _attribute(node, name)
        start = self._at
        position = self._number()
        if not self._text[start : self._at].isdigit():
            raise self._error("a name is missing")
        return _element(node, _constant(position))

    def _splat(self, source: Node, attributes_only: bool) -> Node:
        held: list[Value] = []
        start: Node = lambda scope: held[-1]  # noqa: E731
        each = start
        if attributes_only:
            self._space()
            while self._text.startswith(".", self._at) and not self._text.startswith((".*", "..."), self._at):
                self._at += 1
                each = self._attribute(each)
                self._space()
            if self._text.startswith(".*", self._at):
                raise self._error("a second splat is written [*]")
        else:
            each = self._access(start)

        def spread(scope: Scope) -> Value:
            value = source(scope)
            if value is None:
                return []
            results = []
            for item in value if isinstance(value, list) else [value]:
                held.append(item)
                results.append(each(scope))
                held.pop()
            return results

        return spread

    def _primary(self) -> Node:
        self._space()
        char = self._text[self._at : self._at + 1]
        if char.isdigit():
            return _constant(self._number())
        if char == '"':
            self._at += 1
            parts, _ = self._inside(lambda: self._parts('"', ()))
            return _joined(parts)
        if self._take("<<"):
            return self._inside(self._heredoc)
        if self._take("("):
            node: Node = self._inside(self._expression)
            self._expect(")")
            return node
        if self._take("["):
            return self._inside(self._tuple)
        if self._take("{"):
            before = self._at
            loops = bool(self._inside(lambda: self._keyword("for") and self._name()))
            self._at = before
            return self._inside(self._object_loop if loops else self._object, free=loops)
        name = self._name()
        if not name:
            raise self._error("a value is missing")
        if self._take("("):
            return self._inside(lambda: self._call(name))
        if name in _LITERALS:
            return _constant(_LITERALS[name])
        return _variable(name)

    def _number(self) -> Value:
        start = self._at

        def digits() -> bool:
            before = self._at
            while self._text[self._at : self._at + 1].isdigit():
                self._at += 1
            return self._at > before

        digits()
        if self._text.startswith(".", self._at) and self._text[self._at + 1 : self._at + 2].isdigit():
            self._at += 1
            digits()
        if self._text[self._at : self._at + 1] in ("e", "E"):
            before = self._at
            self._at += 1
            if self._text[self._at : self._at + 1] in ("+", "-"):
                self._at += 1
            if not digits():
                self._at = before
        return number_of(self._text[start : self._at])

    def _items(self, end: str) -> tuple[list[Node], bool]:
        """Expressions up to the end, and whether the last one is to be spread."""
        items: list[Node] = []
        while not self._take(end):
            items.append(self._expression())
            if self._take("..."):
                self._take(",")
                self._expect(end)
                return items, True
            if not self._take(","):
                self._expect(end)
                break
        return items, False

    def _tuple(self) -> Node:
        if self._keyword("for"):
            names, collection = self._loop_head(":")
            result = self._expression()
            condition = self._expression() if self._keyword("if") else None
            self._expect("]")
            return self._loop(names, collection, condition, lambda scope, into: into.append(result(scope)), list)
        items, spread = self._items("]")
        if spread:
            raise self._error('"..." is not allowed here')
        return lambda scope: [item(scope) for item in items]

    def _object(self) -> Node:
        items: list[tuple[Node, Node]] = []
        self._lines()
        while not self._take("}"):
            before = self._at
            name = self._name()
            self._space()
            if (
                name
                and self._text[self._at : self._at + 1] in ("=", ":")
                and self._text[self._at : self._at + 2] != "=="
            ):
                key = _constant(name)
            else:
                if name and self._text[self._at : self._at + 1] in (".", "["):
                    raise self._error("a key to be computed stands in parentheses")
                self._at = before
                key = self._expression()
            if not self._take("=", ":"):
                raise self._error('"=" is missing')
            items.append((key, self._expression()))
            if not self._lines() + bool(self._take(",")) + self._lines():
                self._expect("}")
                break

        def make(scope: Scope) -> Value:
            return _sorted({_key(key(scope)): value(scope) for key, value in items})

        return make

    def _lines(self) -> int:
        """Step over ends of lines; how many."""
        count = 0
        while self._take("\n", "\r\n"):
            count += 1
        return count

    def _object_loop(self) -> Node:
        self._expect("for")
        names, collection = self._loop_head(":")
        key = self._expression()
        self._expect("=>")
        result = self._expression()
        group = bool(self._take("..."))
        condition = self._expression() if self._keyword("if") else None
        self._expect("}")

        def put(scope: Scope, into: dict[str, Value]) -> None:
            name = _key(key(scope))
            if group:
                into.setdefault(name, []).append(result(scope))
            elif name in into:
                raise ExpressionError('a key comes up twice; "..." behind the value groups equal keys')
            else:
                into[name] = result(scope)

        loop = self._loop(names, collection, condition, put, dict)
        return lambda scope: _sorted(loop(scope))

    def _loop_head(self, end: str = "") -> tuple[list[str], Node]:
        names = [self._name()]
        if self._take(","):
            names.append(self._name())
        if not all(names) or not self._keyword("in"):
            raise self._error('"in" is missing')
        collection = self._expression()
        if end:
            self._expect(end)
        return names, collection

    def _scopes(self, names: list[str], collection: Node, scope: Scope) -> list[Scope]:
        rounds = _entries(collection(scope))
        self._rounds += len(rounds)
        if self._rounds > MAX_ROUNDS:
            raise ExpressionError(f"all loops together may run {MAX_ROUNDS} times")
        return [{**scope, **dict(zip(names, pair if len(names) == 2 else pair[1:]))} for pair in rounds]

    def _loop(
        self,
        names: list[str],
        collection: Node,
        condition: Node | None,
        put: Callable[[Scope, Any], None],
        make: Callable[[], Any],
    ) -> Node:
        def loop(scope: Scope) -> Value:
            into = make()
            for inner in self._scopes(names, collection, scope):
                if condition is None or truth_of(condition(inner)):
                    put(inner, into)
            return into

        return loop

    def _loop_text(self, names: list[str], collection: Node, body: Node) -> Node:
        return lambda scope: "".join(body(inner) for inner in self._scopes(names, collection, scope))

    def _call(self, name: str) -> Node:
        arguments, spread = self._items(")")
        if name in ("try", "can"):
            return _attempt(name, arguments)

        def call(scope: Scope) -> Value:
            from wp_entrypoint.functions import run

            values = [argument(scope) for argument in arguments]
            if spread:
                last = values.pop()
                if not isinstance(last, list):
                    raise ExpressionError('a list must stand before "..."')
                values += last
            return run(name, values)

        return call


class _Spread:
    """A part of a template that is a directive: never passed on with a type of its own."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node


def _joined(parts: list[object]) -> Node:
    """A template; one that is nothing but a sequence has that one's value."""
    if len(parts) == 1 and not isinstance(parts[0], (list, _Spread)):
        return parts[0]  # type: ignore[return-value]
    return _text(parts)


def _text(parts: list[object]) -> Node:
    def text(scope: Scope) -> str:
        pieces: list[str] = []
        for part in parts:
            if isinstance(part, list):
                pieces += part
            else:
                node: Any = part.node if isinstance(part, _Spread) else part
                pieces.append(text_of(node(scope)))
        return "".join(pieces)

    return text


def _normal(text: str) -> str:
    return text if text.isascii() else str(normal(text))


def _unindent(flow: list[list[str] | None]) -> None:
    """Remove the smallest indentation of all lines. Where a trim mark took the end of a line, the next one does not
    begin a line.
    """
    smallest: int | None = None
    lines: list[tuple[list[str], int]] = []
    begins = True
    for text in flow:
        for number, line in enumerate([""] if text is None else text):
            if begins and (line.strip() or not line.endswith("\n")):
                indent = len(line) - len(line.lstrip())
                smallest = indent if smallest is None else min(smallest, indent)
                if text is not None:
                    lines.append((text, number))
            begins = line.endswith("\n")
    for text, number in lines:
        text[number] = text[number][smallest:]


def _constant(value: Value) -> Node:
    return lambda scope: value


def _variable(name: str) -> Node:
    def variable(scope: Scope) -> Value:
        if name not in scope:
            raise ExpressionError(f'there is no variable named "{name}"')
        return scope[name]

    return variable


def _attribute(node: Node, name: str) -> Node:
    def attribute(scope: Scope) -> Value:
        value = node(scope)
        if isinstance(value, Lazy):
            return value.get(name)
        if not isinstance(value, dict):
            raise ExpressionError(f'a value has no attribute "{name}"')
        if name not in value:
            raise ExpressionError(f'an object has no attribute "{name}"')
        return value[name]

    return attribute


def _element(node: Node, key: Node) -> Node:
    def element(scope: Scope) -> Value:
        value, wanted = node(scope), key(scope)
        if isinstance(value, Lazy):
            return value.get(text_of(wanted))
        if isinstance(value, dict):
            name = text_of(wanted)
            if name not in value:
                raise ExpressionError("an object has no element of that name")
            return value[name]
        if isinstance(value, list) and not isinstance(value, Set):
            position = number_of(wanted)
            if not isinstance(position, int) or not 0 <= position < len(value):
                raise ExpressionError(f"an index must be a whole number below {len(value)}")
            return value[position]
        raise ExpressionError("a value has no elements to choose")

    return element


def _conditional(condition: Node, then: Node, otherwise: Node) -> Node:
    def conditional(scope: Scope) -> Value:
        chosen, other = (then, otherwise) if truth_of(condition(scope)) else (otherwise, then)
        value = chosen(scope)
        try:
            beside = other(scope)
        except ExpressionError:
            return value
        if value is None or beside is None or (type(value) is type(beside) and isinstance(value, (str, bool, int))):
            return value
        from wp_entrypoint.kinds import alike

        return alike(value, beside)

    return conditional


def _choice(condition: Node, then: Node, otherwise: Node) -> Node:
    return lambda scope: (then if truth_of(condition(scope)) else otherwise)(scope)


def _operation(operator: str, left: Node, right: Node) -> Node:
    def operation(scope: Scope) -> Value:
        a, b = left(scope), right(scope)
        if operator in ("==", "!="):
            return equal(a, b) == (operator == "==")
        if operator in ("&&", "||"):
            x, y = truth_of(a), truth_of(b)
            return (x and y) if operator == "&&" else (x or y)
        return _calculated(operator, number_of(a), number_of(b))

    return operation


def _calculated(operator: str, a: Any, b: Any) -> Value:
    if operator in ("<", ">", "<=", ">="):
        return (
            (a < b) if operator == "<" else (a > b) if operator == ">" else not (a > b if operator == "<=" else a < b)
        )
    if operator in ("+", "-", "*"):
        return rounded({"+": plus, "-": minus, "*": times}[operator](a, b))
    if operator == "%" and not a.denominator:
        raise ExpressionError("an infinite number has no remainder")
    if operator == "%" and (b == 0 or not b.denominator):
        return a
    quotient = rounded(over(a, b))
    if operator == "/":
        return quotient
    towards_zero = abs(quotient.numerator) // quotient.denominator * (-1 if quotient < 0 else 1)
    return rounded(minus(a, rounded(times(b, towards_zero))))


def _attempt(name: str, arguments: list[Node]) -> Node:
    def attempt(scope: Scope) -> Value:
        problem = ExpressionError(f"{name} needs an argument")
        for argument in arguments:
            try:
                value = argument(scope)
            except ExpressionError as error:
                problem = error
                continue
            return value if name == "try" else True
        if name == "can":
            return False
        raise problem

    return attempt


def _key(value: Value) -> str:
    if value is None:
        raise ExpressionError("a key must not be null")
    return text_of(value)


def _sorted(entries: dict[str, Value]) -> dict[str, Value]:
    return {name: entries[name] for name in sorted(entries)}


def _entries(value: Value) -> list[tuple[Value, Value]]:
    """Keys and values in the order of a loop."""
    if isinstance(value, Lazy):
        value = value.all()
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, Set):
        return [(item, item) for item in value]
    if isinstance(value, list):
        return list(enumerate(value))
    raise ExpressionError("a loop needs a list, a set, a map or an object")
