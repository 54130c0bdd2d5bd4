"""Cutting streams of bytes into lines of text."""

from __future__ import annotations

import codecs

from wp_cli.render.text import printable


class LineCutter:
    """Collects the output of one step; gives complete lines without control characters.

    A carriage return inside a line means that the program drew over it: what was drawn last counts.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes."""
        *lines, self._rest = (self._rest + self._decode.decode(data)).split("\n")
        return [self._clean(line) for line in lines]

    def flush(self) -> list[str]:
        """Return the unfinished last line, if there is one."""
        rest, self._rest = self._rest + self._decode.decode(b"", final=True), ""
        return [self._clean(rest)] if rest else []

    @property
    def unfinished(self) -> str:
        """The line that has no end yet."""
        return self._clean(self._rest)

    @staticmethod
    def _clean(line: str) -> str:
        parts = [part for part in line.removesuffix("\r").split("\r") if part]
        return printable(parts[-1]) if parts else ""
