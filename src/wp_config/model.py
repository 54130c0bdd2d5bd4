"""A configuration as a project with applications, evaluated lazily (hcl.md §1.3, §2, §11.3)."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from wp_config import config_stanza, pipelines, stages
from wp_config import labels as label_rules
from wp_config.bodies import Content, Shape, content
from wp_config.declarations import declarations
from wp_config.decode import decode_body, read_as
from wp_config.diagnostics import Diagnostics, failure, suggestion
from wp_config.records import (
    WORKSPACE_LABEL,
    ConfigVariable,
    Context,
    Pipeline,
    PluginDeclaration,
    PluginRole,
    ProjectNames,
    RunnerSettings,
    Source,
    StageKind,
    VariableInputs,
)
from wp_config.runner_block import runner_settings, with_data_source
from wp_config.schema import Attribute, Block, Schema
from wp_config.scope import Scope, Surroundings
from wp_config.source import load_source, parse_source
from wp_config.syntax import tree
from wp_config.values import STRING, from_python
from wp_config.variables import VariableSet

ROOT = Shape(
    frozenset({"project", "labels"}),
    {"runner": 0, "variable": 1, "plugin": 1, "config": 0, "app": 1, "pipeline": 1},
    frozenset({"runner", "config"}),
    {"server": "There is no server block; servers are chosen with contexts (waypoint context create)."},
)
APP = Shape(
    frozenset({"path", "labels"}),
    {"url": 0, "config": 0, "runner": 0, "build": 0, "deploy": 0, "release": 0},
    frozenset({"url", "config", "runner", "build", "deploy", "release"}),
    {
        "registry": 'The "registry" block belongs inside of "build".',
        "use": 'A "use" block belongs inside of build, deploy or release.',
    },
)
_URL = Schema((Attribute("auto_hostname", "bool", doc="Give every deployment a generated host name."),))
_PLUGIN_TYPES = Schema(
    tuple(
        Attribute(name, "bool")
        for name in ("mapper", "build", "registry", "deploy", "release", "builder", "platform", "releaser")
    )
)
_PLUGIN = Schema((Attribute("checksum", doc="SHA-256 of the plugin's program."),), (Block("type", _PLUGIN_TYPES),))
_ROLE_NAMES = {"builder": "build", "platform": "deploy", "releaser": "release"}


def names(where: Path | Source) -> ProjectNames:
    """The names a file declares; nothing is evaluated, so ``project`` is empty unless it is plain text. Raises
    :class:`Diagnostics`.
    """
    found = content(parse_source(load_source(where)), ROOT, Diagnostics())
    project = ""
    attribute = found.attributes.get("project")
    if attribute is not None and isinstance(attribute.value, tree.Literal) and isinstance(attribute.value.value, str):
        project = attribute.value.value

    def labels(kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(block.labels[0].value for block in found.of(kind)))

    return ProjectNames(project, labels("app"), labels("pipeline"), labels("variable"))


def load(where: Path | Source, *, context: Context | None = None, variables: VariableInputs | None = None) -> Project:
    """The project a file or stored text describes. Raises :class:`Diagnostics` with everything that is wrong."""
    project = Project(load_source(where), context or Context(), variables or VariableInputs())
    if project.problems.has_errors:
        project.close()
        raise project.problems
    return project


class Project:
    """A loaded configuration. Use it as a context manager, or call :meth:`close`: template functions leave files
    behind.

    ``dry``: only check; functions do not look at the world, and variables without a value are unknown instead of
    missing. :attr:`problems` holds what was wrong while loading; :func:`load` raises it.
    """

    def __init__(self, given: Source, context: Context, inputs: VariableInputs, *, dry: bool = False) -> None:
        self.given = given
        self.inputs = inputs
        self.path = given.directory.absolute()
        self.context = context
        self.problems = Diagnostics()
        self._surroundings = Surroundings(
            self.path, context.git_directory or self.path, context.temporary_directory, dry=dry
        )
        self.body = parse_source(given)
        self.content: Content = content(self.body, ROOT, self.problems)
        paths = {"pwd": str(self.path), "project": str(self.path)}
        base = {"path": from_python(paths), "workspace": from_python({"name": context.workspace})}
        self.load_scope = Scope(base, surroundings=self._surroundings, templates=True)
        defaults = Scope({}, self.load_scope, templates=False, dynamic=True)
        declared = declarations(self.content.of("variable"), defaults, self.problems)
        self.variables = VariableSet(declared, inputs, self.path, dry=dry)
        self.name = self._read_name()
        self.labels = label_rules.read(self.content.attributes.get("labels"), self.load_scope, self.problems)
        self._runner = runner_settings(self.content.one("runner"), self.load_scope, self.problems)
        self._apps = self._app_blocks()
        self.plugins = self._read_plugins()

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the files that template functions made."""
        self._surroundings.close()

    @functools.cached_property
    def scope(self) -> Scope:
        """The scope of everything evaluated after loading: functions, ``path``, ``workspace`` and ``var``."""
        return Scope(
            {"var": self.variables.value},
            self.load_scope,
            absent={}
            if self._surroundings.dry
            else {("var", name): why for name, why in self.variables.missing.items()},
        )

    @functools.cached_property
    def runner(self) -> RunnerSettings:
        """The ``runner`` block. What stands in its data source is evaluated now, not while loading: a job must not need
        the key that fetched its files. Raises :class:`Diagnostics`.
        """
        problems = Diagnostics()
        answer = with_data_source(self._runner, self.content.one("runner"), self.load_scope, problems)
        self._raise(problems)
        return answer

    @property
    def runner_profile(self) -> str:
        """The on-demand runner profile of the ``runner`` block."""
        return self._runner.profile

    @property
    def warnings(self) -> Diagnostics:
        """Everything worth telling that did not stop the command so far."""
        found = Diagnostics([*self.problems.warnings, *self.variables.problems.warnings, *self._surroundings.warnings])
        return Diagnostics(found.items)

    @property
    def app_names(self) -> tuple[str, ...]:
        """The applications in file order."""
        return tuple(self._apps)

    def app(self, name: str) -> App:
        """One application. Raises :class:`Diagnostics` when there is none of that name, or when it is wrong."""
        self.check_variables()
        block = self._apps.get(name)
        if block is None:
            known = ", ".join(f'"{other}"' for other in self._apps) or "none"
            detail = f'The project has no application "{name}". It has {known}.{suggestion(name, self._apps)}'
            raise failure("Unknown application", detail)
        app = App(self, name, block)
        app.problems.raise_if_errors()
        return app

    def app_block(self, name: str) -> tree.Block:
        """The block of an application that exists."""
        return self._apps[name]

    def check_variables(self) -> None:
        """Resolve the variables; raise :class:`Diagnostics` when a given value is wrong."""
        self.variables.resolve()
        self.variables.problems.raise_if_errors()

    def config(self) -> tuple[ConfigVariable, ...]:
        """The entries of the project's ``config`` block. Raises :class:`Diagnostics`."""
        self.check_variables()
        problems = Diagnostics()
        answer = config_stanza.read(self.content.one("config"), self.scope, "", problems)
        self._raise(problems)
        return answer

    @property
    def file_change_signal(self) -> str:
        """The project's ``file_change_signal`` without ``SIG``; empty when not set. Raises :class:`Diagnostics`."""
        return _signal(self.content.one("config"), self.scope)

    def pipelines(self) -> tuple[Pipeline, ...]:
        """All pipelines, embedded ones as pipelines of their own. Raises :class:`Diagnostics`."""
        self.check_variables()
        problems = Diagnostics()
        answer = pipelines.read(self.content.of("pipeline"), self.scope, self.name, problems)
        self._raise(problems)
        return answer

    def _raise(self, problems: Diagnostics) -> None:
        problems.raise_if_errors()
        self._surroundings.warnings.extend(problems)

    def at(self, directory: Path) -> Surroundings:
        """The world as seen from an application's folder."""
        return self._surroundings.at(directory)

    def _read_name(self) -> str:
        attribute = self.content.attributes.get("project")
        if self.context.project:
            return self.context.project
        if attribute is None:
            detail = 'The file must name the project: project = "NAME".'
            self.problems.error("Missing project name", detail, self.body.end._replace(start=0, end=0))
            return ""
        known = len(self.problems)
        name = read_as(attribute, STRING, self.load_scope, self.problems)
        if (name is None or not name.data) and len(self.problems) == known:
            detail = f"The name of the project must not be {'empty' if name else 'null'}."
            self.problems.error("Missing project name", detail, attribute.value.range)
        return name.text if name is not None and isinstance(name.data, str) else ""

    def _app_blocks(self) -> dict[str, tree.Block]:
        found: dict[str, tree.Block] = {}
        for block in self.content.of("app"):
            name = block.labels[0].value
            if name in found:
                line = found[name].range.start_position.line
                detail = f'An application named "{name}" is already on line {line}; names must be unique.'
                self.problems.error("Duplicate application", detail, block.header)
            else:
                found[name] = block
        return found

    def _read_plugins(self) -> tuple[PluginDeclaration, ...]:
        roles: dict[str, set[PluginRole]] = {}
        checksums: dict[str, str] = {}
        for block in self.content.of("plugin"):
            name = block.labels[0].value
            values = decode_body(block.body, _PLUGIN, self.load_scope, self.problems)
            kinds = values.get("type")
            words = [str(word) for word, on in kinds.items() if on] if isinstance(kinds, dict) else []
            wanted = [_ROLE_NAMES.get(word, word) for word in words]
            roles.setdefault(name, set()).update({PluginRole.MAPPER, *(PluginRole(word) for word in wanted)})
            checksums[name] = str(values.get("checksum", ""))
        for kind, use in use_blocks(self._apps.values()):
            roles.setdefault(use.labels[0].value, {PluginRole.MAPPER}).add(PluginRole(str(kind)))
        return tuple(
            PluginDeclaration(name, frozenset(kinds), checksums.get(name, "")) for name, kinds in roles.items()
        )


class App:
    """One application of a project. Wrong settings are in :attr:`problems`; ``Project.app`` raises them."""

    def __init__(self, project: Project, name: str, block: tree.Block) -> None:
        self.project = project
        self.name = name
        self.block = block
        self.problems = Diagnostics()
        self.content = content(block.body, APP, self.problems)
        self.path = self._read_path()
        paths = {"pwd": str(project.path), "project": str(project.path), "app": str(self.path)}
        own = {"path": from_python(paths), "app": from_python({"name": name})}
        self.scope = Scope(own, project.scope, surroundings=project.at(self.path))
        self.labels = label_rules.read(self.content.attributes.get("labels"), self.scope, self.problems)
        self.auto_hostname = self._read_url()
        settings = runner_settings(self.content.one("runner"), self.scope, self.problems)
        self.profile = settings.profile or project.runner_profile
        self._require_stages()

    def stage(self, kind: StageKind, scope: Mapping[str, object] | None = None) -> stages.Stage | None:
        """The stage as it applies to this workspace and these labels; None for a missing registry or release.

        ``scope`` are variables known by now (``artifact``, ``deploy``, ``entrypoint``) as plain data. Raises
        :class:`Diagnostics`.
        """
        build = self.content.one("build")
        block, outer = self.content.one(str(kind)), None
        if kind is StageKind.REGISTRY and build is not None:
            block, outer = content(build.body, stages.BUILD, Diagnostics()).one("registry"), build
        if block is None:
            return None
        overrides = self.project.context.labels
        problems = label_rules.check(overrides, "-label")
        problems.raise_if_errors()
        base = {WORKSPACE_LABEL: self.project.context.workspace, **self.project.labels, **self.labels}
        inner = self.scope.child(stages.variables(scope or {}))
        stage = stages.choose(kind, block, base=base, overrides=overrides, scope=inner, problems=problems, outer=outer)
        problems.raise_if_errors()
        return stage

    @property
    def build(self) -> stages.Stage | None:
        """The build stage with nothing known yet."""
        return self.stage(StageKind.BUILD)

    @property
    def registry(self) -> stages.Stage | None:
        """The registry stage with nothing known yet."""
        return self.stage(StageKind.REGISTRY)

    @property
    def deploy(self) -> stages.Stage | None:
        """The deploy stage with nothing known yet."""
        return self.stage(StageKind.DEPLOY)

    @property
    def release(self) -> stages.Stage | None:
        """The release stage with nothing known yet."""
        return self.stage(StageKind.RELEASE)

    def config(self) -> tuple[ConfigVariable, ...]:
        """The entries of the application's ``config`` block. Raises :class:`Diagnostics`."""
        problems = Diagnostics()
        block = self.content.one("config")
        signalled = bool(self.project.file_change_signal)
        answer = config_stanza.read(block, self.scope, self.name, problems, signalled=signalled)
        self.project._raise(problems)
        return answer

    @property
    def file_change_signal(self) -> str:
        """The application's ``file_change_signal`` without ``SIG``; empty when not set. Raises :class:`Diagnostics`."""
        return _signal(self.content.one("config"), self.scope)

    def operation_labels(self) -> dict[str, str]:
        """Labels of an operation that has no stage: workspace, project, application, overrides."""
        base = {WORKSPACE_LABEL: self.project.context.workspace, **self.project.labels, **self.labels}
        return {**base, **self.project.context.labels}

    def _read_path(self) -> Path:
        attribute = self.content.attributes.get("path")
        value = read_as(attribute, STRING, self.project.scope, self.problems) if attribute is not None else None
        if value is None or attribute is None or not isinstance(value.data, str) or not value.data:
            return self.project.path
        path = Path(os.path.normpath(self.project.path / value.data))
        if path != self.project.path and self.project.path not in path.parents:
            detail = f"{value.data} leads out of the project's folder; it must stay inside."
            self.problems.error("Invalid application path", detail, attribute.value.range)
        return path

    def _read_url(self) -> bool | None:
        block = self.content.one("url")
        if block is None:
            return None
        value = decode_body(block.body, _URL, self.scope, self.problems, partial=self.scope.dry).get("auto_hostname")
        return value if isinstance(value, bool) else None

    def _require_stages(self) -> None:
        for kind in (StageKind.BUILD, StageKind.DEPLOY):
            block = self.content.one(str(kind))
            if block is None and any(getattr(item, "type", "") == kind for item in self.block.body.items):
                continue
            if block is None:
                detail = f'The application "{self.name}" needs a "{kind}" block. {stages.missing_use(kind)}'
                self.problems.error(f"Missing {kind} block", detail, self.block.header)
            elif content(block.body, stages.shape_of(kind), Diagnostics()).one("use") is None:
                self.problems.error("Missing use", stages.missing_use(kind), block.header)


def use_blocks(apps: Iterable[tree.Block]) -> list[tuple[StageKind, tree.Block]]:
    """Every ``use`` of every stage and scope of the given app blocks, in the order of hcl.md §9."""
    found: list[tuple[StageKind, tree.Block]] = []
    for app in apps:
        body = content(app.body, APP, Diagnostics())
        for kind, block in stage_blocks(body):
            inner = content(block.body, stages.shape_of(kind), Diagnostics())
            for part in (block, *stages.scopes_of(inner)):
                use = content(part.body, stages.SCOPED_STAGE, Diagnostics()).one("use")
                if use is not None:
                    found.append((kind, use))
    return found


def stage_blocks(app: Content) -> list[tuple[StageKind, tree.Block]]:
    """The stage blocks of an application that are there."""
    found: list[tuple[StageKind, tree.Block]] = []
    build = app.one("build")
    if build is not None:
        found.append((StageKind.BUILD, build))
        registry = content(build.body, stages.BUILD, Diagnostics()).one("registry")
        if registry is not None:
            found.append((StageKind.REGISTRY, registry))
    for kind in (StageKind.DEPLOY, StageKind.RELEASE):
        block = app.one(str(kind))
        if block is not None:
            found.append((kind, block))
    return found


def _signal(block: tree.Block | None, scope: Scope) -> str:
    if block is None:
        return ""
    problems = Diagnostics()
    found = content(block.body, config_stanza.SHAPE, Diagnostics())
    answer = config_stanza.signal(found.attributes, scope, problems)
    problems.raise_if_errors()
    return answer
