"""Everything that can be checked before running anything (hcl.md §16.1): for ``waypoint init`` and
``waypoint validate``.

Expressions are evaluated too, with everything that is known only later as unknown, and without looking at files,
repositories or the clock; so wrong types, unknown names and misspelt arguments show up here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from wp_config import config_stanza, pipelines, selector, stages
from wp_config import labels as label_rules
from wp_config.bodies import content
from wp_config.decode import decode_body
from wp_config.diagnostics import Diagnostic, Diagnostics, Severity, suggestion
from wp_config.expr import all_problems
from wp_config.model import App, Project, stage_blocks
from wp_config.records import Context, PluginRole, Source, StageKind, VariableInputs
from wp_config.schema import BodySchema
from wp_config.scope import Scope
from wp_config.source import load_source
from wp_config.syntax import tree
from wp_config.values import STRING, map_type, unknown

SchemaOf = Callable[[PluginRole, str], BodySchema | None]
"""The schema of a plugin in a role, or None when it cannot be known here (then the body is not checked)."""

_KNOWN_LATER = {
    StageKind.BUILD: (),
    StageKind.REGISTRY: ("artifact",),
    StageKind.DEPLOY: ("artifact", "entrypoint"),
    StageKind.RELEASE: ("artifact", "deploy"),
}


def validate(
    where: Path | Source,
    *,
    context: Context | None = None,
    variables: VariableInputs | None = None,
    schema_of: SchemaOf | None = None,
    plugin_names: Iterable[str] | None = None,
) -> Diagnostics:
    """All errors and warnings of a configuration. Without ``plugin_names`` unknown plugins are not reported."""
    try:
        project = Project(load_source(where), context or Context(), variables or VariableInputs(), dry=True)
    except Diagnostics as problems:
        return problems
    with project:
        checker = _Checker(project, schema_of, None if plugin_names is None else sorted(plugin_names))
        checker.run()
        return Diagnostics(checker.problems.items)


class _Checker:
    def __init__(self, project: Project, schema_of: SchemaOf | None, plugin_names: list[str] | None) -> None:
        self._project = project
        self._schema_of = schema_of
        self._plugin_names = plugin_names
        self.problems = Diagnostics(project.problems)

    def run(self) -> None:
        project = self._project
        project.variables.resolve()
        self.problems.extend(project.variables.problems)
        self.problems.extend(label_rules.check(project.context.labels, "-label"))
        for name, reason in project.variables.missing.items():
            place = project.variables.declared[name].header
            self.problems.add(Diagnostic("No value for variable", reason, place, Severity.WARNING))
        for name in project.app_names:
            self._app(App(project, name, project.app_block(name)))
        config_stanza.read(project.content.one("config"), project.scope, "", self.problems)
        pipelines.read(project.content.of("pipeline"), project.scope, project.name, self.problems)
        self.problems.extend(project.warnings)

    def _app(self, app: App) -> None:
        self.problems.extend(app.problems)
        outer = self._project.content.one("config")
        signalled = outer is not None and any(getattr(i, "name", "") == "file_change_signal" for i in outer.body.items)
        config_stanza.read(app.content.one("config"), app.scope, app.name, self.problems, signalled=signalled)
        for kind, block in stage_blocks(app.content):
            self._stage(app, kind, block)

    def _stage(self, app: App, kind: StageKind, block: tree.Block) -> None:
        found = content(block.body, stages.shape_of(kind), self.problems)
        later = Scope({name: unknown() for name in _KNOWN_LATER[kind]}, app.scope)
        scope = later.child({"labels": unknown(map_type(STRING))})
        self._body(kind, found.one("use"), found.of("hook"), found.attributes.get("labels"), later=later, scope=scope)
        for scoped in stages.scopes_of(found):
            inner = content(scoped.body, stages.SCOPED_STAGE, self.problems)
            if scoped.type == "label":
                self._selector(scoped)
            if inner.one("use") is None:
                self.problems.error("Missing use", stages.missing_use(kind), scoped.header)
            registry = inner.one("registry")
            if registry is not None:
                detail = 'A registry inside of a scoped build is ignored; put the scope inside of the "registry" block.'
                self.problems.warn("Ignored block", detail, registry.header)
            self._body(
                kind, inner.one("use"), inner.of("hook"), inner.attributes.get("labels"), later=later, scope=scope
            )

    def _selector(self, block: tree.Block) -> None:
        try:
            selector.compile_selector(block.labels[0].value)
        except selector.SelectorError as error:
            self.problems.error("Invalid selector", str(error), block.labels[0].range)

    def _body(
        self,
        kind: StageKind,
        use: tree.Block | None,
        hooks: list[tree.Block],
        labels: tree.Attribute | None,
        *,
        later: Scope,
        scope: Scope,
    ) -> None:
        label_rules.read(labels, later, self.problems)
        for hook in hooks:
            stages.hook(hook, scope, self.problems, partial=True)
        if use is None:
            return
        name = use.labels[0].value
        if self._plugin_names is not None and name not in self._plugin_names:
            known = suggestion(name, self._plugin_names) or " Known are " + ", ".join(self._plugin_names) + "."
            self.problems.error("Unknown plugin", f'There is no plugin "{name}".{known}', use.labels[0].range)
            self._references(use, scope)
            return
        schema = self._schema_of(PluginRole(str(kind)), name) if self._schema_of is not None else None
        if schema is not None:
            decode_body(use.body, schema, scope, self.problems, partial=True)
            self._references(use, scope, besides={attribute.name for attribute in schema.attributes})
        else:
            self._references(use, scope)

    def _references(self, use: tree.Block, scope: Scope, besides: Collection[str] = ()) -> None:
        """Check the expressions that no schema tells the type of: all of a body, or those of misspelt arguments."""
        nodes = tree.walk(use.body) if not besides else use.body.items
        for node in nodes:
            if isinstance(node, tree.Attribute) and node.name not in besides:
                self.problems.extend(all_problems(node.value, scope))
