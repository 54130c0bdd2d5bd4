"""Functions of files of the application's own root, and of paths, relative to its working directory."""

from __future__ import annotations

import os

from wp_entrypoint.functions.signature import function
from wp_entrypoint.values import MAX_TEXT, ExpressionError


@function("string", "pathexpand")
def expanded(text: str) -> str:
    """A path whose `~` is the home directory. Raises ExpressionError."""
    if "\0" in text:
        raise ExpressionError("a path cannot hold a null character")
    if text == "~" or text.startswith("~/"):
        return os.environ.get("HOME", "/") + text[1:]
    if text.startswith("~"):
        raise ExpressionError("only ~ and ~/... are known")
    return text


def content(path: str) -> bytes:
    """The first MAX_TEXT bytes of a regular file. Raises ExpressionError, and OSError."""
    import stat

    # Nothing here may wait: this is the one thread that everything else runs in, too.
    with open(os.open(expanded(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ExpressionError("this is no regular file")
        return file.read(MAX_TEXT)


@function("string")
def _file(path: str) -> str:
    try:
        return content(path).decode()
    except UnicodeDecodeError:
        raise ExpressionError("the file is no UTF-8 text; use filebase64") from None


@function("string")
def _filebase64(path: str) -> str:
    from binascii import b2a_base64

    return b2a_base64(content(path), newline=False).decode()


@function("string")
def _fileexists(path: str) -> bool:
    import stat

    try:
        mode = os.stat(expanded(path)).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(mode):
        raise ExpressionError("this is no regular file")
    return True


@function("string")
def _basename(path: str) -> str:
    return os.path.basename(path.rstrip("/")) or ("/" if path else ".")


@function("string")
def _dirname(path: str) -> str:
    head = path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
    cleaned = os.path.normpath(head)
    return "/" + cleaned.lstrip("/") if cleaned.startswith("/") else cleaned


@function("string")
def _abspath(path: str) -> str:
    return os.path.abspath(expanded(path))
