"""Checks a configuration with what its plugins say about themselves, without touching a platform: for `waypoint init`
and `waypoint validate`.

The language checks itself first (`wp_config.validate`). Then each application whose blocks can be read is asked about
its plugins: whether they take their bodies, and whether they can work with each other's results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import wp_config
from wp_config import UNKNOWN
from wp_config.diagnostics import Diagnostic, Diagnostics
from wp_config.model import App, Project
from wp_config.records import Context, PluginRole, Source, StageKind, VariableInputs
from wp_config.source import load_source
from wp_runner import configuration
from wp_runner.chain import chain_problems
from wp_runner.environment import ROLES
from wp_runner.plugins import PluginHost
from wp_sdk.errors import PluginError
from wp_sdk.schema import Schema

_LATER: Mapping[str, object] = {"artifact": UNKNOWN, "deploy": UNKNOWN, "entrypoint": UNKNOWN}


def validate(
    where: Path | Source,
    *,
    context: Context | None = None,
    variables: VariableInputs | None = None,
    host: PluginHost | None = None,
) -> Diagnostics:
    """Return all errors and warnings, in order of file and place."""
    plugins = host or PluginHost()

    def schema_of(role: PluginRole, plugin: str) -> Schema | None:
        if role is PluginRole.MAPPER:
            return None
        try:
            return plugins.component(plugin, ROLES[StageKind(role.value)]).schema
        except PluginError:
            return None  # an unknown plugin is reported by its name, one without this role by the chain

    try:
        source = load_source(where)
        problems = wp_config.validate(
            source, context=context, variables=variables, schema_of=schema_of, plugin_names=plugins.names()
        )
        project = Project(source, context or Context(), variables or VariableInputs(), dry=True)
    except Diagnostics as unreadable:
        return unreadable
    with project:
        for name in project.app_names:
            try:
                app = project.app(name)
                problems.extend(_refusals(plugins, app))
                problems.extend(chain_problems(plugins, project, name))
            except Diagnostics:
                continue  # what is wrong with its blocks was reported by the language already
    return problems


def and_the_rest(found: Diagnostics, project: configuration.Project) -> Diagnostics:
    """What an operation found wrong in the file of `project`, with all other errors of that file.

    An operation evaluates what it needs and stops at the first part that is wrong; who mends that wants to hear of the
    others now, not by the next runs.
    """
    rest = validate(project.given, context=project.context, variables=project.inputs)
    told = {(str(item.subject), item.summary) for item in found}
    return Diagnostics([*found, *(item for item in rest.errors if (str(item.subject), item.summary) not in told)])


def _refusals(plugins: PluginHost, app: App) -> Diagnostics:
    """What the plugins themselves refuse, of the bodies whose values are all known."""
    problems = Diagnostics()
    for kind in StageKind:
        stage = app.stage(kind, _LATER)
        if stage is None:
            continue
        try:
            component = plugins.component(stage.use.plugin, ROLES[kind])
            decoded = stage.use.decode(component.schema, _LATER, partial=True)
        except (PluginError, Diagnostics):
            continue
        if _known(decoded):
            try:
                component.configure(decoded)
            except PluginError as error:
                summary = f'Refused by the plugin "{component.plugin}"'
                problems.add(Diagnostic(summary, str(error), stage.use.range))
    return problems


def _known(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_known(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(_known(item) for item in value)
    return value is not UNKNOWN
