"""Reads RE2's pattern syntax (hcl.md §12.3) into a small tree; refuses what only other engines know."""

from __future__ import annotations

import functools
import re
import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[str], bool]
    """Whether one character fits."""

MAX_REPEAT = 1000
"""Largest count in ``{n,m}``, as in RE2."""

MAX_DEPTH = 200
"""Groups inside each other."""


class PatternError(ValueError):
    """The pattern is not RE2 syntax, or matching would be too much work; the message says why."""


_CATEGORY_NAMES = "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Cs Co"
_CATEGORIES = frozenset(_CATEGORY_NAMES.split())
_POSIX = {
    "alnum": "09AZaz",
    "alpha": "AZaz",
    "ascii": "\x00\x7f",
    "blank": "\t\t  ",
    "cntrl": "\x00\x1f\x7f\x7f",
    "digit": "09",
    "graph": "!~",
    "lower": "az",
    "print": " ~",
    "punct": "!/:@[`{~",
    "space": "\t\r  ",
    "upper": "AZ",
    "word": "09AZaz__",
    "xdigit": "09AFaf",
}
_PERL = {"d": "09", "w": "09AZaz__", "s": "\t\n\f\r  "}
_SIMPLE = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_ASSERTIONS = {"A": "text start", "z": "text end", "b": "border", "B": "no border"}


class Node:
    """A piece of a pattern. ``kind``: char, empty, sequence, choice, repeat, group, assertion."""

    def __init__(
        self,
        kind: str,
        test: Test | None = None,
        parts: tuple[Node, ...] = (),
        least: int = 0,
        most: int | None = None,
        greedy: bool = True,
        number: int = 0,
        word: str = "",
    ) -> None:
        self.kind = kind
        self.test = test
        self.parts = parts
        self.least = least
        self.most = most
        self.greedy = greedy
        self.number = number
        self.word = word

    @functools.cached_property
    def may_be_empty(self) -> bool:
        """Whether this matches without reading a character."""
        if self.kind == "choice":
            return any(part.may_be_empty for part in self.parts)
        if self.kind == "repeat" and not self.least:
            return True
        return self.kind != "char" and all(part.may_be_empty for part in self.parts)


class _Flags:
    def __init__(self) -> None:
        self.fold = False
        self.lines = False
        self.dot_all = False
        self.ungreedy = False


class Parser:
    """Reads one pattern; ``groups`` and ``names`` are known after :meth:`parse`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.groups = 0
        self.names: dict[str, int] = {}
        self.flags = _Flags()
        self.depth = 0

    def parse(self) -> Node:
        """The tree of the whole pattern. Raises :class:`PatternError`."""
        node = self._choice()
        if self.position < len(self.text):
            raise PatternError("a closing parenthesis has no partner")
        return node

    def _peek(self, size: int = 1) -> str:
        return self.text[self.position : self.position + size]

    def _choice(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise PatternError("groups nest too deeply")
        branches = [self._sequence()]
        while self._peek() == "|":
            self.position += 1
            branches.append(self._sequence())
        self.depth -= 1
        return branches[0] if len(branches) == 1 else Node("choice", parts=tuple(branches))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.position < len(self.text) and self._peek() not in "|)":
            part = self._atom()
            if part is not None:
                parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Node("sequence", parts=tuple(parts))

    def _repeated(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        least, most = bounds
        greedy = self._peek() != "?"
        if not greedy:
            self.position += 1
        node = Node("repeat", parts=(node,), least=least, most=most, greedy=greedy != self.flags.ungreedy)
        if (self._peek() in ("*", "+", "?") and self._peek()) or self._bounds() is not None:
            raise PatternError("a repetition follows another one; possessive repetition is not supported")
        return node

    def _bounds(self) -> tuple[int, int | None] | None:
        char = self._peek()
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if char in simple:
            self.position += 1
            return simple[char]
        if char != "{":
            return None
        end = self.text.find("}", self.position)
        low, comma, high = self.text[self.position + 1 : end].partition(",")
        if end < 0 or not (low.isascii() and low.isdigit()) or (high and not (high.isascii() and high.isdigit())):
            return None
        least, most = int(low[:6]), (int(high[:6]) if high else None) if comma else int(low[:6])
        if least > MAX_REPEAT or (most or 0) > MAX_REPEAT or (most is not None and most < least):
            raise PatternError(f"repetition counts go up to {MAX_REPEAT}, the smaller first")
        self.position = end + 1
        return least, most

    def _atom(self) -> Node | None:
        char = self._peek()
        if char == "(":
            return self._group()
        self.position += 1
        if char in "*+?":
            raise PatternError(f'there is nothing before "{char}" to repeat')
        if char == "[":
            return Node("char", self._class())
        if char == ".":
            return Node("char", (lambda _: True) if self.flags.dot_all else (lambda c: c != "\n"))
        if char == "^":
            return Node("assertion", word="line start" if self.flags.lines else "text start")
        if char == "$":
            return Node("assertion", word="line end" if self.flags.lines else "text end")
        if char == "\\":
            return self._escape()
        return self._literal(char)

    def _literal(self, char: str) -> Node:
        return Node("char", _members([(char, char)], [], False, self.flags.fold))

    def _group(self) -> Node | None:
        outer = _Flags()
        vars(outer).update(vars(self.flags))
        self.position += 1
        number = 0
        if self._peek() != "?":
            self.groups += 1
            number = self.groups
        elif self._peek(3) == "?P<" or (self._peek(2) == "?<" and self._peek(3) not in ("?<=", "?<!")):
            start = self.text.index("<", self.position) + 1
            end = self.text.find(">", start)
            name = self.text[start:end] if end > 0 else ""
            if not re.fullmatch(r"\w+", name, re.ASCII) or name in self.names:
                raise PatternError("a group's name holds letters, digits and underscores, and stands once")
            self.groups += 1
            number = self.names[name] = self.groups
            self.position = end + 1
        elif self._options():
            return None
        node = self._choice()
        if self._peek() != ")":
            raise PatternError("a group is not closed")
        self.position += 1
        self.flags = outer
        return Node("group", parts=(node,), number=number) if number else node

    def _options(self) -> bool:
        """Read ``?i-s:`` or ``?i)``; True for the latter, which changes the flags of the rest of the group around."""
        self.position += 1
        value = True
        names = {"i": "fold", "m": "lines", "s": "dot_all", "U": "ungreedy"}
        while True:
            char = self._peek()
            self.position += 1
            if char in names and char:
                setattr(self.flags, names[char], value)
            elif char == "-" and value:
                value = False
            elif char == ":":
                return False
            elif char == ")":
                return True
            else:
                raise PatternError("look-around and other extended groups are not supported")

    def _escape(self) -> Node:
        letter = self._peek()
        if letter in _ASSERTIONS and letter:
            self.position += 1
            return Node("assertion", word=_ASSERTIONS[letter])
        if letter == "Q":
            end = self.text.find("\\E", self.position)
            stop = len(self.text) if end < 0 else end
            literal = self.text[self.position + 1 : stop]
            self.position = stop if end < 0 else stop + 2
            if not literal:
                return Node("sequence")
            last = self._repeated(self._literal(literal[-1]))
            return Node("sequence", parts=(*(self._literal(char) for char in literal[:-1]), last))
        ranges, tests, negated = self._escaped_set()
        return Node("char", _members(ranges, tests, negated, self.flags.fold))

    def _escaped_set(self) -> tuple[list[tuple[str, str]], list[Test], bool]:
        """The characters an escape stands for: ranges, tests, and whether they are excluded."""
        letter = self._peek()
        self.position += 1
        if letter.lower() in _PERL and letter:
            return _pairs(_PERL[letter.lower()]), [], letter.isupper()
        if letter and letter in "pP":
            return [], [self._property()], letter == "P"
        return [(char := self._escaped_char(letter), char)], [], False

    def _escaped_char(self, letter: str) -> str:
        if letter in _SIMPLE and letter:
            return _SIMPLE[letter]
        if letter == "x":
            return self._hexadecimal()
        if letter.isdigit() and letter != "0":
            raise PatternError("back-references are not supported")
        if letter == "0":
            digits = letter
            while len(digits) < 3 and self._peek() in tuple("01234567"):
                digits += self._peek()
                self.position += 1
            return chr(int(digits, 8))
        if not letter or letter.isalpha():
            raise PatternError(f"the escape \\{letter} is not supported")
        return letter

    def _hexadecimal(self) -> str:
        if self._peek() == "{":
            end = self.text.find("}", self.position)
            digits = self.text[self.position + 1 : end] if end > 0 else ""
            self.position = end + 1
        else:
            digits = self._peek(2)
            self.position += 2
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise PatternError("\\x needs two hexadecimal digits, or the number of a character in braces") from None

    def _property(self) -> Test:
        if self._peek() == "{":
            end = self.text.find("}", self.position)
            name = self.text[self.position + 1 : end] if end > 0 else ""
            self.position = end + 1
        else:
            name = self._peek()
            self.position += 1
        inverted = name.startswith("^")
        name = name.removeprefix("^")
        if name == "Any":
            return lambda _: not inverted
        if name in _CATEGORIES:
            return lambda char: unicodedata.category(char).startswith(name) != inverted
        from wp_text import scripts

        if name not in scripts.RANGES:
            known = "use a category such as L or Lu, or a script such as Greek"
            raise PatternError(f'there is no character property "{name}"; {known}')
        return lambda char: scripts.holds(name, char) != inverted

    def _class(self) -> Test:
        negated = self._peek() == "^"
        self.position += negated
        ranges: list[tuple[str, str]] = []
        tests: list[Test] = []
        first = True
        while self._peek() != "]" or first:
            if not self._peek():
                raise PatternError("a character class is not closed")
            first = False
            if self._peek(2) == "[:":
                self._posix(ranges, tests)
                continue
            low, single = self._class_item(ranges, tests)
            if not single:
                continue
            high = low
            if self._peek() == "-" and self._peek(2) not in ("-]", "-"):
                self.position += 1
                high, single = self._class_item([], [])
                if not single or high < low:
                    raise PatternError("a character range is the wrong way round")
            ranges.append((low, high))
        self.position += 1
        return _members(ranges, tests, negated, self.flags.fold)

    def _class_item(self, ranges: list[tuple[str, str]], tests: list[Test]) -> tuple[str, bool]:
        """One character of a class and True, or (sets such as ``\\d`` being added) False."""
        char = self._peek()
        self.position += 1
        if char != "\\":
            return char, True
        found, found_tests, negated = self._escaped_set()
        if len(found) == 1 and found[0][0] == found[0][1] and not negated and not found_tests:
            return found[0][0], True
        if negated:
            tests.append(_members(found, found_tests, True, False))
        else:
            ranges += found
            tests += found_tests
        return "", False

    def _posix(self, ranges: list[tuple[str, str]], tests: list[Test]) -> None:
        end = self.text.find(":]", self.position)
        name = self.text[self.position + 2 : end] if end > 0 else ""
        members = _POSIX.get(name.removeprefix("^"))
        if members is None:
            raise PatternError(f"there is no character class [:{name}:]")
        if name.startswith("^"):
            tests.append(_members(_pairs(members), [], True, False))
        else:
            ranges += _pairs(members)
        self.position = end + 2


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(text[i], text[i + 1]) for i in range(0, len(text), 2)]


def _members(ranges: list[tuple[str, str]], tests: list[Test], negated: bool, fold: bool) -> Test:
    known: dict[str, bool] = {}
    if fold:
        ranges = ranges + [(form, form) for low, high in ranges if low == high for form in (low.lower(), low.upper())]

    def holds(char: str) -> bool:
        answer = known.get(char)
        if answer is None:
            forms = {char, char.lower(), char.upper()} if fold else {char}
            inside = any(low <= form <= high for form in forms if len(form) == 1 for low, high in ranges)
            answer = known[char] = (inside or any(test(form) for test in tests for form in forms)) != negated
        return answer

    return holds
