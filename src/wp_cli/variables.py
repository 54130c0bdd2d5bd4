"""Input variables that travel on a job: from WP_VAR_*, then -var-file, then -var (CLI specification 2.4)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.target import config_problem
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_config import InputValue

ENV_PREFIX = "WP_VAR_"


def inputs(session: Session) -> tuple[InputValue, ...]:
    """Return what environment and flags give, weakest first. CliError for a file that cannot be read or understood."""
    import wp_config

    try:
        return given(session)
    except wp_config.Diagnostics as problems:
        raise config_problem(problems) from problems


def given(session: Session) -> tuple[InputValue, ...]:
    """Return the same; raises `Diagnostics` instead."""
    from wp_config.variables import collect

    files = [Path(name) for name in session[shared.VAR_FILE]]
    assignments = [f"{name}={value}" for name, value in session[shared.VAR].items()]
    return collect(session.environ, files, assignments)


def job_variables(session: Session) -> list[pb.Variable]:
    """Return the same as messages; the runner converts and checks them."""
    from_flags = session.given(shared.VAR) or session.given(shared.VAR_FILE)
    if not from_flags and not any(name.startswith(ENV_PREFIX) for name in session.environ):
        return []
    return [to_message(value) for value in inputs(session)]


def to_message(value: InputValue) -> pb.Variable:
    """Return one value as a message."""
    from wp_config import VariableSource

    message = pb.Variable(name=value.name)
    setattr(message, value.form.value, value.value)
    if value.source is VariableSource.ENV:
        message.env.SetInParent()
    elif value.source is VariableSource.FILE:
        name, line, column = value.place.rsplit(":", 2)
        message.file.fileName = message.file.hcl_range.filename = name
        message.file.hcl_range.start.line = int(line)
        message.file.hcl_range.start.column = int(column)
    else:
        message.cli.SetInParent()
    return message
