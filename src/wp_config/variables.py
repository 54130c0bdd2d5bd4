"""The values of input variables: eight sources and their order, conversion and reporting (hcl.md §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wp_config.convert import ConversionError, convert
from wp_config.declarations import Declaration, convert_at
from wp_config.diagnostics import Diagnostics, SourceFile, failure, suggestion
from wp_config.expr import constant, evaluate
from wp_config.records import FinalValue, InputValue, ValueForm, VariableInputs, VariableSource
from wp_config.scope import Scope
from wp_config.syntax import parse_expression
from wp_config.values import (
    ANY,
    STRING,
    Type,
    Value,
    boolean,
    deeply_known,
    from_python,
    object_of,
    string,
    unknown,
    with_mark,
)
from wp_config.variable_sources import ENVIRONMENT_PREFIX, automatic_values, collect, portable, read_values_file


@dataclass
class _Resolved:
    value: Value
    source: VariableSource


class VariableSet:
    """The variables of a project with their values. Nothing is resolved before it is asked for."""

    def __init__(
        self, declared: Mapping[str, Declaration], inputs: VariableInputs, directory: Path, *, dry: bool = False
    ) -> None:
        self.declared = dict(declared)
        self.problems = Diagnostics()
        self._inputs = inputs
        self._directory = inputs.values_directory or directory
        self._dry = dry
        self._resolved: dict[str, _Resolved] | None = None
        self._missing: dict[str, str] = {}

    def resolve(self) -> None:
        """Give every variable its value; errors and warnings go to :attr:`problems`."""
        if self._resolved is not None:
            return
        self._resolved = {}
        for name, declaration in self.declared.items():
            if declaration.default is not None:
                self._resolved[name] = _Resolved(declaration.default, VariableSource.DEFAULT)
        for item in self._given():
            self._take(item)
        for name, declaration in self.declared.items():
            if name not in self._resolved:
                self._fill(declaration)
            if name in self._resolved:
                self._check(declaration, self._resolved[name])

    def _given(self) -> list[InputValue]:
        """All values from outside in rising precedence (hcl.md §7.1)."""
        given = list(self._inputs.server)
        environment = self._inputs.environment
        for name, declaration in self.declared.items():
            for key in (ENVIRONMENT_PREFIX + name, *declaration.env):
                if environment.get(key):
                    place = f"environment variable {key}"
                    given.append(InputValue(name, environment[key], source=VariableSource.ENV, place=place))
                    break
        try:
            given += automatic_values(self._directory)
        except Diagnostics as error:
            self.problems.extend(error)
        return [*given, *self._inputs.given]

    def _take(self, item: InputValue) -> None:
        declaration = self.declared.get(item.name)
        if declaration is None:
            detail = f'{_from(item)} sets "{item.name}", but no such variable is declared.' + suggestion(
                item.name, self.declared
            )
            if item.source in (VariableSource.FILE, VariableSource.CLI):
                self.problems.error("Undeclared variable", detail)
            else:
                self.problems.warn("Undeclared variable", f"{detail} The value is ignored.")
            return
        try:
            value = _typed(item, declaration)
        except Diagnostics as error:
            reason = "Why is not shown, since it is sensitive." if declaration.sensitive else error.items[0].detail
            detail = f'{_from(item)}: the value of "{item.name}" is no {declaration.type or STRING}: {reason}'
            self.problems.error("Invalid variable value", detail, declaration.header)
            return
        except ConversionError as error:
            kind = declaration.type or STRING
            detail = f'{_from(item)}: the value of "{item.name}" does not fit its type {kind}: {error}.'
            self.problems.error("Invalid variable value", detail, declaration.header)
            return
        assert self._resolved is not None
        self._resolved[item.name] = _Resolved(value, item.source)

    def _fill(self, declaration: Declaration) -> None:
        assert self._resolved is not None
        name = declaration.name
        if declaration.dynamic is not None and not self._dry:
            if self._inputs.fetch is None:
                self._missing[name] = (
                    f'The default of "{name}" comes from a config source, which only a remote runner can ask; '
                    f"run with -local=false, or set it: -var {name}=VALUE."
                )
                return
            try:
                self._resolved[name] = _Resolved(_fetched(declaration, self._inputs.fetch), VariableSource.DYNAMIC)
            except Diagnostics as error:
                self.problems.extend(error)
            return
        if self._dry:
            self._resolved[name] = _Resolved(unknown(declaration.type or ANY), VariableSource.UNKNOWN)
        if declaration.dynamic is None:
            self._missing[name] = (
                f'The variable "{name}" has no value and no default. Set it with -var {name}=VALUE, '
                f"{ENVIRONMENT_PREFIX}{name} in the environment, or in a .auto.wpvars file."
            )

    def _check(self, declaration: Declaration, resolved: _Resolved) -> None:
        """Apply ``validation`` blocks (our extension, hcl.md §7)."""
        for condition, message in declaration.validations:
            scope = Scope({"var": object_of({declaration.name: resolved.value})})
            try:
                verdict = convert_at(evaluate(condition, scope), Type("bool"), condition)
                text = evaluate(message, scope)
            except Diagnostics as error:
                self.problems.extend(error)
                continue
            if verdict.is_known and not verdict.data:
                reason = text.text if isinstance(text.data, str) else "The condition is false."
                self.problems.error("Invalid variable value", f'"{declaration.name}": {reason}', condition.range)

    @property
    def missing(self) -> Mapping[str, str]:
        """Why declared variables have no value, by name."""
        self.resolve()
        return self._missing

    def value(self) -> Value:
        """The ``var`` object; variables without a value are not in it."""
        self.resolve()
        assert self._resolved is not None
        entries = {
            name: with_mark(item.value) if self.declared[name].sensitive else item.value
            for name, item in self._resolved.items()
        }
        return object_of(entries)

    def secrets(self) -> frozenset[str]:
        """The texts of sensitive values, to be masked wherever output is shown; empty and one-letter texts are left
        out.
        """
        found: set[str] = set()
        stack = [value for value in self.value().entries.values() if value.sensitive]
        while stack:
            value = stack.pop()
            if isinstance(value.data, str) and len(value.data) > 1:
                found.add(value.data)
            elif isinstance(value.data, tuple | dict):
                stack.extend(value.elements)
        return frozenset(found)

    def final(self) -> tuple[FinalValue, ...]:
        """All values in the form the server stores, sorted by name; sensitive ones only as a salted hash (hcl.md
        §7.4).
        """
        self.resolve()
        assert self._resolved is not None
        return tuple(
            self._final(name, item) for name, item in sorted(self._resolved.items()) if deeply_known(item.value)
        )

    def _final(self, name: str, item: _Resolved) -> FinalValue:
        sensitive = self.declared[name].sensitive
        if item.value.is_null:
            return FinalValue(name, None, ValueForm.STR, item.source, sensitive)
        form, data = portable(item.value)
        if sensitive:
            text = ("true" if data else "false") if isinstance(data, bool) else str(data)
            import hashlib

            digest = hashlib.sha256((self._inputs.cookie + text).encode()).hexdigest()
            return FinalValue(name, digest, ValueForm.STR, item.source, True)
        return FinalValue(name, data, form, item.source)


def _from(item: InputValue) -> str:
    words = {
        VariableSource.SERVER: "The project's stored settings",
        VariableSource.VCS: "A values file",
        VariableSource.FILE: "A file given with -var-file",
        VariableSource.CLI: f"The flag -var {item.name}",
        VariableSource.ENV: f"{ENVIRONMENT_PREFIX}{item.name} in the environment of the command line",
    }
    if item.place and item.source in (VariableSource.FILE, VariableSource.VCS):
        return item.place
    place = item.place or words.get(item.source, f"The {item.source.name.lower()} value")
    return place[:1].upper() + place[1:]


_FILES = frozenset({VariableSource.FILE, VariableSource.VCS})
"""Where text in quotes is meant as text."""


def _typed(item: InputValue, declaration: Declaration) -> Value:
    kind = declaration.type
    if isinstance(item.value, bool):
        value = boolean(item.value)
    elif isinstance(item.value, int):
        value = from_python(item.value)
    elif item.form is ValueForm.HCL:
        value = _parsed(item.value)
    elif kind is None or kind.is_primitive or item.source in _FILES:
        value = string(item.value)
    elif kind.kind != "any":
        value = _parsed(item.value)
    elif item.source is VariableSource.SERVER:
        value = string(item.value)
    else:
        try:
            value = _parsed(item.value)
        except Diagnostics:
            value = string(item.value)
    return convert(value, kind or (STRING if item.form is ValueForm.STR else ANY))


def _parsed(text: str) -> Value:
    return constant(parse_expression(SourceFile("value", text)))


def _fetched(declaration: Declaration, fetch: Callable[[str, Mapping[str, str]], str]) -> Value:
    assert declaration.dynamic is not None
    record = declaration.dynamic.data
    from wp_config.records import DynamicValue

    assert isinstance(record, DynamicValue)
    try:
        text = fetch(record.source, record.settings)
    except OSError as error:
        reason = str(error).rstrip(".")
        detail = f'The config source "{record.source}" gave no value for "{declaration.name}": {reason}.'
        raise failure("No value for variable", detail, declaration.header) from error
    if declaration.type is None or declaration.type == STRING:
        return string(text)
    try:
        return convert(_parsed(text), declaration.type)
    except (Diagnostics, ConversionError) as error:
        detail = f'The config source "{record.source}" gave no valid {declaration.type} for "{declaration.name}".'
        raise failure("Invalid variable value", detail, declaration.header) from error


__all__ = ["VariableSet", "automatic_values", "collect", "read_values_file"]
