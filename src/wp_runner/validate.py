"""Checks a configuration with what its plugins say about themselves, without running anything: for `waypoint init`.

Unknown plugins and attributes come with their place and the nearest name; plugins that cannot work together come with
the reason and what to change.
"""

from __future__ import annotations

from pathlib import Path

import wp_config
from wp_config.diagnostics import Diagnostics
from wp_config.model import Project
from wp_config.records import Context, PluginRole, Source, StageKind, VariableInputs
from wp_config.source import load_source
from wp_runner.chain import chain_problems
from wp_runner.environment import ROLES
from wp_runner.plugins import PluginHost
from wp_sdk.errors import PluginError
from wp_sdk.schema import Schema


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
            return None

    problems = wp_config.validate(
        where, context=context, variables=variables, schema_of=schema_of, plugin_names=plugins.names()
    )
    if problems.has_errors:
        return problems
    with Project(load_source(where), context or Context(), variables or VariableInputs(), dry=True) as project:
        for name in project.app_names:
            problems.extend(chain_problems(plugins, project, name))
    return problems
