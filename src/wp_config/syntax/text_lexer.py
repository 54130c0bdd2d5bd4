"""Template text to tokens: quoted strings, heredocs and bare templates, with the code inside of them (hcl.md
§14.4–14.6).

A heredoc becomes the tokens of a quoted template, so the grammar reads its interpolations too. This half of the lexer
knows what stands between sequences; what stands inside of one is code, which the other half (``lexer``) reads.
"""

from __future__ import annotations

import abc
import re
import unicodedata

from wp_config.syntax.tokens import MAX_NESTING, MAX_TEMPLATES, Flaw, Frame, Token

_QUOTED_TEXT = re.compile(r'[^"\\$%\r\n]+')
_BARE_TEXT = re.compile(r"[^$%\n]+")
_MARKS = re.compile(r"\$+|%+")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

MAX_FLAWS = 100
"""Errors after which the rest of a text is not read."""


class Open:
    """A bracket that is not closed yet."""

    __slots__ = ("frame", "seen_equals", "token")

    def __init__(self, frame: Frame, token: Token) -> None:
        self.frame = frame
        self.token = token
        self.seen_equals = False


class TextLexer(abc.ABC):
    """What has been read so far, and how text is read. ``tokens`` and ``flaws`` hold the outcome.

    It never fails: it notes a :class:`Flaw` and goes on.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self.flaws: list[Flaw] = []
        self.unclosed: list[Flaw] = []
        self._open: list[Open] = []
        self._file_frame = Open(Frame.BODY, Token("LBRACE", "", 0, 0))
        self._fatal = False
        self._templates = 0
        self._abandoned = False

    @property
    def gave_up(self) -> bool:
        """Whether the rest of the text was not read; what the tokens mean is then of no interest."""
        return self._fatal

    @abc.abstractmethod
    def _code(self, position: int, limit: int, floor: int) -> int:
        """Read code until ``limit``, or until the bracket stack falls to ``floor`` (> 0); return where reading
        stopped.
        """

    # -- shared -------------------------------------------------------------------------------------------------------

    def _top(self) -> Open:
        return self._open[-1] if self._open else self._file_frame

    def _emit(self, kind: str, value: str, start: int, end: int) -> Token:
        token = Token(kind, value, start, end, depth=len(self._open), body=self._top().frame is Frame.BODY)
        self.tokens.append(token)
        return token

    def _flaw(self, summary: str, detail: str, start: int, end: int) -> None:
        self.flaws.append(Flaw(summary, detail, start, max(end, start)))
        self._fatal = self._fatal or len(self.flaws) >= MAX_FLAWS

    def _push(self, frame: Frame, token: Token) -> None:
        self._open.append(Open(frame, token))
        if frame is Frame.TEMPLATE:
            self._templates += 1
        if (len(self._open) > MAX_NESTING or self._templates > MAX_TEMPLATES) and not self._fatal:
            self._fatal = True
            limit = MAX_TEMPLATES if self._templates > MAX_TEMPLATES else MAX_NESTING
            self._flaw("Nested too deeply", f"More than {limit} brackets are open here.", token.start, token.end)

    def _report_unclosed(self, end: int) -> None:
        if self._fatal:
            return
        if self._open:
            entry = next((entry for entry in self._open if entry.frame is not Frame.BODY), self._open[-1])
            token = entry.token
            opener = self.text[token.start : token.end]
            line = self.text.count("\n", 0, token.start) + 1
            if entry.frame is Frame.BODY:
                flaw = Flaw("Unclosed block", f'The "{{" on line {line} has no matching "}}" before the end.', end, end)
            elif entry.frame is Frame.TEMPLATE:
                flaw = Flaw("Unclosed template sequence", f'"{opener}" needs a closing "}}".', token.start, token.end)
            else:
                flaw = Flaw("Unclosed bracket", f'"{opener}" has no closing partner.', token.start, token.end)
            self.unclosed.append(flaw)

    # -- templates ----------------------------------------------------------------------------------------------------

    def _quoted(self, start: int, limit: int) -> int:
        text = self.text
        self._emit("DBLQUOTE", '"', start, start + 1)
        position = start + 1
        pieces: list[str] = []
        piece_start = position
        depth = len(self._open)
        while position < limit and not self._fatal:
            char = text[position]
            if char == '"':
                self._flush(pieces, piece_start, position)
                self._emit("DBLQUOTE", '"', position, position + 1)
                return position + 1
            if char in "\r\n":
                break
            if char == "\\":
                decoded, position = self._escape(position, limit)
                pieces.append(decoded)
            elif char in "$%":
                literal, end = _marks(text, position)
                if literal:
                    pieces.append(literal)
                    position = end
                else:
                    self._flush(pieces, piece_start, position)
                    pieces = []
                    position = piece_start = self._sequence(position, limit)
                    if self._abandoned:
                        self._abandoned = self._templates > 0
                        return position
            else:
                found = _QUOTED_TEXT.match(text, position, limit)
                assert found is not None
                pieces.append(found.group())
                position = found.end()
        if self._templates and not self._fatal:
            self._abandoned = True
        elif not self._fatal and len(self._open) <= depth:
            detail = 'A string in double quotes must end on its line; use "\\n" or a heredoc (<<END) for several lines.'
            self._flaw("Unclosed string", detail, start, position)
        self._flush(pieces, piece_start, position)
        self._emit("DBLQUOTE", '"', position, position)
        return position

    def _escape(self, position: int, limit: int) -> tuple[str, int]:
        text = self.text
        letter = text[position + 1] if position + 1 < limit else ""
        if letter in _ESCAPES and letter:
            return _ESCAPES[letter], position + 2
        if letter and letter in "uU":
            digits = 4 if letter == "u" else 8
            code = text[position + 2 : min(position + 2 + digits, limit)]
            if len(code) == digits and re.fullmatch(r"[0-9a-fA-F]+", code):
                number = int(code, 16)
                if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF:
                    return chr(number), position + 2 + digits
            detail = f"\\{letter} must be followed by {digits} hexadecimal digits that name a character."
            self._flaw("Invalid escape sequence", detail, position, min(position + 2 + digits, limit))
            return "", min(position + 2, limit)
        detail = 'Allowed are \\n, \\r, \\t, \\", \\\\, \\uNNNN and \\UNNNNNNNN; write \\\\ for a backslash.'
        end = position + 1 if letter in "\r\n" else position + 2
        self._flaw("Invalid escape sequence", detail, position, min(end, limit))
        return "", min(end, limit)

    def _sequence(self, start: int, limit: int) -> int:
        """Read ``${ … }`` or ``%{ … }`` with the code inside; return the position behind its ``}``."""
        trim = self.text[start + 2 : start + 3] == "~"
        end = start + 3 if trim else start + 2
        word = self.text[start : start + 2]
        token = self._emit("INTERP_START" if word == "${" else "DIRECTIVE_START", word, start, end)
        token.mark = "trim" if trim else ""
        self._push(Frame.TEMPLATE, token)
        floor = len(self._open)
        position = self._code(end, limit, floor)
        self._templates -= 1
        if self._abandoned:
            # A string inside does not end on its line, so most likely this sequence was not closed in time.
            del self._open[floor - 1 :]
            if not self._templates:
                self._flaw(
                    "Unclosed template sequence", f'"{word}" needs a closing "}}" before the string ends.', start, end
                )
        elif len(self._open) < floor:
            self._mark_trim()
        return position

    def _mark_trim(self) -> None:
        """Move a ``~`` before the closing brace into that brace's mark."""
        if len(self.tokens) > 1 and self.tokens[-2].type == "TRIM":
            brace = self.tokens.pop()
            trim = self.tokens.pop()
            brace.mark = "trim"
            brace.start = trim.start
            self.tokens.append(brace)

    def _flush(self, pieces: list[str], start: int, end: int) -> None:
        if pieces:
            self._emit("STRING_CHARS", normal("".join(pieces)), start, end)

    def _bare(self, position: int, limit: int, *, by_line: bool = False) -> int:
        """Read template text without quotes. With ``by_line`` each line is its own token."""
        text = self.text
        pieces: list[str] = []
        piece_start = position
        while position < limit and not self._fatal:
            char = text[position]
            if char in "$%":
                literal, end = _marks(text, position)
                if literal:
                    pieces.append(literal)
                    position = end
                    continue
                self._flush(pieces, piece_start, position)
                pieces = []
                position = piece_start = self._sequence(position, limit)
                self._abandoned = False
            elif char == "\n":
                pieces.append("\n")
                position += 1
                if by_line:
                    self._flush(pieces, piece_start, position)
                    pieces, piece_start = [], position
            else:
                found = _BARE_TEXT.match(text, position, limit)
                assert found is not None
                pieces.append(found.group())
                position = found.end()
        self._flush(pieces, piece_start, position)
        return position

    def _heredoc(self, found: re.Match[str], limit: int) -> int:
        text, start, marker = self.text, found.start(), found.group("marker")
        body = text.index("\n", found.end()) + 1
        opening = self._emit("DBLQUOTE", found.group(), start, found.end())
        opening.mark = "heredoc"
        closing = re.compile(rf"^[^\S\n]*{re.escape(marker)}[^\S\r\n]*(?=\r?$)", re.MULTILINE).search(
            text, body - 0, limit
        )
        if closing is None:
            detail = f'The heredoc must end with a line that holds only "{marker}".'
            self._flaw("Unclosed heredoc", detail, start, found.end())
            self._fatal = True
            return limit
        depth = len(self._open)
        self._bare(body, closing.start(), by_line=True)
        del self._open[depth:]
        end = self._emit("DBLQUOTE", marker, closing.start(), closing.end())
        end.mark = "heredoc"
        return closing.end()


def _marks(text: str, position: int) -> tuple[str, int]:
    """A run of ``$`` or ``%`` as literal text and its end; no text when the run opens a template sequence.

    ``$${`` is a literal ``${``, with any further marks before it as they are.
    """
    found = _MARKS.match(text, position)
    assert found is not None
    run, end = found.group(), found.end()
    if text[end : end + 1] != "{":
        return run, end
    if len(run) == 1:
        return "", position
    return run[:-1] + "{", end + 1


def normal(text: str) -> str:
    """The text in the normal form all strings and names have (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
