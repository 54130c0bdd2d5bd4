"""Label selectors of configuration variables (server.md §4.2)."""

from __future__ import annotations

from collections.abc import Mapping

from wp_server.errors import Unimplemented


def check_selector(selector: str) -> None:
    """Errors: Unimplemented for any selector, as long as this server does not evaluate them."""
    if selector:
        raise Unimplemented("Variables with a label selector are not served yet.")


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Returns whether `labels` fulfil `selector`."""
    check_selector(selector)
    return True
