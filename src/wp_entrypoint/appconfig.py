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


def resolve(
    variables: list[ConfigVar], dynamic: Mapping[Key, str] | None = None, before: AppConfig | None = None
) -> AppConfig:
    """Turn the variables of a snapshot into environment and files, with the values that dynamic sources gave. A
    dynamic variable without one is left out; a template that has no value keeps the one that it had before, or is
    empty."""
    config = AppConfig()
    values = _Values(variables, dynamic or {})
    for variable in variables:
        if variable.internal or not values.has(variable):
            continue
        name = variable.name.encode("utf-8", "surrogateescape")
        text, private, problem = values.of(variable)
        value = text.encode("utf-8", "surrogateescape")
        if problem:
            kept = (before.files if variable.name_is_path else before.environment).get(name) if before else None
            fate = "it is empty" if kept is None else "it stays as it was"
            config.problems.append(f"{variable.name} cannot be made up, {fate}: {problem}")
            value = b"" if kept is None else kept
        if variable.name_is_path:
            config.files[name] = value
            if private:
                config.private.add(name)
        elif _fits(variable.name, name, value, config.problems):
            config.environment[name] = value
    return config


class _Values:
    """What the variables of a snapshot are, each found when it is asked for: they may refer to each other."""

    def __init__(self, variables: list[ConfigVar], dynamic: Mapping[Key, str]) -> None:
        self._given: dict[int, str] = {}
        self._found: dict[int, tuple[str, bool, str]] = {}
        self._scopes: dict[str, dict[str, ConfigVar]] = {"env": {}, "internal": {}}
        self._open: list[ConfigVar] = []
        self._private: list[bool] = []
        for variable in variables:
            if variable.dynamic is not None:
                from wp_entrypoint.dynamic import key_of

                value = dynamic.get(key_of(variable))  # type: ignore[arg-type]
                if value is not None:
                    self._given[id(variable)] = value
            if not variable.name_is_path:
                self._scopes["internal" if variable.internal else "env"][variable.name] = variable

    def has(self, variable: ConfigVar) -> bool:
        """Whether there is anything to know of it."""
        return variable.static is not None or id(variable) in self._given

    def of(self, variable: ConfigVar) -> tuple[str, bool, str]:
        """Its text, whether a source gave any of it, and why it has none."""
        given = self._given.get(id(variable))
        if given is not None:
            return given, True, ""
        text = variable.static or ""
        if "${" not in text and "%{" not in text:
            return text, False, ""
        if id(variable) not in self._found:
            self._found[id(variable)] = self._rendered(variable, text)
        return self._found[id(variable)]

    def _rendered(self, variable: ConfigVar, text: str) -> tuple[str, bool, str]:
        from functools import partial

        from wp_entrypoint.expressions import render
        from wp_entrypoint.values import ExpressionError, Lazy

        scopes = {scope: Lazy(partial(self._reference, scope), partial(self._names, scope)) for scope in self._scopes}
        self._open.append(variable)
        self._private.append(False)
        problem = ""
        try:
            text = render(text, {"config": scopes})
        except ExpressionError as error:
            text, problem = "", str(error)
        self._open.pop()
        return text, self._private.pop(), problem

    def _names(self, scope: str) -> list[str]:
        return [name for name, variable in self._scopes[scope].items() if self.has(variable)]

    def _reference(self, scope: str, name: str) -> str:
        from wp_entrypoint.values import ExpressionError

        variable = self._scopes[scope].get(name)
        if variable is None or not self.has(variable):
            raise ExpressionError(f"config.{scope}.{name} is not known here")
        if variable in self._open:
            raise ExpressionError(f"config.{scope}.{name} refers back to itself")
        text, private, problem = self.of(variable)
        self._private[-1] |= private
        if problem:
            raise ExpressionError(f"config.{scope}.{name}: {problem}")
        return text


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
