"""Who may call what: kind of caller and role (server.md §2.4). `table` is the data; deny by default.

An RPC without a row is refused. Where a row lets an entrypoint, runner or trigger token in, the handler must still
check that the object is its own: an entrypoint reaches its deployment, a runner its jobs (see `own_*`, `jobs.access`).
For users, `scopes` finds where the object is, and the user's grants must cover that place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from wp_server.auth.identity import Identity, Kind, current
from wp_server.auth.roles import SERVER, Place, Role, allow, described, somewhere
from wp_server.auth.table import TABLE
from wp_server.errors import PermissionDenied, Unauthenticated


class Effect(Enum):
    """What a call does to the server, and how the audit hears of it (see `table`)."""

    READ = "read"
    WRITE = "write"
    ACT = "act"
    QUIET = "quiet"


@dataclass(frozen=True)
class Rule:
    """One row. `role` None: any user."""

    rpc: str
    effect: Effect
    role: Role | None
    anonymous: bool = False
    runner: bool = False
    entrypoint: bool = False
    trigger: bool = False
    terms: tuple[tuple[str, str], ...] = ()
    """Kind and path of the objects a call is about."""
    server: bool = False
    """The call is about the server as a whole."""

    @property
    def changes(self) -> bool:
        """Returns whether a call changes something."""
        return self.effect is not Effect.READ

    def allows(self, kind: Kind) -> bool:
        """Returns whether a caller of `kind` passes."""
        if self.anonymous or kind is Kind.USER:
            return True
        return {Kind.RUNNER: self.runner, Kind.ENTRYPOINT: self.entrypoint, Kind.TRIGGER: self.trigger}.get(kind, False)


def _parsed(table: str) -> dict[str, Rule]:
    rows: list[str] = []
    for line in filter(str.strip, table.splitlines()):
        if line.startswith(" "):
            rows[-1] += line
        else:
            rows.append(line)
    rules = [_rule(row.split()) for row in rows]
    twice = [name for name, same in groupby(sorted(rule.rpc for rule in rules)) if len(list(same)) > 1]
    if twice:
        raise ValueError(f"two rows for {', '.join(twice)}")
    return {rule.rpc: rule for rule in rules}


def _rule(words: list[str]) -> Rule:
    rpc, role, effect, callers, *where = words
    return Rule(
        rpc,
        Effect(effect),
        None if role in ("open", "anyone") else Role[role.upper()],
        anonymous=role == "open",
        runner="R" in callers,
        entrypoint="E" in callers,
        trigger="T" in callers,
        terms=tuple((kind, path) for kind, equals, path in (term.partition("=") for term in where) if equals),
        server=where == ["server"],
    )


RULES: dict[str, Rule] = _parsed(TABLE)
"""RPC name → rule."""


def check(rpc: str, identity: Identity) -> None:
    """Errors: Unauthenticated without a token, PermissionDenied when this kind of caller may not call `rpc`."""
    rule = RULES.get(rpc)
    if rule is None:
        raise PermissionDenied(f"{rpc} is not open to anybody on this server.")
    if not rule.allows(identity.kind):
        if identity.kind is Kind.ANONYMOUS:
            raise Unauthenticated("Authorization token is not supplied")
        raise PermissionDenied(f"A {identity.kind.value} token may not call {rpc}.")
    if rule.role is not None and not somewhere(identity.grants, rule.role):
        raise _refusal(rule, identity)
    if rule.server:
        check_place(rule, identity, SERVER)


def check_place(rule: Rule, identity: Identity, place: Place) -> None:
    """Errors: PermissionDenied when a user's grants do not cover `place` for the call."""
    if not allow(identity.grants, _needed(rule, place), place, rule.changes):
        raise _refusal(rule, identity, place)


def _needed(rule: Rule, place: Place | None) -> Role:
    """A call that anyone may make is about the caller. About somebody else it takes an administrator, and a deployer
    where it is about a deployment: whoever deploys invites its entrypoint."""
    if rule.role is not None:
        return rule.role
    return Role.DEPLOYER if place is not None and place.project else Role.ADMIN


def require(role: Role, place: Place, what: str) -> None:
    """Errors: PermissionDenied when the running call's user may not do `what`, which needs `role` at `place`."""
    permit(current(), role, place, what)


def permit(identity: Identity, role: Role, place: Place, what: str) -> None:
    """The same for a caller who is known, inside of a transaction. Errors: PermissionDenied."""
    if not allow(identity.grants, role, place, changes=True):
        raise PermissionDenied(f"To {what} takes the role {role} for {place}; you are {described(identity.grants)}.")


def _refusal(rule: Rule, identity: Identity, place: Place | None = None) -> PermissionDenied:
    where = f" for {place}" if place else ""
    return PermissionDenied(
        f"{rule.rpc} takes the role {_needed(rule, place)}{where}; you are {described(identity.grants)}."
    )


def own_deployment(identity: Identity, deployment_id: str) -> None:
    """Errors: PermissionDenied when an entrypoint token asks for a deployment that is not its own."""
    if identity.kind is Kind.ENTRYPOINT and identity.deployment_id != deployment_id:
        raise PermissionDenied("This token belongs to another deployment.")


def own_runner(identity: Identity, runner_id: str) -> None:
    """Errors: PermissionDenied when a runner token acts for a runner that is not its own (§8.4 1)."""
    if identity.kind is Kind.RUNNER and identity.runner_id and identity.runner_id.lower() != runner_id.lower():
        raise PermissionDenied("This token belongs to another runner.")
