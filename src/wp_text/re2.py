"""Regular expressions with RE2's syntax and promise: the time grows with pattern and text, never exponentially (hcl.md
§12.3).

Python's own engine backtracks and knows constructs RE2 refuses, so patterns are parsed by ``re2_syntax`` and run
here as a set of parallel threads (leftmost match, earlier alternatives first, like RE2). Texts here are labels and
small files; their length is bounded.
"""

from __future__ import annotations

import functools

from wp_text.re2_syntax import Parser, PatternError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from wp_text.re2_syntax import Node

    Span = Optional[tuple[int, int]]

MAX_SUBJECT = 64 * 1024
"""Characters a pattern is matched against."""

MAX_PATTERN = 4096
"""Characters of a pattern."""

MAX_PROGRAM = 10_000
"""Instructions of a compiled pattern."""

MAX_WORK = 20_000_000
"""Instructions times characters of one search: some ten seconds."""


class Match:
    """One match: where the whole and the groups begin and end (None: the group took no part)."""

    __slots__ = ("_names", "_text", "spans")

    def __init__(self, text: str, spans: tuple[Span, ...], names: dict[str, int]) -> None:
        self._text = text
        self.spans = spans
        self._names = names

    def group(self, which: int | str = 0) -> str | None:
        """The text of the whole match (0), of a numbered or of a named group."""
        span = self.spans[self._names[which] if isinstance(which, str) else which]
        return None if span is None else self._text[span[0] : span[1]]

    def groups(self) -> tuple[str | None, ...]:
        """The texts of all groups."""
        return tuple(self.group(number) for number in range(1, len(self.spans)))


class _Program:
    """Instructions ``(operation, argument, argument)``: char, jump, split (first preferred), save, assert, match."""

    def __init__(self) -> None:
        self.code: list[tuple[str, object, int]] = []

    def add(self, operation: str, first: object = None, second: int = 0) -> int:
        if len(self.code) >= MAX_PROGRAM:
            raise PatternError("the pattern is too large")
        self.code.append((operation, first, second))
        return len(self.code) - 1

    def node(self, node: Node) -> None:
        if node.kind == "char":
            self.add("char", node.test)
        elif node.kind == "assertion":
            self.add("assert", node.word)
        elif node.kind == "sequence":
            for part in node.parts:
                self.node(part)
        elif node.kind == "group":
            self.add("save", 2 * node.number)
            self.node(node.parts[0])
            self.add("save", 2 * node.number + 1)
        elif node.kind == "choice":
            self._choice(node.parts)
        else:
            self._repeat(node)

    def _choice(self, parts: tuple[Node, ...]) -> None:
        ends: list[int] = []
        for part in parts[:-1]:
            split = self.add("split")
            self.node(part)
            ends.append(self.add("jump"))
            self.code[split] = ("split", split + 1, len(self.code))
        self.node(parts[-1])
        for end in ends:
            self.code[end] = ("jump", len(self.code), 0)

    def _repeat(self, node: Node) -> None:
        body = node.parts[0]
        if node.most is None:
            self._endless(body, node.least, node.greedy)
            return
        for _ in range(node.least):
            self.node(body)
        splits = []
        for _ in range(node.most - node.least):
            splits.append(self.add("split"))
            self.node(body)
        for split in splits:
            self._branch(split, split + 1, len(self.code), node.greedy)

    def _endless(self, body: Node, least: int, greedy: bool) -> None:
        """A repetition without end. What may be empty is entered once even where none is asked for, as in RE2."""
        if not least and not body.may_be_empty:
            split = self.add("split")
            self.node(body)
            self.add("jump", split)
            self._branch(split, split + 1, len(self.code), greedy)
            return
        optional = self.add("split") if not least else None
        for _ in range(least - 1):
            self.node(body)
        first = len(self.code)
        self.node(body)
        again = self.add("split")
        self._branch(again, first, len(self.code), greedy)
        if optional is not None:
            self._branch(optional, optional + 1, len(self.code), greedy)

    def _branch(self, split: int, inside: int, outside: int, greedy: bool) -> None:
        self.code[split] = ("split", inside, outside) if greedy else ("split", outside, inside)


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str) -> None:
        parser = Parser(text)
        program = _Program()
        try:
            program.node(parser.parse())
        except RecursionError:
            raise PatternError("the pattern nests too deeply") from None
        program.add("match")
        self._code = program.code
        self.groups = parser.groups
        self.names = parser.names

    def search(self, text: str, start: int = 0) -> Match | None:
        """The leftmost match at or behind ``start``. Raises :class:`PatternError` when the text is too long."""
        if len(text) > MAX_SUBJECT:
            raise PatternError(f"patterns are matched against at most {MAX_SUBJECT} characters")
        if len(text) * len(self._code) > MAX_WORK:
            raise PatternError("the pattern is too large for so long a text")
        saved = self._run(text, start)
        if saved is None:
            return None
        spans = [saved[i : i + 2] for i in range(0, len(saved), 2)]
        return Match(text, tuple(None if a is None or b is None else (a, b) for a, b in spans), self.names)

    def all(self, text: str) -> list[Match]:
        """All matches that do not overlap; an empty one directly behind another does not count."""
        found: list[Match] = []
        position, end = 0, -1
        while position <= len(text):
            match = self.search(text, position)
            if match is None or match.spans[0] is None:
                break
            begin, stop = match.spans[0]
            if stop > begin or begin != end:
                found.append(match)
            end = stop
            position = stop if stop > begin else stop + 1
        return found

    def _run(self, text: str, start: int) -> tuple[int | None, ...] | None:
        code = self._code
        empty: tuple[int | None, ...] = (None,) * (2 * self.groups + 2)
        threads: list[tuple[int, tuple[int | None, ...]]] = []
        best: tuple[int | None, ...] | None = None
        for position in range(start, len(text) + 1):
            seen: set[int] = set()
            current: list[tuple[int, tuple[int | None, ...]]] = []
            for counter, saved in threads:
                self._follow(counter, saved, text, position, seen, current)
            if best is None:
                self._follow(0, (position, *empty[1:]), text, position, seen, current)
            threads = []
            char = text[position : position + 1]
            for counter, saved in current:
                operation, argument, _ = code[counter]
                if operation == "match":
                    best = (saved[0], position, *saved[2:])
                    break
                if char and argument(char):  # type: ignore[operator]
                    threads.append((counter + 1, saved))
            if not threads and best is not None:
                break
        return best

    def _follow(
        self,
        counter: int,
        saved: tuple[int | None, ...],
        text: str,
        position: int,
        seen: set[int],
        current: list[tuple[int, tuple[int | None, ...]]],
    ) -> None:
        """Add the threads reachable without reading a character, preferred ones first."""
        stack = [(counter, saved)]
        while stack:
            counter, saved = stack.pop()
            if counter in seen:
                continue
            seen.add(counter)
            operation, first, second = self._code[counter]
            if operation == "jump":
                stack.append((_number(first), saved))
            elif operation == "split":
                stack.append((second, saved))
                stack.append((_number(first), saved))
            elif operation == "save":
                slot = _number(first)
                stack.append((counter + 1, (*saved[:slot], position, *saved[slot + 1 :])))
            elif operation == "assert":
                if _holds(str(first), text, position):
                    stack.append((counter + 1, saved))
            else:
                current.append((counter, saved))


def _number(argument: object) -> int:
    assert isinstance(argument, int)
    return argument


def _holds(word: str, text: str, position: int) -> bool:
    if word == "text start":
        return position == 0
    if word == "text end":
        return position == len(text)
    before, after = text[position - 1 : position] if position else "", text[position : position + 1]
    if word == "line start":
        return not before or before == "\n"
    if word == "line end":
        return not after or after == "\n"
    border = _is_word(before) != _is_word(after)
    return border == (word == "border")


def _is_word(char: str) -> bool:
    return bool(char) and (char == "_" or (char.isascii() and char.isalnum()))


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """The compiled pattern. Raises :class:`PatternError`."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"a pattern has at most {MAX_PATTERN} characters")
    return Pattern(pattern)


__all__ = ["Match", "Pattern", "PatternError", "compile_pattern"]
