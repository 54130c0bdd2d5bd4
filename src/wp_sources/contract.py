"""What every source is, and how one is opened by the name that `dynamic(NAME, {…})` gives it."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Callable, Protocol, Union

    Reading = Union[str, "SourceError"]
    """The value of one variable, or why there is none."""

    class Source(Protocol):
        """One configured source. read() may block; it is bounded in time and never raises for a single variable."""

        def read(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Reading]:
            """Answers for each name what its parameters ask for."""
            ...

else:
    Reading = Source = None

KINDS = ("aws-ssm", "consul", "kubernetes", "null", "terraform-cloud", "vault")
"""The names of the sources; each has a module of its own."""


class SourceError(Exception):
    """A value cannot be had; the text says what, where and, when known, what to do. It never contains a secret."""


def open_source(kind: str, settings: Mapping[str, str], environment: Mapping[str, str]) -> Source:
    """A source with the settings that the server keeps for it and the environment it may take defaults from.

    Raises SourceError when the settings cannot be used, or when there is no such source.
    """
    if kind not in KINDS:
        raise SourceError(f"there is no source {kind!r} here; known are {', '.join(KINDS)}")
    module = import_module("wp_sources." + kind.replace("-", "_"))
    source: Source = module.open_source(settings, environment)
    return source


def each(wanted: Mapping[str, Mapping[str, str]], read_one: Callable[[Mapping[str, str]], str]) -> dict[str, Reading]:
    """Reads variable by variable; one failure stays with its variable."""
    answers: dict[str, Reading] = {}
    for name, parameters in wanted.items():
        try:
            answers[name] = read_one(parameters)
        except SourceError as error:
            answers[name] = error
    return answers


def required(parameters: Mapping[str, str], *names: str) -> list[str]:
    """The values of parameters that must be there. Raises SourceError naming those that are not."""
    missing = [name for name in names if not parameters.get(name)]
    if missing:
        raise SourceError(f"the parameter {' and '.join(missing)} is missing")
    return [parameters[name] for name in names]


def is_true(text: str) -> bool:
    """Whether a setting says yes."""
    return text.strip().lower() in ("1", "t", "true", "y", "yes", "on")
