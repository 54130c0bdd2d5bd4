"""Roles (our own addition to server.md §2.4): what a user may do, and in which projects and workspaces.

A user without grants is an administrator of everything, so that users and tokens of before roles keep what they had.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from wp_proto.own.role_pb2 import Grant as GrantMessage


class Role(IntEnum):
    """Each includes the one before. The numbers are those of the wire."""

    VIEWER = 1
    DEPLOYER = 2
    ADMIN = 3

    def __str__(self) -> str:
        """Returns the name as people write it."""
        return self.name.lower()


@dataclass(frozen=True)
class Place:
    """Where an object is: keys of project and workspace.

    An empty project is the server as a whole. `workspace` None: the object is in no workspace (a project, say); empty:
    it reaches over all workspaces.
    """

    project: str
    workspace: str | None = None
    application: str = ""
    object: str = ""
    """What it is, for the audit: `job 01H…`."""

    def __str__(self) -> str:
        """Returns the place in words."""
        if not self.project:
            return "the whole server"
        if self.workspace:
            return f"project {self.project!r}, workspace {self.workspace!r}"
        return f"project {self.project!r}" + (" in all workspaces" if self.workspace == "" else "")


SERVER = Place("")


@dataclass(frozen=True)
class Grant:
    """A role in one project or all, in one workspace or all; names are keys, empty is all."""

    role: Role
    project: str = ""
    workspace: str = ""

    @classmethod
    def of(cls, message: GrantMessage) -> Grant:
        """Returns the grant of a wire message whose role is known."""
        return cls(Role(message.role), message.project.lower(), message.workspace.lower())

    def covers(self, role: Role, place: Place, changes: bool) -> bool:
        """Returns whether this allows what needs `role` at `place`. To look at a project any of its workspaces will do;
        to change it takes all of them."""
        if self.role < role or (self.project and self.project != place.project):
            return False
        if not self.workspace:
            return True
        return not changes if place.workspace is None else place.workspace == self.workspace


Grants = tuple[Grant, ...]
"""All of a user's; empty is an administrator of everything."""


def allow(grants: Grants, role: Role, place: Place, changes: bool = False) -> bool:
    """Returns whether a user with these grants may do what needs `role` at `place`."""
    return not grants or any(grant.covers(role, place, changes) for grant in grants)


def somewhere(grants: Grants, role: Role) -> bool:
    """Returns whether there is any place where these grants allow what needs `role`."""
    return not grants or any(grant.role >= role for grant in grants)


def described(grants: Iterable[Grant]) -> str:
    """Returns grants in words: `deployer of shop in staging, viewer`."""
    return ", ".join(
        f"{grant.role}{f' of {grant.project}' if grant.project else ''}"
        f"{f' in {grant.workspace}' if grant.workspace else ''}"
        for grant in grants
    )
