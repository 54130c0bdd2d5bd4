"""Whether the plugins of an application fit together, answered without running anything (protocol specification 5.6).

Every function says what it needs and what it returns, so build → push → deploy → release can be solved with types in
place of values. `waypoint init` tells the result before anything is built.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from wp_config.diagnostics import Diagnostic, Diagnostics
from wp_config.records import StageKind
from wp_runner.configuration import Project, Stage
from wp_runner.environment import ROLES
from wp_runner.plugins import ComponentHandle, FunctionSpec, PluginHost
from wp_sdk.arguments import KEYS, DataDir, DeploymentConfig, EntrypointFile, JobInfo, LabelSet, Source, TargetResources
from wp_sdk.errors import PluginError
from wp_sdk.mapper import Input, Provider, Solver, Subject
from wp_sdk.terminal import UI

CORE: tuple[type, ...] = (
    Source,
    JobInfo,
    LabelSet,
    DataDir.App,
    DataDir.Project,
    DataDir.Component,
    logging.Logger,
    EntrypointFile,
    UI,
)
_MAIN = {StageKind.BUILD: "build", StageKind.REGISTRY: "push", StageKind.DEPLOY: "deploy", StageKind.RELEASE: "release"}
_EXTRA: dict[StageKind, tuple[type, ...]] = {
    StageKind.DEPLOY: (DeploymentConfig,),
    StageKind.RELEASE: (TargetResources,),
}


def chain_problems(host: PluginHost, project: Project, app_name: str) -> Diagnostics:
    """Return what does not fit; empty when all is well, or when a plugin is unknown or cannot say what it returns."""
    app = project.app(app_name)
    problems = Diagnostics()
    stages = [app.stage(kind, {}) for kind in _MAIN]
    if not {stage.use.plugin for stage in stages if stage is not None} <= set(host.names()):
        return problems
    artifact, target, before, made_by = "", "", "", ""
    registry = app.stage(StageKind.REGISTRY, {})
    for kind, function in _MAIN.items():
        stage = app.stage(kind, {})
        try:
            component = _component(host, kind, stage, app.stage(StageKind.DEPLOY, {}))
            if component is None:
                continue
            if not component.has(function):
                raise PluginError(f'The plugin "{component.plugin}" cannot {function}')
            inputs = _inputs(kind, artifact, target, registry is not None)
            if inputs is None:
                continue
            subject = Subject(f"{component.plugin} {function}", before)
            spec = component.spec(function)
            access = _access(host, registry) if kind is StageKind.BUILD else []
            _solver(host, project, kind, component, inputs, made_by, access).solve(spec.requirements, subject)
        except PluginError as error:
            place = stage.use.range if stage is not None else None
            problems.add(Diagnostic(f'Plugins of app "{app_name}" do not fit', str(error), place))
            continue
        artifact, target = _result(kind, spec, artifact, target)
        before, made_by = f"{component.plugin} {function}", component.plugin
    return problems


def _component(host: PluginHost, kind: StageKind, stage: Stage | None, deploy: Stage | None) -> ComponentHandle | None:
    if stage is not None:
        return host.component(stage.use.plugin, ROLES[kind])
    if kind is StageKind.RELEASE and deploy is not None:
        return host.component(deploy.use.plugin, ROLES[StageKind.DEPLOY]).default_releaser()
    return None


def _inputs(kind: StageKind, artifact: str, target: str, has_registry: bool) -> Sequence[Input] | None:
    """Symbolic inputs of the stage; None when an earlier stage could not say what it returns."""
    if kind is StageKind.BUILD:
        return [Input("has_registry", "prim:bool", has_registry)]
    if not artifact or (kind is StageKind.RELEASE and not target):
        return None
    inputs = [Input("artifact", artifact)]
    return [Input("target", target), *inputs] if kind is StageKind.RELEASE else inputs


def _solver(
    host: PluginHost,
    project: Project,
    kind: StageKind,
    component: ComponentHandle,
    inputs: Sequence[Input],
    maker: str,
    access: Sequence[Provider],
) -> Solver:
    known_plugins = set(host.names())
    declared = [plugin.name for plugin in project.plugins if plugin.name in known_plugins]
    mappers = host.mappers(declared, component.plugin, (maker,))
    known = [Provider(KEYS[cls]) for cls in (*CORE, *_EXTRA.get(kind, ()))]
    known += access
    return Solver(inputs, known, mappers, host.makers)


def _access(host: PluginHost, registry: Stage | None) -> list[Provider]:
    """The registry's credentials, which a builder may ask for."""
    if registry is None:
        return []
    component = host.open(registry.use.plugin).component(ROLES[StageKind.REGISTRY])
    return [Provider(component.spec("access").result)] if component is not None and component.has("access") else []


def _result(kind: StageKind, spec: FunctionSpec, artifact: str, target: str) -> tuple[str, str]:
    if kind in (StageKind.BUILD, StageKind.REGISTRY):
        return spec.result, target
    return artifact, spec.result if kind is StageKind.DEPLOY else target
