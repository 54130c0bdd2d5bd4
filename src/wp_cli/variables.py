"""Input variables that travel on a job: from WP_VAR_*, then -var-file, then -var (CLI specification 2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

ENV_PREFIX = "WP_VAR_"


def job_variables(session: Session) -> list[pb.Variable]:
    """Return every variable that environment and flags give, weakest first; the runner converts and checks them."""
    given = []
    for name, value in sorted(session.environ.items()):
        if name.startswith(ENV_PREFIX) and len(name) > len(ENV_PREFIX):
            variable = pb.Variable(name=name[len(ENV_PREFIX) :], str=value)
            variable.env.SetInParent()
            given.append(variable)
    for name, value in session[shared.VAR].items():
        variable = pb.Variable(name=name, str=value)
        variable.cli.SetInParent()
        given.append(variable)
    return given
