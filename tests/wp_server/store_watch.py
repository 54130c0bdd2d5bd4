"""Somebody who is told what a store does."""

from __future__ import annotations

from wp_server.store.moves import Move


class Told:
    """Keeps it all, in the order it came."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, float, float]] = []
        self.moves: list[Move] = []
        self.repeats = 0

    def called(self, kind: str, waited: float, seconds: float) -> None:
        self.calls.append((kind, waited, seconds))

    def repeated(self) -> None:
        self.repeats += 1

    def moved(self, move: Move) -> None:
        self.moves.append(move)
