"""What handlers see of a call that did not come by gRPC: the HTTP side calls them in this process."""

from __future__ import annotations

from collections.abc import Mapping


class InProcessContext:
    """The part of a gRPC context that handlers and the pipeline use: what the peer sent beside the request."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        self._metadata = tuple(metadata.items())

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """Returns the metadata of the call."""
        return self._metadata

    def peer(self) -> str:
        """Returns no connection."""
        return ""
