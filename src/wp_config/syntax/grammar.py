"""Runs python-hcl2's grammar, prepared by ``tools/prepare_grammar.py``, over a token stream.

The tables are what lark derives from the grammar; running them needs a loop and no library, so a command pays
neither lark's import nor the construction of the grammar. Rows of the table are unpacked when a state is first entered.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from wp_config.syntax.tokens import KEYWORDS, Token

Reduction = Callable[[list[object]], object]


class _Resources(Protocol):
    """What every loader of modules can do, also that of zip files."""

    def get_data(self, path: str) -> bytes:
        """The contents of a file beside the module."""


class Splice(list[object]):
    """The children of a helper rule of the grammar, which belong to the rule around it."""


class UnexpectedToken(Exception):
    """The grammar does not allow ``tokens[index]`` there; ``expected`` are the terminals it would allow."""

    def __init__(self, index: int, expected: frozenset[str]) -> None:
        super().__init__(index)
        self.index = index
        self.expected = expected


class Grammar:
    """The parse tables."""

    def __init__(self, prepared: Mapping[str, object]) -> None:
        self.rules: list[tuple[str, int, str]] = [tuple(rule) for rule in prepared["rules"]]  # type: ignore[attr-defined]
        self._end: int = prepared["end"]  # type: ignore[assignment]
        self._symbols: list[str] = prepared["symbols"]  # type: ignore[assignment]
        self._packed: list[str] = prepared["states"]  # type: ignore[assignment]
        self._rows: list[dict[str, int] | None] = [None] * len(self._packed)

    def _row(self, state: int) -> dict[str, int]:
        cells = self._packed[state].split(" ")
        symbols = self._symbols
        row = {symbols[int(cells[i])]: int(cells[i + 1]) for i in range(0, len(cells), 2)}
        self._rows[state] = row
        return row

    def parse(self, tokens: Sequence[Token], reductions: Mapping[str, Reduction]) -> object:
        """The value of the grammar's start rule; tokens are passed to the reductions as they are.

        Raises :class:`UnexpectedToken`; a token list that ends too early is reported at its length.
        """
        rows, rules = self._rows, self.rules
        actions: list[Reduction | None] = [
            None if name == "" else _splice if name == "*" else reductions[name] for _, _, name in rules
        ]
        states: list[int] = [0]
        values: list[object] = []
        row = rows[0] or self._row(0)
        values_append, states_append = values.append, states.append
        index, size = 0, len(tokens)
        while True:
            if index < size:
                token = tokens[index]
                kind = token.type
                if kind == "NAME" and token.value in KEYWORDS and KEYWORDS[token.value] in row:
                    kind = KEYWORDS[token.value]
            else:
                kind = "$END"
            action = row.get(kind)
            if action is None:
                raise UnexpectedToken(index, frozenset(name for name in row if name.isupper() or name == "$END"))
            if action >= 0:
                values_append(tokens[index])
                states_append(action)
                row = rows[action] or self._row(action)
                index += 1
                continue
            left, length, _ = rules[-action - 1]
            reduce = actions[-action - 1]
            if length:
                if reduce is not None:
                    found = values[-length:]
                    if reduce is not _splice:
                        for child in found:
                            if type(child) is Splice:
                                found = _splice(found)
                                break
                    del values[-length:]
                    values_append(reduce(found))
                del states[-length:]
            else:
                values_append(reduce([]) if reduce is not None else None)
            state = states[-1]
            target = (rows[state] or self._row(state))[left]
            if target == self._end:
                return values[0]
            states_append(target)
            row = rows[target] or self._row(target)


def _splice(children: list[object]) -> Splice:
    """The children with spliced lists flattened. A list that only grows at its end is extended in place: bodies may
    be long.
    """
    first = children[0] if children else None
    flat = first if type(first) is Splice else Splice(children[:1])
    for child in children[1:]:
        if type(child) is Splice:
            flat += child
        else:
            flat.append(child)
    return flat


@functools.cache
def load() -> Grammar:
    """The prepared grammar, read once; works from inside a zip."""
    loader = cast(_Resources, __spec__.loader if __spec__ else None)
    return Grammar(json.loads(loader.get_data(os.path.join(os.path.dirname(__file__), "grammar.json"))))
