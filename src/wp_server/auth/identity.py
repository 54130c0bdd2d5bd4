"""Who is calling: set by the transport pipeline for the running RPC, read by handlers."""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass
from enum import Enum

from wp_server.auth.roles import Grants, Place, Role, allow
from wp_server.errors import Unauthenticated


class Kind(Enum):
    """The sorts of callers the rule table tells apart (server.md §2.4)."""

    ANONYMOUS = "anonymous"
    USER = "user"
    RUNNER = "runner"
    ENTRYPOINT = "entrypoint"
    TRIGGER = "trigger"


@dataclass(frozen=True)
class Identity:
    """A verified caller. Fields that do not belong to `kind` are empty."""

    kind: Kind
    user_id: str = ""
    """USER, TRIGGER: the user; ENTRYPOINT: the user that owns the token."""
    runner_id: str = ""
    """RUNNER: the only runner the token is good for; empty = any runner."""
    label_hash: int = 0
    """RUNNER: hash of the labels the runner must announce (§8.3); 0 = any labels."""
    deployment_id: str = ""
    """ENTRYPOINT: the only deployment the token is good for."""
    accessor_id: str = ""
    """Hexadecimal id of the token itself, for deny list and audit."""
    grants: Grants = ()
    """USER, TRIGGER: where the user may do what; empty = everything everywhere."""

    def sees(self, project: str, workspace: str | None = None) -> bool:
        """Returns whether lists show this caller what is in a project, and in a workspace of it (None: any)."""
        key = workspace.lower() if workspace is not None else None
        return not self.grants or allow(self.grants, Role.VIEWER, Place(project.lower(), key))

    def __str__(self) -> str:
        """Returns the short form that is stored beside what the caller did."""
        key = {Kind.RUNNER: self.runner_id, Kind.ENTRYPOINT: self.deployment_id}.get(self.kind, self.user_id)
        return f"{self.kind.value}:{key}" if key else self.kind.value


ANONYMOUS = Identity(Kind.ANONYMOUS)

_current: ContextVar[Identity] = ContextVar("wp_server_identity", default=ANONYMOUS)


def current() -> Identity:
    """Returns the caller of the running RPC; `ANONYMOUS` without a valid token."""
    return _current.get()


def enter(identity: Identity) -> Token[Identity]:
    """Makes `identity` the caller of the running task; hand the result to `leave`."""
    return _current.set(identity)


def leave(token: Token[Identity]) -> None:
    """Undoes `enter`."""
    _current.reset(token)


def require_user() -> Identity:
    """Returns the caller, which must be a person. Errors: Unauthenticated."""
    identity = current()
    if identity.kind is not Kind.USER:
        raise Unauthenticated("This call needs a user's login token; a runner's or application's token is not enough.")
    return identity
