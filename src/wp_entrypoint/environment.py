"""The environment as the container's runtime gave it, and what of it the application gets.

In an image without a locale CPython puts LC_CTYPE into its own environment, where the application would inherit it, so
the kernel's record is asked first.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.settings import Environment

INVITE_TOKEN = b"WAYPOINT_CEB_INVITE_TOKEN"
DEFAULT_PORT = b"5000"
_COERCED = (b"C.UTF-8", b"C.utf8", b"UTF-8")


def inherited() -> Environment:
    """The variables this process was started with, in their order."""
    if hasattr(sys, "frozen"):
        return dict(os.environb)  # the standalone executable leaves the locale alone
    try:
        with open("/proc/self/environ", "rb") as record:
            return parse(record.read())
    except OSError:
        return without_coercion(dict(os.environb))


def parse(record: bytes) -> Environment:
    """The variables of a kernel record (NUL-separated `name=value`); the first of equal names counts, as in getenv."""
    found: Environment = {}
    for entry in record.split(b"\0"):
        name, equals, value = entry.partition(b"=")
        if equals and name:
            found.setdefault(name, value)
    return found


def without_coercion(environment: Environment) -> Environment:
    """The variables without an LC_CTYPE that only the interpreter's locale coercion (PEP 538) can have set."""
    locale = environment.get(b"LC_ALL") or environment.get(b"LANG") or b""
    if locale in (b"", b"C", b"POSIX") and environment.get(b"LC_CTYPE") in _COERCED and not environment.get(b"LC_ALL"):
        environment = {name: value for name, value in environment.items() if name != b"LC_CTYPE"}
    return environment


def for_application(environment: Environment, configured: Environment) -> Environment:
    """What the application gets: what we were given, without the token, and the server's variables over it."""
    combined = {name: value for name, value in environment.items() if name != INVITE_TOKEN}
    combined.setdefault(b"PORT", DEFAULT_PORT)
    combined.update(configured)
    return combined
