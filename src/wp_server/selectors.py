"""Label selectors of configuration variables (server.md §4.2), in the words of the API's errors."""

from __future__ import annotations

from collections.abc import Mapping

from wp_config import selector as language
from wp_server.errors import InvalidArgument, Violation


def check_selector(selector: str) -> None:
    """Errors: InvalidArgument when the text is no selector. An empty one is none."""
    if not selector:
        return
    try:
        language.compile_selector(selector)
    except language.SelectorError as error:
        raise InvalidArgument.of([Violation("variables.target.label_selector", str(error))]) from error


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Returns whether `labels` fulfil `selector`. Errors: InvalidArgument."""
    try:
        return language.matches(selector, labels)
    except language.SelectorError as error:
        raise InvalidArgument.of([Violation("label_selector", str(error))]) from error
