"""What we need to know of a Dockerfile without building it: from which images it takes something.

Only for choosing credentials; the engine remains the one that understands Dockerfiles. What cannot be known before the
build (a name made of unknown variables) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ESCAPE = re.compile(r"#\s*escape\s*=\s*(.)\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*[a-zA-Z][\w-]*\s*=")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:[-+])([^}]*))?\})")
_FROM_FLAG = re.compile(r"--from=(\S+)")


def images_used(text: str, build_args: Mapping[str, str]) -> tuple[str, ...]:
    """References of all images that the Dockerfile builds on or copies from, in order, each once."""
    known: dict[str, str] = {}
    stages: set[str] = set()
    found: dict[str, None] = {}
    for word, rest in _instructions(text):
        if word == "ARG" and not stages:
            for declaration in rest.split():
                name, equals, default = declaration.partition("=")
                if name in build_args:
                    known[name] = build_args[name]
                elif equals:
                    known[name] = _expand(default.strip("\"'"), known) or ""
        elif word == "FROM":
            words = [each for each in rest.split() if not each.startswith("--")]
            if not words:
                continue
            image = _expand(words[0], known)
            if image and image.lower() not in stages and image != "scratch":
                found[image] = None
            stages.add(words[2].lower() if len(words) > 2 else f"#{len(stages)}")
        elif word in {"COPY", "ADD", "RUN"}:
            for source in _FROM_FLAG.findall(rest):
                image = _expand(source.split(",")[0], known)
                if image and image.lower() not in stages and not image.isdigit():
                    found[image] = None
    return tuple(found)


def _instructions(text: str) -> list[tuple[str, str]]:
    escape = "\\"
    lines = text.lstrip("\ufeff").splitlines()
    for line in lines:
        if not _DIRECTIVE.match(line.strip()):
            break
        if match := _ESCAPE.fullmatch(line.strip()):
            escape = match[1]
    found: list[tuple[str, str]] = []
    pending = ""
    for line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.endswith(escape):
            pending += stripped[:-1] + " "
            continue
        word, _, rest = (pending + stripped).partition(" ")
        found.append((word.upper(), rest.strip()))
        pending = ""
    return found


def _expand(text: str, known: Mapping[str, str]) -> str | None:
    """The text with variables replaced; None when one is not known."""
    unknown = False

    def replace(match: re.Match[str]) -> str:
        nonlocal unknown
        name, mode, alternative = match[1] or match[2], match[3], match[4]
        value = known.get(name, "")
        if mode == ":-":
            return value or alternative
        if mode == ":+":
            return alternative if value else ""
        unknown = unknown or not value
        return value

    expanded = _VARIABLE.sub(replace, text.strip("\"'"))
    return None if unknown or "$" in expanded else expanded
