"""Prepare python-hcl2's grammar for the configuration parser.

Constructing the parser from the grammar takes seconds and imports of a quarter of a second; a command has neither.
This tool lets lark build the LALR(1) tables once and writes them to ``src/wp_config/syntax/grammar.json``, which the
parser loads in milliseconds, also from inside a zip. A test fails when the file no longer agrees with the installed
python-hcl2.

Usage: ``python tools/prepare_grammar.py [--check]``
"""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path

from lark import Lark
from lark.parsers.lalr_analysis import Shift

TARGET = Path(__file__).resolve().parent.parent / "src" / "wp_config" / "syntax" / "grammar.json"


def prepare() -> str:
    """The prepared tables as text, the same for every run.

    ``rules``: [left side, number of symbols, name]; the name is empty for rules that only pass their single child on
    and ``*`` for those that splice their children into the parent. ``states``: one text per state,
    ``symbol action symbol action …`` with indexes into ``symbols``; an action n >= 0 goes to state n, n < 0 reduces
    by rule -n-1. State 0 is the start.
    """
    grammar = resources.files("hcl2").joinpath("hcl2.lark").read_text(encoding="utf-8")
    table = Lark(grammar, parser="lalr", maybe_placeholders=False).parser.parser._parse_table
    order = [table.start_states["start"]]
    numbers = {order[0]: 0}
    for state in order:
        for _, (action, argument) in sorted(table.states[state].items()):
            if action is Shift and argument not in numbers:
                numbers[argument] = len(order)
                order.append(argument)
    rules: list[list[object]] = []
    rule_numbers: dict[object, int] = {}
    symbols: list[str] = []
    states: list[str] = []
    for state in order:
        cells: list[str] = []
        for symbol, (action, argument) in sorted(table.states[state].items()):
            if symbol not in symbols:
                symbols.append(symbol)
            if action is not Shift and argument not in rule_numbers:
                rule_numbers[argument] = len(rules)
                rules.append(_rule(argument))
            target = numbers[argument] if action is Shift else -rule_numbers[argument] - 1
            cells.append(f"{symbols.index(symbol)} {target}")
        states.append(" ".join(cells))
    prepared = {"end": numbers[table.end_states["start"]], "rules": rules, "symbols": symbols, "states": states}
    return json.dumps(prepared, separators=(",", ":")) + "\n"


def _rule(rule: object) -> list[object]:
    origin = rule.origin.name.value if hasattr(rule.origin.name, "value") else rule.origin.name
    size = len(rule.expansion)
    name = rule.alias or origin
    if origin.startswith("_"):
        name = "*"
    elif rule.options.expand1 and size == 1 and not rule.alias:
        name = ""
    return [str(origin), size, str(name)]


def main() -> int:
    """Write the tables, or with ``--check`` compare them; 1 when they differ."""
    text = prepare()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") != text:
            print(
                f"{TARGET.name} does not belong to the installed python-hcl2; run tools/prepare_grammar.py",
                file=sys.stderr,
            )
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.name}: {len(text)} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
