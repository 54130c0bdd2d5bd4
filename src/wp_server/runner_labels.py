"""The hash of a runner's labels that runner tokens carry (server.md §8.3; interface of existing tokens)."""

from __future__ import annotations

from collections.abc import Mapping

from wp_server.structhash import hash_of

MARKER = ("waypoint.hashicorp.com/runner-hash", "1")
"""An entry that takes part in every hash; older servers also left it in stored labels."""


def label_hash(labels: Mapping[str, str]) -> int:
    """Returns the 64-bit hash of `labels`; their order and a stored marker do not matter."""
    return hash_of({**labels, MARKER[0]: MARKER[1]})
