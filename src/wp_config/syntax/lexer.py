"""Characters to tokens: the strict lexical rules of the language (hcl.md §14.1, §14.2, §14.4–14.6).

python-hcl2's own lexer does not know heredoc contents, template trim marks, Unicode names, escapes or the newline
rules; this one does, and produces the terminals of its grammar.
"""

from __future__ import annotations

import re

from wp_config.syntax.text_lexer import Open, TextLexer, normal
from wp_config.syntax.tokens import OPERATORS, Frame, Token

_CODE = re.compile(
    r"""(?P<space>[ \t]+)
    |(?P<name>[^\W\d][\w-]*)
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    |(?P<newline>\r?\n)
    |(?P<line>(?:\#|//)[^\n]*\n?)
    |(?P<comment>/\*[\s\S]*?\*/)
    |(?P<unclosed>/\*)
    |(?P<heredoc><<(?P<trim>-?)(?P<marker>[^\W\d][\w-]*)(?=\r?\n))
    |(?P<splat>\[[ \t]*\*[ \t]*\])
    |(?P<triple>===|\*\*)
    |(?P<operator>\.\.\.|=>|==|!=|<=|>=|&&|\|\||\.\*|[-+*/%!<>?:=\[\](),.{}"])""",
    re.VERBOSE,
)
_GAP = re.compile(r"\s+|(?:\#|//)[^\n]*\n|/\*[\s\S]*?\*/")
_FOR = re.compile(r"for(?![\w-])")
_NAME_START = re.compile(r"[^\W\d]")

_HINTS = {
    "'": 'Strings are written in double quotes ("…").',
    "`": 'Strings are written in double quotes ("…"), or as a heredoc (<<END) over several lines.',
    ";": "Arguments are separated by new lines, not by semicolons.",
    "&": 'There are no bit operators; did you mean "&&"?',
    "|": 'There are no bit operators; did you mean "||"?',
    "^": "There are no bit operators; use the function pow for powers.",
    "~": "There are no bit operators.",
    "\r": "A line ends with a line feed, or carriage return and line feed; a lone carriage return is not allowed.",
    "===": 'Use "==" to compare.',
    "**": "There is no power operator; use the function pow.",
    "<": "A heredoc begins with << and a name, directly followed by a new line.",
}


class Lexer(TextLexer):
    """Reads one text; :attr:`tokens` and :attr:`flaws` hold the outcome after :meth:`run` or :meth:`run_template`."""

    def run(self) -> None:
        """Read the whole text as a file."""
        self._code(0, len(self.text), 0)
        self._report_unclosed(len(self.text))
        self._emit("NL_OR_COMMENT", "", len(self.text), len(self.text))

    def run_expression(self) -> None:
        """Read the whole text as one expression, in which newlines are free."""
        self._file_frame.frame = Frame.GROUP
        self._code(0, len(self.text), 0)
        self._report_unclosed(len(self.text))

    def run_template(self) -> None:
        """Read the whole text as a bare template: no quotes, no backslash escapes (hcl.md §14.6)."""
        self._file_frame.frame = Frame.GROUP
        self._emit("DBLQUOTE", "", 0, 0)
        end = len(self.text)
        position = self._bare(0, end, by_line=True)
        if position < end and not self._fatal:
            self._flaw("Unexpected end of template", "", position, end)
        self._report_unclosed(end)
        self._emit("DBLQUOTE", "", end, end)

    def _code(self, position: int, limit: int, floor: int) -> int:
        """Read code until ``limit``, or until the bracket stack falls to ``floor`` (> 0); return where reading
        stopped.
        """
        text, match = self.text, _CODE.match
        while position < limit and not self._fatal:
            found = match(text, position, limit)
            if found is None:
                position = self._stray(position, limit)
                continue
            kind, end = found.lastgroup, found.end()
            if kind == "marker":
                kind = "heredoc"
            if kind == "space":
                pass
            elif kind == "name":
                end = self._name(position, end, limit)
            elif kind == "operator":
                end = self._operator(found.group(), position, end, limit)
                if floor and (len(self._open) < floor or self._abandoned):
                    return end
            elif kind == "newline":
                self._newline(position, end)
            elif kind == "number":
                word = found.group()
                self._emit("INT_LITERAL" if word.isdigit() else "FLOAT_LITERAL", word, position, end)
            elif kind == "line":
                self._line_comment(position, end)
            elif kind == "comment":
                self._emit("COMMENT", "", position, end)
            elif kind == "unclosed":
                detail = 'A comment begun with "/*" must end with "*/".'
                self._flaw("Unclosed comment", detail, position, end)
                return limit
            elif kind == "splat":
                self._emit("FULL_SPLAT_START", "[*]", position, end)
            elif kind == "heredoc":
                end = self._heredoc(found, limit)
            else:
                self._flaw("Invalid operator", _HINTS[found.group()], position, end)
            position = end
        return position

    def _name(self, start: int, end: int, limit: int) -> int:
        text = self.text
        # Combining marks continue a name although they are no word characters for ``re``.
        while end < limit and text[end] > "\x7f" and ("a" + text[end]).isidentifier():
            end += 1
            while end < limit and (text[end] == "-" or ("a" + text[end]).isidentifier()):
                end += 1
        self._emit("NAME", normal(text[start:end]), start, end)
        return end

    def _newline(self, start: int, end: int) -> None:
        top = self._top()
        token = self._emit("NL_OR_COMMENT", "\n", start, end)
        if top.frame is Frame.BODY:
            top.seen_equals = False
        elif top.frame is not Frame.OBJECT:
            token.mark = "free"

    def _line_comment(self, start: int, end: int) -> None:
        if self.text[end - 1] != "\n":
            self._emit("COMMENT", "", start, end)
            return
        body_end = end - 2 if self.text[end - 2] == "\r" else end - 1
        self._emit("COMMENT", "", start, body_end)
        self._newline(body_end, end)

    def _operator(self, word: str, start: int, end: int, limit: int) -> int:
        if word == '"':
            return self._quoted(start, limit)
        if word in "([":
            self._push(Frame.GROUP, self._emit(OPERATORS[word], word, start, end))
        elif word == "{":
            self._open_brace(start, end)
        elif word in ")]}":
            self._close(word, start, end)
        else:
            if word == "=":
                self._top().seen_equals = True
            self._emit(OPERATORS[word], word, start, end)
        return end

    def _open_brace(self, start: int, end: int) -> None:
        top = self._top()
        token = self._emit("LBRACE", "{", start, end)
        if top.frame is Frame.BODY and not top.seen_equals:
            self._push(Frame.BODY, token)
        else:
            self._push(Frame.GROUP if _begins_for(self.text, end) else Frame.OBJECT, token)

    def _close(self, word: str, start: int, end: int) -> None:
        partner = {")": "(", "]": "["}.get(word, "{")
        fits = next((i for i in reversed(range(len(self._open))) if self._fits(self._open[i], partner)), None)
        if fits is not None:
            opener = self._open[-1].token
            if fits < len(self._open) - 1:
                want = {"(": ")", "[": "]"}.get(opener.value, "}")
                self._flaw("Mismatched bracket", f'"{opener.value}" must be closed with "{want}" first.', start, end)
            del self._open[fits:]
            self._emit(OPERATORS[word], word, start, end)
        elif self._open and self._open[-1].frame in (Frame.GROUP, Frame.OBJECT):
            opener = self._open.pop().token
            want = {"(": ")", "[": "]"}.get(opener.value, "}")
            detail = f'"{opener.value}" must be closed with "{want}", not with "{word}".'
            self._flaw("Mismatched bracket", detail, start, end)
            self._emit(OPERATORS[want], want, start, end)
        else:
            self._flaw("Unexpected closing bracket", f'There is no open "{partner}" for this "{word}".', start, end)

    @staticmethod
    def _fits(entry: Open, partner: str) -> bool:
        return entry.token.value == partner or (partner == "{" and entry.frame is Frame.TEMPLATE)

    def _stray(self, position: int, limit: int) -> int:
        text = self.text
        char = text[position]
        if char == "~":
            after = position + 1
            if after < limit and text[after] == "}" and self._open and self._open[-1].frame is Frame.TEMPLATE:
                self.tokens.append(Token("TRIM", "~", position, after))
                return after
        detail = _HINTS.get(char, "This character is not part of the language.")
        name = "Invalid character" if char.isprintable() else f"Invalid character U+{ord(char):04X}"
        end = position + 1
        while end < limit and text[end] == char:
            end += 1
        self._flaw(name, detail, position, end)
        return end


def _begins_for(text: str, position: int) -> bool:
    """Whether a ``for`` expression begins here: the word, then the name of its variable."""
    word = _FOR.match(text, _behind_gap(text, position))
    return word is not None and _NAME_START.match(text, _behind_gap(text, word.end())) is not None


def _behind_gap(text: str, position: int) -> int:
    """The first place that is neither white space nor comment."""
    while found := _GAP.match(text, position):
        position = found.end()
    return position
