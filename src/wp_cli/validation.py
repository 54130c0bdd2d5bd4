"""What can be known to be wrong before anything is built: syntax, names, types, and plugins that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import wp_config
from wp_cli.target import ConfigFile, config_problem
from wp_cli.variables import given
from wp_runner.validate import validate

if TYPE_CHECKING:
    from wp_cli.session import Session


def check(file: ConfigFile, session: Session) -> list[str]:
    """Check a configuration; returns its warnings. CliError with every problem and its place."""
    found = examine(file.path, session)
    if found.has_errors:
        raise config_problem(found)
    return [str(warning) for warning in found]


def examine(path: Path, session: Session) -> wp_config.Diagnostics:
    """Return everything that is wrong with a configuration and with the variables given to it."""
    try:
        variables = wp_config.VariableInputs(
            environment=session.environ, values_directory=path.parent, given=given(session)
        )
    except wp_config.Diagnostics as problems:
        return problems
    return validate(path, context=wp_config.Context(workspace=session.workspace), variables=variables)
