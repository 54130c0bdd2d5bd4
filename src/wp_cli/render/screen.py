"""The two streams of a command: results on stdout, everything else on stderr (CLI specification 5.2)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from wp_cli.errors import CliError
from wp_cli.render import text as look
from wp_cli.render.table import aligned

STYLE_COLORS = {"success": look.GREEN, "warning": look.YELLOW, "error": look.RED}


class Screen:
    """Writes results and notices. Nothing that comes from elsewhere is used as a format or as markup."""

    def __init__(
        self, *, plain: bool = False, out: TextIO | None = None, err: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self.environ = os.environ if environ is None else environ
        self.plain = plain
        self.interactive = not plain and look.is_interactive(self.out) and look.is_interactive(self.err)
        self.color_out = not plain and look.colors_wanted(self.out, self.environ)
        self.color_err = not plain and look.colors_wanted(self.err, self.environ)
        self.unicode = look.unicode_wanted(self.out, self.environ)

    def result(self, line: str = "", style: str = "") -> None:
        """Print a line of the result."""
        self._write(self.out, self._styled(look.printable(line), style, self.color_out) + "\n")

    def header(self, line: str) -> None:
        """Begin a section of the result: an empty line and `» line`."""
        mark = "»" if self.unicode else "==>"
        text = f"{mark} {look.printable(line)}"
        self._write(self.out, "\n" + (f"{look.BOLD}{text}{look.RESET}" if self.color_out else text) + "\n")

    def note(self, line: str) -> None:
        """Print a notice that belongs to no result."""
        self._write(self.err, look.printable(line) + "\n")

    def warn(self, line: str) -> None:
        """Print a warning."""
        text = look.printable(line)
        prefixed = self._styled(text, "warning", True) if self.color_err else f"warning: {text}"
        self._write(self.err, prefixed + "\n")

    def error(self, line: str) -> None:
        """Print a failure that does not end the command."""
        self._write(self.err, self._styled(f"! {look.printable(line)}", "error", self.color_err) + "\n")

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print aligned columns, fitted into the terminal; cells may carry the colours of `painted`."""
        shown = [header.upper() for header in headers]
        width = None if self.plain else look.window_width(self.out)
        self._write(self.out, "".join(f"{line}\n" for line in aligned(shown, [list(row) for row in rows], width)))

    def named_values(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print `  Name: value` with the names aligned right; empty values are left out."""
        shown = [(name, look.printable(value)) for name, value in pairs if value != ""]
        width = max((len(name) for name, _ in shown), default=0)
        self._write(self.out, "".join(f"  {name:>{width}}: {value}\n" for name, value in shown))

    def json(self, value: object) -> None:
        """Print one JSON value, indented by two spaces."""
        import json

        self._write(self.out, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def data(self, content: bytes) -> None:
        """Write bytes to stdout as they are."""
        self.out.flush()
        self.out.buffer.write(content)
        self.out.flush()

    def painted(self, text: str, color: str) -> str:
        """Return the text in a colour for use in a table cell; control characters are removed."""
        clean = look.printable(text)
        return f"{color}{clean}{look.RESET}" if color and self.color_out else clean

    def icon(self, unicode: str, ascii: str) -> str:
        """Choose between the two forms of an icon."""
        return unicode if self.unicode else ascii

    def confirm(self, question: str, *, instead: str) -> bool:
        """Ask.

        True only for the answer `yes`. CliError naming `instead` (a flag) if nobody can be asked: no answer, no
        action.
        """
        if not self.can_ask:
            raise CliError(
                "this needs a confirmation, and there is no terminal to ask on; nothing was done",
                do=f"Give {instead} to go ahead without being asked.",
            )
        return (self.ask(question) or "").lower() in {"yes", "y"}

    @property
    def can_ask(self) -> bool:
        """Whether somebody can answer."""
        return self.interactive and look.is_interactive(sys.stdin)

    def ask(self, question: str) -> str | None:
        """Return the line that is answered, without the spaces around it; None at the end of the input."""
        self._write(self.err, f"{look.printable(question)} ")
        line = sys.stdin.readline()
        return line.strip() if line else None

    def _styled(self, text: str, style: str, color: bool) -> str:
        code = STYLE_COLORS.get(style.removesuffix("-bold"), "")
        if not color or not code:
            return text
        bold = look.BOLD if style.endswith("-bold") else ""
        first, newline, rest = text.partition("\n")
        return f"{bold}{code}{first}{look.RESET}{newline}{rest}"

    @staticmethod
    def _write(stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            stream.write(text.encode(stream.encoding or "ascii", "backslashreplace").decode(stream.encoding or "ascii"))
        stream.flush()
