"""From the server's configuration variables to the application's environment (entrypoint-url.md A9)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wp_entrypoint.dynamic import Key
    from wp_entrypoint.settings import Environment
    from wp_proto.entrypoint.messages import ConfigVar

MAX_VARIABLE = 131072 - 1
"""Bytes of the longest `NAME=value` that Linux lets pass an exec (MAX_ARG_STRLEN, with its NUL)."""


class AppConfig:
    """The variables of one snapshot, resolved. problems are sentences about what was left out, and why; private are
    the files with a value that a source gave."""

    __slots__ = ("environment", "files", "private", "problems")

    def __init__(self) -> None:
        self.environment: Environment = {}
        self.files: dict[bytes, bytes] = {}
        self.private: set[bytes] = set()
        self.problems: list[str] = []


def resolve(variables: list[ConfigVar], dynamic: Mapping[Key, str] | None = None) -> AppConfig:
    """Turn the variables of a snapshot into environment and files, with the values that dynamic sources gave. A
    dynamic variable without one is left out."""
    config = AppConfig()
    scopes: dict[str, dict[str, str]] = {"env": {}, "internal": {}}
    given: dict[int, str] = {}
    for variable in variables:
        value = variable.static
        if variable.dynamic is not None:
            from wp_entrypoint.dynamic import key_of

            value = (dynamic or {}).get(key_of(variable))  # type: ignore[arg-type]
            if value is not None:
                given[id(variable)] = value
        if value is not None and not variable.name_is_path:
            scopes["internal" if variable.internal else "env"][variable.name] = value
    for variable in variables:
        if variable.internal or (variable.static is None and id(variable) not in given):
            continue
        text = given.get(id(variable))
        if text is None:
            text = _expand(variable, scopes, config.problems)
        value_bytes = text.encode("utf-8", "surrogateescape")
        name = variable.name.encode("utf-8", "surrogateescape")
        if variable.name_is_path:
            config.files[name] = value_bytes
            if id(variable) in given or (given and text != variable.static):
                config.private.add(name)
        elif _fits(variable.name, name, value_bytes, config.problems):
            config.environment[name] = value_bytes
    return config


def _fits(shown: str, name: bytes, value: bytes, problems: list[str]) -> bool:
    if not name or b"=" in name or b"\0" in name:
        problems.append(f"{shown!r} cannot be the name of an environment variable; it is left out")
    elif b"\0" in value:
        problems.append(f"{shown} has a NUL byte in its value, which no environment can hold; it is left out")
    elif len(name) + 1 + len(value) > MAX_VARIABLE:
        problems.append(
            f"{shown} has {len(value)} bytes, over the {MAX_VARIABLE - len(name) - 1} that the kernel lets into one "
            "variable; it is left out (use a file instead)"
        )
    else:
        return True
    return False


def _expand(variable: ConfigVar, scopes: dict[str, dict[str, str]], problems: list[str]) -> str:
    """A static value with its references to other variables put in: `${config.env.NAME}`, `${config.internal.NAME}`.

    `$${` and `%%{` stand for themselves. What is not such a reference stays as it is, and is reported.
    """
    text = variable.static or ""
    if "${" not in text and "%{" not in text:
        return text
    parts: list[str] = []
    position = 0
    while position < len(text):
        if text.startswith(("$${", "%%{"), position):
            parts.append(text[position + 1 : position + 3])
            position += 3
        elif text.startswith("${", position) and "}" in text[position:]:
            end = text.index("}", position)
            words = text[position + 2 : end].strip().split(".", 2)
            scope = scopes.get(words[1]) if len(words) == 3 else None
            if words[0] == "config" and scope is not None and words[2] in scope:
                parts.append(scope[words[2]])
            else:
                reference = text[position : end + 1]
                problems.append(f"{variable.name} refers to {reference!r}, which is not known here; kept as text")
                parts.append(reference)
            position = end + 1
        else:
            parts.append(text[position])
            position += 1
    return "".join(parts)
