"""File functions; relative paths count from the application's folder, or the project's outside of applications
(hcl.md §0, §12.6).
"""

from __future__ import annotations

import base64
import os
import posixpath
import re
import stat
from pathlib import Path

from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import STRING, Value, boolean, set_of, string


def expand(path: str) -> str:
    """``~`` and ``~/…`` as the home folder. Raises :class:`FunctionError` for other users' homes."""
    if path == "~" or path.startswith("~/"):
        return str(Path.home()) + path[1:]
    if path.startswith("~"):
        raise FunctionError("only ~ and ~/… are known, not the home folders of other users", 0)
    return path


def resolve(call: Invocation, path: str) -> Path:
    """The file an argument means."""
    if "\0" in path:
        raise FunctionError("a path cannot hold a null character", 0)
    return call.surroundings.directory / expand(path)


def read_text(path: Path) -> str:
    """The text of a file. Raises :class:`FunctionError` when it is no UTF-8, OSError when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FunctionError(f"{path} is no UTF-8 text; use filebase64", 0) from error


@function("file(path: string)", outside=True)
def _file(call: Invocation, path: Value) -> Value:
    """The text of a file."""
    return string(read_text(resolve(call, path.text)))


@function("filebase64(path: string)", outside=True)
def _filebase64(call: Invocation, path: Value) -> Value:
    """The bytes of a file in base64."""
    return string(base64.b64encode(resolve(call, path.text).read_bytes()).decode())


@function("fileexists(path: string)", outside=True)
def _fileexists(call: Invocation, path: Value) -> Value:
    """Whether a file is there; a folder or device of that name is an error."""
    found = resolve(call, path.text)
    try:
        mode = found.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return boolean(False)
    if not stat.S_ISREG(mode):
        raise FunctionError(f"{found} is no regular file", 0)
    return boolean(True)


@function("fileset(path: string, pattern: string)", outside=True)
def _fileset(call: Invocation, path: Value, pattern: Value) -> Value:
    """The files below a folder whose relative path matches a pattern (``*``, ``?``, ``[…]``, ``{a,b}``, ``**``)."""
    root = resolve(call, path.text)
    parts = posixpath.normpath(pattern.text).split("/")
    start = root
    while len(parts) > 1 and not _MAGIC.search(parts[0]):
        start = start.parent if parts[0] == ".." else start / parts[0]
        del parts[0]
    matcher = glob_pattern("/".join(parts))
    found: list[Value] = []
    for folder, _, files in os.walk(start):
        for name in files:
            full = Path(folder, name)
            if matcher.fullmatch(full.relative_to(start).as_posix()) and full.is_file():
                found.append(string(os.path.relpath(full, root)))
    return set_of(STRING, found)


_MAGIC = re.compile(r"[*?\[{\\]")


def glob_pattern(pattern: str) -> re.Pattern[str]:
    """A file pattern as a regular expression over slash paths. Raises :class:`FunctionError`."""
    answer: list[str] = []
    position, depth = 0, 0
    while position < len(pattern):
        char = pattern[position]
        if pattern.startswith("**/", position) and (position == 0 or pattern[position - 1] == "/"):
            answer.append("(?:[^/]+/)*")
            position += 3
            continue
        if pattern[position:] == "**" and (position == 0 or pattern[position - 1] == "/"):
            answer.append(".*")
            break
        if char == "*":
            answer.append("[^/]*")
        elif char == "?":
            answer.append("[^/]")
        elif char == "[":
            end = pattern.find("]", position + 2)
            if end < 0:
                raise FunctionError("a [ in the pattern is not closed", 1)
            inner = pattern[position + 1 : end]
            negated = inner[:1] in ("^", "!")
            body = re.sub(r"([\\\[\]&~|])", r"\\\1", inner[1:] if negated else inner)
            answer.append(f"[{'^/' if negated else ''}{body}]")
            position = end
        elif char == "{":
            answer.append("(?:")
            depth += 1
        elif char == "}" and depth:
            answer.append(")")
            depth -= 1
        elif char == "," and depth:
            answer.append("|")
        elif char == "\\" and position + 1 < len(pattern):
            position += 1
            answer.append(re.escape(pattern[position]))
        else:
            answer.append(re.escape(char))
        position += 1
    if depth:
        raise FunctionError("a { in the pattern is not closed", 1)
    try:
        return re.compile("".join(answer), re.DOTALL)
    except re.error as error:
        raise FunctionError("the pattern is not valid", 1) from error


@function("basename(path: string)")
def _basename(_: Invocation, path: Value) -> Value:
    """The last element of a path."""
    if not path.text:
        return string(".")
    stripped = path.text.rstrip("/")
    return string(stripped.rpartition("/")[2] if stripped else "/")


@function("dirname(path: string)")
def _dirname(_: Invocation, path: Value) -> Value:
    """The path without its last element."""
    head = path.text.rpartition("/")[0] or ("/" if path.text.startswith("/") else "")
    return string(_clean(head))


def _clean(path: str) -> str:
    cleaned = os.path.normpath(path) if path else "."
    return "/" + cleaned.lstrip("/") if cleaned.startswith("/") else cleaned


@function("abspath(path: string)")
def _abspath(call: Invocation, path: Value) -> Value:
    """The absolute form of a path; a relative one counts from the project's folder."""
    root = call.surroundings.root or call.surroundings.directory
    return string(_clean(str(root / path.text)))


@function("pathexpand(path: string)")
def _pathexpand(_: Invocation, path: Value) -> Value:
    """The path with ``~`` at its beginning replaced by the home folder."""
    return string(expand(path.text))
