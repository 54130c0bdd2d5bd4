"""Protocol version negotiation (server.md §1.4): every call says which protocol its sender speaks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from wp_server.errors import InvalidArgument

API_CURRENT = 1
API_MINIMUM = 1
ENTRYPOINT_CURRENT = 1
ENTRYPOINT_MINIMUM = 1

API_HEADER = "client-api-protocol"
ENTRYPOINT_HEADER = "client-entrypoint-protocol"
EXEMPT = frozenset({"GetVersionInfo"})

Metadata = Iterable[tuple[str, str | bytes]]


def negotiate(rpc: str, metadata: Metadata) -> int:
    """Returns the version in force for a call of `rpc`; 0 for the exempt ones. Errors: InvalidArgument."""
    if rpc in EXEMPT:
        return 0
    header = ENTRYPOINT_HEADER if rpc.startswith("Entrypoint") else API_HEADER
    values = [value for key, value in metadata if key == header]
    if len(values) != 1:
        raise InvalidArgument(f"required header {header} is not set")
    minimum, current = _parsed(header, values[0])
    ours_minimum, ours = (
        (ENTRYPOINT_MINIMUM, ENTRYPOINT_CURRENT) if header is ENTRYPOINT_HEADER else (API_MINIMUM, API_CURRENT)
    )
    if current < ours_minimum:
        raise InvalidArgument(
            f"This client is too old: it speaks protocol {current}, the server needs at least {ours_minimum}. "
            "Upgrade the client."
        )
    if ours < minimum:
        raise InvalidArgument(
            f"This server is too old: it speaks protocol {ours}, the client needs at least {minimum}. "
            "Upgrade the server."
        )
    return min(current, ours)


@lru_cache(maxsize=64)
def _parsed(header: str, value: str | bytes) -> tuple[int, int]:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    minimum, comma, current = text.partition(",")
    if not comma or not _decimal(minimum) or not _decimal(current):
        raise InvalidArgument(f"header {header} must be <min>,<current>")
    return int(minimum), int(current)


def _decimal(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9
