"""What can be known to be wrong before anything is built: syntax, names, types, and plugins that do not fit."""

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
    variables = wp_config.VariableInputs(
        environment=session.environ, values_directory=file.folder, given=inputs(session)
    )
    found = validate(file.path, context=wp_config.Context(workspace=session.workspace), variables=variables)
    if found.has_errors:
        raise config_problem(found)
    return [str(warning) for warning in found]
