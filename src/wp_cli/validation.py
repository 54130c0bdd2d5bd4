"""Everything that can be known to be wrong before anything is built.

Syntax, names, types, and plugins that do not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import wp_config
from wp_cli.target import ConfigFile, config_problem
from wp_cli.variables import inputs
from wp_runner.validate import validate

if TYPE_CHECKING:
    from wp_cli.session import Session


def check(file: ConfigFile, session: Session) -> list[str]:
    """Check a configuration; returns its warnings. CliError with every problem and its place."""
    context = wp_config.Context(workspace=session.workspace)
    variables = wp_config.VariableInputs(
        environment=session.environ, values_directory=file.folder, given=inputs(session)
    )
    found = validate(file.path, context=context, variables=variables)
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
