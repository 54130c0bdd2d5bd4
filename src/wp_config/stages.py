"""The stages of an application: choosing the body by workspace and labels, and what stands in it (hcl.md §2.3, §3,
§5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wp_config import labels as label_rules
from wp_config import selector
from wp_config.bodies import Content, Shape, content
from wp_config.decode import decode_body
from wp_config.diagnostics import Diagnostics, Range, failure
from wp_config.records import WORKSPACE_LABEL, Hook, StageKind
from wp_config.schema import Attribute, BodySchema, Schema
from wp_config.scope import Scope
from wp_config.syntax import tree
from wp_config.values import STRING, Value, from_python, map_of, string

_SCOPED = {"workspace": 1, "label": 1}
STAGE = Shape(frozenset({"labels"}), {"use": 1, "hook": 0, **_SCOPED}, frozenset({"use"}))
BUILD = Shape(frozenset({"labels"}), {"use": 1, "hook": 0, "registry": 0, **_SCOPED}, frozenset({"use", "registry"}))
SCOPED_STAGE = Shape(
    frozenset({"labels"}), {"use": 1, "hook": 0, "registry": 0, **_SCOPED}, frozenset({"use", "registry"})
)

HOOK = Schema(
    (
        Attribute("when", "string", required=True, doc="before or after the stage."),
        Attribute("command", "list(string)", required=True, doc="Program and arguments; no shell."),
        Attribute("on_failure", "string", doc="continue or fail (default)."),
    )
)


def shape_of(kind: StageKind) -> Shape:
    """What may stand in a stage's body."""
    return BUILD if kind is StageKind.BUILD else STAGE


@dataclass(frozen=True)
class UseBlock:
    """``use "plugin" { … }``. Nothing of the body is evaluated before :meth:`decode`."""

    plugin: str
    block: tree.Block
    _scope: Scope

    @property
    def range(self) -> Range:
        """Where the block begins."""
        return self.block.header

    def decode(
        self, schema: BodySchema | None, scope: Mapping[str, object] | None = None, *, partial: bool = False
    ) -> dict[str, object]:
        """The body as plain Python data by the plugin's schema; None means the plugin takes no configuration.

        ``scope`` adds variables to those of the stage. With ``partial`` arguments that depend on something unknown
        come out as :data:`~wp_config.values.UNKNOWN`. Raises :class:`Diagnostics` with everything wrong in the body.
        """
        problems = Diagnostics()
        inner = self._scope.child(variables(scope or {}))
        answer = decode_body(self.block.body, schema or Schema(), inner, problems, partial=partial)
        problems.raise_if_errors()
        if self._scope.surroundings is not None:
            self._scope.surroundings.warnings.extend(problems)
        return answer


@dataclass(frozen=True)
class Stage:
    """One stage as chosen for an operation. ``labels`` is the operation's final label map, command line overrides
    included.
    """

    kind: StageKind
    labels: Mapping[str, str]
    use: UseBlock
    _hooks: tuple[tree.Block, ...]
    _scope: Scope

    def hooks(self, scope: Mapping[str, object] | None = None) -> tuple[Hook, ...]:
        """The hooks in file order. Raises :class:`Diagnostics`."""
        problems = Diagnostics()
        inner = self._scope.child(variables(scope or {}))
        found = [hook(block, inner, problems) for block in self._hooks]
        problems.raise_if_errors()
        return tuple(item for item in found if item is not None)


def variables(scope: Mapping[str, object]) -> dict[str, Value]:
    """Plain data handed in by a caller as variables."""
    return {name: from_python(data) for name, data in scope.items()}


def hook(block: tree.Block, scope: Scope, problems: Diagnostics, *, partial: bool = False) -> Hook | None:
    """A hook block; None when something is wrong with it or not known."""
    before = len(problems)
    values = decode_body(block.body, HOOK, scope, problems, partial=partial)
    if len(problems) > before:
        return None
    places = {item.name: item.value.range for item in block.body.items if isinstance(item, tree.Attribute)}
    when, command, on_failure = values.get("when"), values.get("command"), values.get("on_failure", "fail")
    if isinstance(when, str) and when not in ("before", "after"):
        problems.error("Invalid hook", '"when" must be "before" or "after".', places.get("when", block.header))
    if isinstance(command, list) and not command:
        problems.error("Invalid hook", '"command" must hold at least the program.', places.get("command", block.header))
    if isinstance(on_failure, str) and on_failure not in ("continue", "fail"):
        detail = '"on_failure" must be "continue" or "fail".'
        problems.error("Invalid hook", detail, places.get("on_failure", block.header))
    if len(problems) > before or not isinstance(command, list) or not isinstance(when, str):
        return None
    return Hook(when, tuple(str(word) for word in command), on_failure == "continue")


def scopes_of(found: Content) -> list[tree.Block]:
    """The workspace- and label-scoped blocks of a stage, in file order."""
    return [block for block in found.blocks if block.type in _SCOPED]


def choose(
    kind: StageKind,
    block: tree.Block,
    *,
    base: Mapping[str, str],
    overrides: Mapping[str, str],
    scope: Scope,
    problems: Diagnostics,
    outer: tree.Block | None = None,
) -> Stage | None:
    """The stage for an operation; None when the stage has no ``use`` that applies (allowed for registry and release
    only).

    ``base`` are the labels of workspace, project and application; ``outer`` is the build block around a registry,
    whose labels the registry inherits.
    """
    merged = dict(base)
    if outer is not None:
        merged |= label_rules.read(_plain(outer).attributes.get("labels"), scope, problems)
    default = _plain(block)
    merged |= label_rules.read(default.attributes.get("labels"), scope, problems)
    chosen = default
    scoped = select(scopes_of(default), {**merged, **overrides})
    if scoped is not None:
        chosen = content(scoped.body, SCOPED_STAGE, Diagnostics())
        merged |= label_rules.read(chosen.attributes.get("labels"), scope, problems)
    merged |= overrides
    use = chosen.one("use")
    if use is None:
        if kind in (StageKind.BUILD, StageKind.DEPLOY) or chosen is not default:
            raise failure("Missing use", missing_use(kind), (scoped or block).header)
        return None
    inner = scope.child({"labels": map_of(STRING, {key: string(value) for key, value in merged.items()})})
    return Stage(kind, merged, UseBlock(use.labels[0].value, use, inner), tuple(chosen.of("hook")), inner)


def missing_use(kind: StageKind) -> str:
    """What to say about a stage without a plugin."""
    hint = (
        ' To deploy an existing image, use "docker-pull" or "docker-ref" as its plugin.'
        if kind is StageKind.BUILD
        else ""
    )
    return f'A "{kind}" block needs a plugin: use "NAME" {{ … }}.{hint}'


def _plain(block: tree.Block) -> Content:
    shape = BUILD if block.type == "build" else STAGE
    return content(block.body, shape, Diagnostics())


def select(blocks: list[tree.Block], labels: Mapping[str, str]) -> tree.Block | None:
    """The scoped block that applies: the workspace's, else the longest matching selector, file order on a tie
    (hcl.md §3).
    """
    for block in blocks:
        if block.type == "workspace" and block.labels[0].value == labels.get(WORKSPACE_LABEL):
            return block
    candidates = [block for block in blocks if block.type == "label"]
    candidates.sort(key=lambda block: -len(block.labels[0].value.encode()))
    for block in candidates:
        try:
            if selector.matches(block.labels[0].value, labels):
                return block
        except selector.SelectorError as error:
            raise failure("Invalid selector", str(error), block.labels[0].range) from error
    return None
