"""Grants as people write them: `ROLE[:PROJECT[:WORKSPACE]]`."""

from __future__ import annotations

from collections.abc import Iterable

from wp_cli.errors import CliError
from wp_proto.own.role_pb2 import Grant

ROLES = {"viewer": Grant.VIEWER, "deployer": Grant.DEPLOYER, "admin": Grant.ADMIN}
NAMES = {number: name for name, number in ROLES.items()}


def parse_grant(text: str) -> Grant:
    """Return the grant that a text says. CliError for an unknown role or too many parts."""
    role, *place = text.split(":")
    if role.lower() not in ROLES or len(place) > 2 or not all(place):
        raise CliError(
            f"{text!r} is not a role", do="Write ROLE, ROLE:PROJECT or ROLE:PROJECT:WORKSPACE with the role "
            f"{', '.join(ROLES)}.",
        )  # fmt: skip
    project, workspace, *_ = (*place, "", "")
    return Grant(role=ROLES[role.lower()], project=project, workspace=workspace)


def described(grants: Iterable[Grant]) -> str:
    """Return grants in words."""
    words = [
        NAMES.get(grant.role, "unknown")
        + (f" of {grant.project}" if grant.project else "")
        + (f" in {grant.workspace}" if grant.workspace else "")
        for grant in grants
    ]
    return ", ".join(words) or "administrator of everything"
