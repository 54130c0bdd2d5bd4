"""Digests in hexadecimal (hcl.md §12.8); all are additions to the reference."""

from __future__ import annotations

import hashlib

from wp_config.functions.files import resolve
from wp_config.functions.signature import Invocation, function
from wp_config.values import Value, string


@function("md5(string: string)")
def _md5(_: Invocation, text: Value) -> Value:
    """The MD5 of a text."""
    return string(hashlib.md5(text.text.encode(), usedforsecurity=False).hexdigest())


@function("sha1(string: string)")
def _sha1(_: Invocation, text: Value) -> Value:
    """The SHA-1 of a text."""
    return string(hashlib.sha1(text.text.encode(), usedforsecurity=False).hexdigest())


@function("sha256(string: string)")
def _sha256(_: Invocation, text: Value) -> Value:
    """The SHA-256 of a text."""
    return string(hashlib.sha256(text.text.encode()).hexdigest())


@function("sha512(string: string)")
def _sha512(_: Invocation, text: Value) -> Value:
    """The SHA-512 of a text."""
    return string(hashlib.sha512(text.text.encode()).hexdigest())


@function("filesha256(path: string)", outside=True)
def _filesha256(call: Invocation, path: Value) -> Value:
    """The SHA-256 of a file."""
    with resolve(call, path.text).open("rb") as stream:
        return string(hashlib.file_digest(stream, "sha256").hexdigest())
