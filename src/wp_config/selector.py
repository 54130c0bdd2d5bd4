"""Label selectors: ``env == prod and region matches "^eu"`` (hcl.md §17).

A selector that touches a label which is not there is false as a whole, except in ``is empty`` and ``is not empty``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence

MAX_DEPTH = 64
"""Parentheses and ``not`` inside each other."""

MAX_LENGTH = 4096
"""Characters of a selector."""


class SelectorError(ValueError):
    """The text is no selector; the message says what is wrong and where."""


class _Missing(Exception):
    """A label the selector asks for is not there."""


Value = str | Sequence[str]
"""What a label is. Lists occur in claims only: they contain a value or not, and are empty or not."""

_Test = Callable[[Mapping[str, Value]], bool]

_SPACE = re.compile(r"[ \t\r\n]*")
_BARE = re.compile(r"[a-zA-Z][a-zA-Z0-9_/.:-]*")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`')
_POINTER = re.compile(r"(?:/[\w.~:|-]+)+")
_WORD_OPERATORS = ("not contains", "contains", "not matches", "matches", "not in", "in", "is empty", "is not empty")


def matches(text: str, labels: Mapping[str, Value], *, dotted: bool = False) -> bool:
    """Whether ``labels`` satisfy the selector. Raises :class:`SelectorError` for a wrong one."""
    test = compile_selector(text, dotted=dotted)
    try:
        return test(labels)
    except _Missing:
        return False


@functools.lru_cache(maxsize=1024)
def compile_selector(text: str, *, dotted: bool = False) -> _Test:
    """The selector as a function of labels. Raises :class:`SelectorError`.

    With ``dotted``, labels are named by paths of two or more parts, ``value.email`` or ``"/value/email"``, and the
    mapping has them as ``value.email``.
    """
    if len(text) > MAX_LENGTH:
        raise SelectorError(f"A selector has at most {MAX_LENGTH} characters.")
    return _Parser(text, dotted).parse()


class _Parser:
    def __init__(self, text: str, dotted: bool) -> None:
        self._text = text
        self._dotted = dotted
        self._position = 0
        self._depth = 0

    def parse(self) -> _Test:
        self._skip()
        test = self._or()
        self._skip()
        if self._position < len(self._text):
            raise self._error('an operator such as "and" or "or"')
        return test

    def _error(self, wanted: str) -> SelectorError:
        rest = self._text[self._position : self._position + 20]
        where = f'at "{rest}" (character {self._position + 1})' if rest else "at the end"
        return SelectorError(f'The selector "{self._text}" is not valid {where}: expected {wanted}.')

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._position)
        assert found is not None
        self._position = found.end()

    def _word(self, word: str) -> bool:
        """Consume a keyword (or several, with any white space between) that ends at a word border."""
        pattern = r"\s+".join(map(re.escape, word.split(" "))) + r"(?=[\s(\"`]|$)"
        found = re.compile(pattern).match(self._text, self._position)
        if found is None:
            return False
        self._position = found.end()
        self._skip()
        return True

    def _or(self) -> _Test:
        tests = [self._and()]
        while self._word("or"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else lambda labels: any(test(labels) for test in tests)

    def _and(self) -> _Test:
        tests = [self._not()]
        while self._word("and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda labels: all(test(labels) for test in tests)

    def _not(self) -> _Test:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SelectorError(f"The selector nests more than {MAX_DEPTH} levels.")
        try:
            if self._word("not"):
                inner = self._not()
                return lambda labels: not inner(labels)
            if self._text.startswith("(", self._position):
                self._position += 1
                self._skip()
                inner = self._or()
                if not self._text.startswith(")", self._position):
                    raise self._error('")"')
                self._position += 1
                self._skip()
                return inner
            return self._match()
        finally:
            self._depth -= 1

    def _match(self) -> _Test:
        left, left_kind = self._operand()
        for symbol in ("==", "!="):
            if self._text.startswith(symbol, self._position):
                self._position += 2
                self._skip()
                return self._equality(self._label(left, left_kind), symbol, self._operand()[0])
        operator = next((word for word in _WORD_OPERATORS if self._word(word)), None)
        if operator is None:
            raise self._error('"==", "!=", "contains", "matches", "in" or "is empty"')
        if operator in ("in", "not in"):
            name, kind = self._operand()
            return self._contains(self._label(name, kind), left, operator == "in")
        label = self._label(left, left_kind)
        if operator in ("is empty", "is not empty"):
            return lambda labels: (not labels.get(label, "")) == (operator == "is empty")
        value = self._operand()[0]
        if operator.endswith("contains"):
            return self._contains(label, value, operator == "contains")
        return self._pattern(label, value, operator == "matches")

    @staticmethod
    def _equality(label: str, symbol: str, value: str) -> _Test:
        return lambda labels: (_text(labels, label) == value) == (symbol == "==")

    @staticmethod
    def _contains(label: str, value: str, wanted: bool) -> _Test:
        return lambda labels: (value in _get(labels, label)) == wanted

    @staticmethod
    def _pattern(label: str, pattern: str, wanted: bool) -> _Test:
        from wp_text import re2

        try:
            compiled = re2.compile_pattern(pattern)
        except re2.PatternError as error:
            raise SelectorError(f'The pattern "{pattern}" is not valid: {error}.') from error
        return lambda labels: (compiled.search(_text(labels, label)) is not None) == wanted

    def _operand(self) -> tuple[str, str]:
        """A text and its kind: ``quoted``, ``number`` or ``bare``."""
        for pattern, kind in ((_QUOTED, "quoted"), (_NUMBER, "number"), (_BARE, "bare")):
            found = pattern.match(self._text, self._position)
            if found is None:
                continue
            self._position = found.end()
            self._skip()
            if kind == "quoted":
                raw = found.group(1)
                return (re.sub(r"\\(.)", r"\1", raw) if raw is not None else found.group(2)), kind
            return found.group(), kind
        raise self._error("a label or a value")

    def _label(self, text: str, kind: str) -> str:
        """The label an operand names: bare, or quoted as a pointer beginning with a slash."""
        if self._dotted:
            parts = text[1:].split("/") if kind == "quoted" and _POINTER.fullmatch(text) else text.split(".")
            if len(parts) < 2 or not all(parts):
                raise SelectorError(f'"{text}" is no claim: write value.NAME or list.NAME.')
            return ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts)
        if kind == "bare" and not re.search(r"[.:-]", text.partition("/")[0] + text.partition("/")[2]):
            return text
        if kind == "quoted":
            if not _POINTER.fullmatch(text) or text.count("/") != 1:
                raise SelectorError(
                    f'"{text}" is no label: quoted names are written "/NAME", with ~1 for / and ~0 for ~ inside.'
                )
            return text[1:].replace("~1", "/").replace("~0", "~")
        raise SelectorError(f'A label named "{text}" must be quoted with a slash before it: "/{text}".')


def _get(labels: Mapping[str, Value], label: str) -> Value:
    try:
        return labels[label]
    except KeyError:
        raise _Missing from None


def _text(labels: Mapping[str, Value], label: str) -> str:
    value = _get(labels, label)
    if not isinstance(value, str):
        raise SelectorError(f'"{label}" is a list: use "contains", "in" or "is empty".')
    return value
