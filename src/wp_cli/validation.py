"""What can be known to be wrong before anything is built: syntax, names, types, and plugins that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import wp_config
from wp_cli.target import ConfigFile, config_problem
from wp_cli.variables import inputs
from wp_config import PluginRole, StageKind
from wp_config.model import Project
from wp_config.source import load_source
from wp_runner.chain import chain_problems
from wp_runner.environment import ROLES
from wp_runner.plugins import PluginHost
from wp_sdk.errors import PluginError

if TYPE_CHECKING:
    from wp_cli.session import Session


def check(file: ConfigFile, session: Session) -> list[str]:
    """Check a configuration; returns its warnings. CliError with every problem and its place."""
    host = PluginHost()
    context = wp_config.Context(workspace=session.workspace)
    variables = wp_config.VariableInputs(
        environment=session.environ, values_directory=file.folder, given=inputs(session)
    )

    def schema_of(role: PluginRole, plugin: str) -> wp_config.BodySchema | None:
        if role is PluginRole.MAPPER:
            return None
        try:
            return host.component(plugin, ROLES[StageKind(role.value)]).schema
        except PluginError:
            return None  # an unknown plugin is reported by its name, one without this role by the chain below

    found = wp_config.validate(
        file.path, context=context, variables=variables, schema_of=schema_of, plugin_names=host.names()
    )
    if not found.has_errors:
        found.extend(misfits(host, file.path, context, variables))
    if found.has_errors:
        raise config_problem(found)
    return [str(warning) for warning in found]


def misfits(
    host: PluginHost, path: Path, context: wp_config.Context, variables: wp_config.VariableInputs
) -> wp_config.Diagnostics:
    """Return which plugins of an app cannot work with each other's results."""
    found = wp_config.Diagnostics()
    with Project(load_source(path), context, variables, dry=True) as project:
        for app in project.app_names:
            found.extend(chain_problems(host, project, app))
    return found
