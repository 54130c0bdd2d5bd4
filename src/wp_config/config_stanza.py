"""The ``config`` block: entries of its maps in dependency order, static, dynamic or left for the entrypoint (hcl.md
§6, §19).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wp_config import selector
from wp_config.bodies import Content, Shape, content
from wp_config.convert import ConversionError, convert
from wp_config.diagnostics import Diagnostics
from wp_config.expr import evaluate, traversal
from wp_config.functions import GO_ENTRYPOINT_ONLY, HERE_ONLY
from wp_config.literals import escape_template
from wp_config.records import ConfigVariable, DynamicValue
from wp_config.scope import Scope
from wp_config.syntax import tree
from wp_config.values import STRING, UNKNOWN, Value, object_of, unknown

MAPS = ("env", "internal", "file")

_MAPS = frozenset(MAPS)
_SCOPED = {"workspace": 1, "label": 1}
SHAPE = Shape(_MAPS | {"file_change_signal"}, {**_SCOPED, "runner": 0}, frozenset({"runner"}))
_RUNNER = Shape(_MAPS, _SCOPED)
_INNER = Shape(_MAPS)


@dataclass
class _Entry:
    kind: str
    name: str
    value: tree.Expression
    uses: list[str]

    @property
    def full_name(self) -> str:
        return f"config.{self.kind}.{self.name}"


def read(
    block: tree.Block | None, scope: Scope, app: str, problems: Diagnostics, *, signalled: bool = False
) -> tuple[ConfigVariable, ...]:
    """All entries of a ``config`` block, sorted by name. ``scope`` is the root's or the application's.

    ``signalled``: an outer block already says which signal tells about changed files.
    """
    if block is None:
        return ()
    reader = _Stanza(scope, problems)
    target = ConfigVariable("", None, app=app)
    found = content(block.body, SHAPE, problems)
    if "file" in found.attributes and "file_change_signal" not in found.attributes and not signalled:
        detail = "The application is not told when a file changes; set file_change_signal, such as HUP."
        problems.warn("No signal for changed files", detail, found.attributes["file"].name_range)
    reader.body(found, target)
    reader.scoped(found, target)
    for runner in found.of("runner"):
        inner = content(runner.body, _RUNNER, problems)
        reader.body(inner, target._replace(runner=True))
        reader.scoped(inner, target._replace(runner=True))
    return tuple(sorted(reader.variables, key=lambda variable: variable.name))


class _Stanza:
    def __init__(self, scope: Scope, problems: Diagnostics) -> None:
        self._scope = Scope({}, scope, dynamic=True)
        self._problems = problems
        self.variables: list[ConfigVariable] = []
        self._later: set[str] = set()
        """Entries whose values are known only in the application."""

    def scoped(self, found: Content, target: ConfigVariable) -> None:
        for block in found.of("workspace"):
            self.body(content(block.body, _INNER, self._problems), target._replace(workspace=block.labels[0].value))
        for block in found.of("label"):
            text = block.labels[0].value
            try:
                selector.compile_selector(text)
            except selector.SelectorError as error:
                self._problems.error("Invalid selector", str(error), block.labels[0].range)
            self.body(content(block.body, _INNER, self._problems), target._replace(label_selector=text))

    def body(self, found: Content, target: ConfigVariable) -> None:
        """The three maps of one body, which may refer to each other."""
        entries: list[_Entry] = []
        for kind in MAPS:
            attribute = found.attributes.get(kind)
            if attribute is not None:
                entries += self._entries(kind, attribute, target)
        known: dict[str, dict[str, Value]] = {kind: {} for kind in MAPS}
        for entry in self._ordered(entries):
            self._entry(entry, known, target)

    def _entries(self, kind: str, attribute: tree.Attribute, target: ConfigVariable) -> list[_Entry]:
        value = attribute.value
        if not isinstance(value, tree.ObjectExpression):
            self._whole(kind, attribute, target)
            return []
        found: dict[str, _Entry] = {}
        for item in value.items:
            try:
                key = evaluate(item.key, self._scope)
                name = convert(key, STRING)
            except (Diagnostics, ConversionError) as error:
                self._extend(error, item.key, "The name of an entry must be a string")
                continue
            if not isinstance(name.data, str):
                self._problems.error("Invalid name", "The name of an entry must be a known string.", item.key.range)
                continue
            found[name.data] = _Entry(kind, name.data, item.value, references(item.value))
        return list(found.values())

    def _whole(self, kind: str, attribute: tree.Attribute, target: ConfigVariable) -> None:
        """A map that is not written as ``{…}``: evaluate it as one value."""
        try:
            value = evaluate(attribute.value, self._scope)
        except Diagnostics as error:
            self._problems.extend(error)
            return
        if value.is_null or not value.is_known:
            return
        if not value.type.is_mapping:
            detail = f'"{kind}" must be a map, not {value.type.words}.'
            self._problems.error("Incorrect value type", detail, attribute.value.range)
            return
        for name, item in value.entries.items():
            entry = _Entry(kind, name, attribute.value, [])
            self._add(entry, item, target)

    def _extend(self, error: Exception, node: tree.Node, what: str) -> None:
        if isinstance(error, Diagnostics):
            self._problems.extend(error)
        else:
            self._problems.error("Incorrect value type", f"{what}: {error}.", node.range)

    def _ordered(self, entries: list[_Entry]) -> list[_Entry]:
        """Entries so that each comes after those it refers to; a cycle is reported and left out."""
        by_name = {entry.full_name: entry for entry in entries}
        waiting = {name: {use for use in entry.uses if use in by_name} for name, entry in by_name.items()}
        ordered: list[_Entry] = []
        while waiting:
            ready = [name for name, uses in waiting.items() if not uses & waiting.keys()]
            if not ready:
                cycle = sorted(waiting)
                detail = f"These entries refer to each other in a circle: {', '.join(cycle)}."
                self._problems.error("Circular references", detail, by_name[cycle[0]].value.range)
                break
            for name in ready:
                del waiting[name]
                ordered.append(by_name[name])
        return ordered

    def _entry(self, entry: _Entry, known: dict[str, dict[str, Value]], target: ConfigVariable) -> None:
        config = object_of({kind: object_of(values) for kind, values in known.items()})
        scope = self._scope.child({"config": config})
        if entry.kind == "file" and isinstance(entry.value, tree.Call) and entry.value.name == "templatefile":
            detail = "templatefile gives the path of a file, not its text; use file(templatefile(…)) for the text."
            self._problems.warn("Path instead of contents", detail, entry.value.range)
        try:
            value = evaluate(entry.value, scope)
        except Diagnostics as error:
            self._problems.extend(error)
            known[entry.kind][entry.name] = unknown(STRING)
            return
        if value.type.kind != "dynamic" and not value.is_known:
            known[entry.kind][entry.name] = unknown(STRING)
            if scope.dry:
                self._check(entry)
                return
            from wp_config import partial

            try:
                text = partial.residual(entry.value, scope)
            except Diagnostics as error:
                self._problems.extend(error)
                return
            self._tell_what_is_missing(entry, text)
            self.variables.append(self._variable(entry, target, value=text))
            return
        known[entry.kind][entry.name] = self._add(entry, value, target)

    def _tell_what_is_missing(self, entry: _Entry, text: str) -> None:
        """Our entrypoint carries less than Go's: what is left for it and it cannot do is told here, where it can be
        changed.
        """
        for node in tree.walk(entry.value):
            if isinstance(node, tree.Call) and node.name in GO_ENTRYPOINT_ONLY and f"{node.name}(" in text:
                detail = f'Of "{node.name}" only the entrypoint of Go Waypoint knows; with ours the value is empty.'
                self._problems.warn("Value cannot be finished", detail, node.range)

    def _check(self, entry: _Entry) -> None:
        """While only checking, most values are unknown because nothing is looked at; what will stay unknown must not
        stand where the application cannot finish it.
        """
        if not self._later & set(entry.uses):
            return
        self._later.add(entry.full_name)
        for node in tree.walk(entry.value):
            if isinstance(node, tree.Call) and node.name in HERE_ONLY and self._later & set(references(node)):
                detail = f'"{node.name}" cannot run in the application, and one of its arguments is known only there.'
                self._problems.error("Value is not known", detail, node.range)

    def _add(self, entry: _Entry, value: Value, target: ConfigVariable) -> Value:
        """Remember one entry with a known or dynamic value; the value other entries see is returned."""
        if isinstance(value.data, DynamicValue):
            self._later.add(entry.full_name)
            self.variables.append(self._variable(entry, target, dynamic=value.data))
            return unknown(STRING)
        if value.is_null:
            detail = f'The value of "{entry.name}" is null; leave the entry out instead.'
            self._problems.error("Null value", detail, entry.value.range)
            return unknown(STRING)
        try:
            text = convert(value, STRING)
        except ConversionError as error:
            self._problems.error(
                "Incorrect value type", f'Inappropriate value for "{entry.name}": {error}.', entry.value.range
            )
            return unknown(STRING)
        if text.data is UNKNOWN:
            return unknown(STRING)
        self.variables.append(self._variable(entry, target, value=escape_template(text.text)))
        return text

    @staticmethod
    def _variable(
        entry: _Entry, target: ConfigVariable, *, value: str | None = None, dynamic: DynamicValue | None = None
    ) -> ConfigVariable:
        return target._replace(
            name=entry.name,
            value=value,
            dynamic=dynamic,
            internal=entry.kind == "internal",
            name_is_path=entry.kind == "file",
        )


def references(expression: tree.Expression) -> list[str]:
    """The config entries an expression refers to, as ``config.env.NAME``."""
    found: list[str] = []
    for node in tree.walk(expression):
        if isinstance(node, tree.GetAttribute | tree.Index):
            steps = traversal(node)
            if steps and steps[0] == "config" and len(steps) >= 3:
                found.append(".".join(steps[:3]))
    return found


def signal(found: Mapping[str, tree.Attribute], scope: Scope, problems: Diagnostics) -> str:
    """``file_change_signal`` in upper case without ``SIG``; empty when not set."""
    attribute = found.get("file_change_signal")
    if attribute is None:
        return ""
    try:
        value = convert(evaluate(attribute.value, scope), STRING)
    except (Diagnostics, ConversionError) as error:
        if isinstance(error, Diagnostics):
            problems.extend(error)
        else:
            problems.error("Incorrect value type", f"{error}.", attribute.value.range)
        return ""
    return value.text.upper().removeprefix("SIG") if isinstance(value.data, str) else ""
