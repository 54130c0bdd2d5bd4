"""Flags with the syntax and the value types of Go's `flag` package (CLI specification 2.2).

`-name`, `--name`, `-name=v` and `-name v` are the same; bool flags take a value only with `=`; `--` ends the flags.
Flags may stand anywhere, except after the first word of a command that runs something else (`exec`), which is what
`interspersed=False` means.

Why not click's parser, which the design named: under click a bool flag takes no value at all (`-prune=false`), and
one with an optional value also eats the next word; base-0 integers, durations, maps and tri-state bools would be own
code there too; and `import click` takes 25 to 40 ms (8.5), as long as `waypoint version` takes altogether. So click
does here what it is better at than we are, the scripts that make three shells complete (`wp_cli.completion`), and is
imported there only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from wp_cli.errors import UsageProblem

T = TypeVar("T")

TRUE_WORDS = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE_WORDS = frozenset({"0", "f", "F", "FALSE", "false", "False"})

SECONDS_PER_UNIT = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


class Kind(Generic[T]):
    """Type of a flag: `merge` folds one more occurrence into the value, `metavar` is what help shows."""

    name = "string"
    takes_word = True  # False: `-flag` alone means true, and a value needs `=`

    def one(self, text: str) -> T:
        """Value of a single occurrence; raises ValueError with the reason."""
        raise NotImplementedError

    def merge(self, previous: T | None, text: str) -> T:
        """Value after one more occurrence; `previous` is None at the first one (which replaces the default)."""
        return self.one(text)


class String(Kind[str]):
    """Any text."""

    def one(self, text: str) -> str:
        """Return the text."""
        return text


class Bool(Kind[bool]):
    """True or false in Go's spellings."""

    name = "bool"
    takes_word = False

    def one(self, text: str) -> bool:
        """Parse one of Go's words for a bool."""
        if text in TRUE_WORDS:
            return True
        if text in FALSE_WORDS:
            return False
        raise ValueError("expected true or false")


class Int(Kind[int]):
    """Integer in base 0: `12`, `0x10`, `0o17`, `010` (octal), `0b1`, `1_000`; 64 bits."""

    name = "int"
    low, high = -(2**63), 2**63 - 1

    def one(self, text: str) -> int:
        """Parse the integer."""
        sign, digits = (text[0], text[1:]) if text[:1] in {"+", "-"} else ("", text)
        if re.fullmatch(r"0_?[0-7][0-7_]*", digits):
            digits = "0o" + digits[1:].lstrip("_")
        if digits != digits.strip():
            raise ValueError("expected an integer")
        try:
            value = int(sign + digits, 0)
        except ValueError:
            raise ValueError("expected an integer") from None
        if not self.low <= value <= self.high:
            raise ValueError("value out of range")
        return value


class Uint(Int):
    """Non-negative integer in base 0."""

    name = "uint"
    low, high = 0, 2**64 - 1


class Duration(Kind[float]):
    """Go duration in seconds: `1h30m`, `250ms`; a bare number means seconds."""

    name = "duration"

    def one(self, text: str) -> float:
        """Parse the duration into seconds."""
        return parse_duration(text)


def parse_duration(text: str) -> float:
    """Seconds of a Go duration (`1h30m`, `-1.5s`, `250ms`) or of a bare number; ValueError otherwise."""
    body = text[1:] if text[:1] in {"+", "-"} else text
    sign = -1.0 if text.startswith("-") else 1.0
    if re.fullmatch(r"\d+\.?\d*|\.\d+", body):
        return sign * float(body)
    parts = DURATION_PART.findall(body)
    if not parts or "".join(number + unit for number, unit in parts) != body:
        raise ValueError("expected a duration such as 30s, 5m or 1h30m")
    return sign * sum(float(number) * SECONDS_PER_UNIT[unit] for number, unit in parts)


class StringList(Kind[tuple[str, ...]]):
    """Repeatable and comma separated."""

    name = "string,..."

    def one(self, text: str) -> tuple[str, ...]:
        """Split at commas."""
        return tuple(part.strip() for part in text.split(","))

    def merge(self, previous: tuple[str, ...] | None, text: str) -> tuple[str, ...]:
        """Append to what earlier occurrences gave."""
        return (previous or ()) + self.one(text)


class StringMap(Kind[dict[str, str]]):
    """Repeatable `key=value`, split at the first `=`; commas belong to the value."""

    name = "key=value"

    def one(self, text: str) -> dict[str, str]:
        """Parse one pair."""
        key, equals, value = text.partition("=")
        if not equals:
            raise ValueError("expected key=value")
        return {key: value}

    def merge(self, previous: dict[str, str] | None, text: str) -> dict[str, str]:
        """Add one pair; a later one wins."""
        return (previous or {}) | self.one(text)


class Enum(StringList):
    """Some of a fixed set of words; repeatable and comma separated."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices
        self.name = "|".join(choices)

    def one(self, text: str) -> tuple[str, ...]:
        """Check every word against the set, ignoring case."""
        return tuple(choose(word, self.choices) for word in super().one(text))


class Enum1(Kind[str]):
    """Exactly one of a fixed set of words."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices
        self.name = "|".join(choices)

    def one(self, text: str) -> str:
        """Check the word against the set, ignoring case."""
        return choose(text, self.choices)


def choose(word: str, choices: Sequence[str]) -> str:
    """Return the choice that `word` spells, whatever its case; ValueError names the choices."""
    for choice in choices:
        if choice.lower() == word.lower():
            return choice
    raise ValueError(f"expected one of {', '.join(choices)}")


STRING, BOOL, INT, UINT, DURATION, LIST, MAP = String(), Bool(), Int(), Uint(), Duration(), StringList(), StringMap()


class Flag(Generic[T]):
    """One flag. `default` is its value when it is neither given nor in the environment variable `env`."""

    def __init__(
        self, name: str, kind: Kind[T], default: T | None, help: str,
        *, alias: str = "", env: str = "", group: str = "Command Options", hidden: bool = False,
    ) -> None:  # fmt: skip
        self.key = name.replace("-", "_")
        self.name = name
        self.help = help
        self.hidden = hidden
        self.alias = alias
        self.kind = kind
        self.fallback = default
        self.env = env
        self.group = group

    @property
    def names(self) -> tuple[str, ...]:
        """Every accepted name, without dashes."""
        return (self.name, self.alias) if self.alias else (self.name,)

    def initial(self, environ: Mapping[str, str]) -> T | None:
        """Value without the flag: the variable's if it is set and can be parsed, else the default."""
        text = environ.get(self.env, "") if self.env else ""
        if not text:
            return self.fallback
        try:
            return self.kind.one(text)
        except ValueError:
            return self.fallback


class Parsed:
    """What parsing found: values by key, which of them were given explicitly, and the remaining words."""

    def __init__(self, values: dict[str, object], given: frozenset[str], words: list[str]) -> None:
        self.values = values
        self.given = given
        self.words = words


def parse(
    flags: Sequence[Flag[object]], args: Sequence[str], *, command: str = "", interspersed: bool = True,
    environ: Mapping[str, str] | None = None,
) -> Parsed:  # fmt: skip
    """Split `args` into flag values and words; UsageProblem with the flag's name for everything that does not parse."""
    by_name = {name: flag for flag in flags for name in flag.names}
    found: dict[str, object] = {}
    words: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if len(word) < 2 or word[0] != "-":
            words.append(word)
            if not interspersed:
                words += rest
                break
            continue
        name, equals, value = word[2 if word.startswith("--") else 1 :].partition("=")
        flag = by_name.get(name)
        if flag is None:
            raise UsageProblem(f"unknown flag {word.partition('=')[0]}{nearest(name, by_name)}", command=command)
        if not equals and flag.kind.takes_word:
            if not rest:
                raise UsageProblem(f"flag -{name} needs a value", command=command)
            value = rest.pop(0)
        elif not equals:
            value = "true"
        try:
            found[flag.key] = flag.kind.merge(found.get(flag.key), value)
        except ValueError as err:
            raise UsageProblem(f"invalid value {value!r} for flag -{name}: {err}", command=command) from None
    environ = os.environ if environ is None else environ
    values = {flag.key: found[flag.key] if flag.key in found else flag.initial(environ) for flag in flags}
    return Parsed(values, frozenset(found), words)


def nearest(name: str, names: Mapping[str, object]) -> str:
    """Suggest the accepted name that is most like `name`, as ` (did you mean -x?)`, or nothing."""
    import difflib

    close = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean -{close[0]}?)" if close else ""
