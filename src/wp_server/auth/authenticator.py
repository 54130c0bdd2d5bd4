"""From a token string to an identity, on every request (server.md §2.4): verified once, rechecked on change.

Verifying costs a signature and some reads. The result is kept per token string and is good until its expiry, or until
the topics `auth` (users, keys, deny list) or `standing` (runners) say that something changed: a revocation works on the
very next request.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from google.protobuf.message import Message
from sqlalchemy import Connection

from wp_proto.own.administration_pb2 import AuditEvent
from wp_proto.waypoint import api as pb
from wp_server.auth import codec, rules
from wp_server.auth.identity import ANONYMOUS, Identity, Kind
from wp_server.auth.roles import Grant, Place
from wp_server.auth.rules import RULES, Effect, Rule
from wp_server.auth.scopes import Deployments, Scopes
from wp_server.auth.verify import decode_with_end
from wp_server.errors import DomainError, PermissionDenied, Unauthenticated
from wp_server.store import Store, audit, roles, runners, settings, users

CACHE_SIZE = 20_000
TARPIT_SECONDS = 5.0
"""How long a runner that is not adopted waits for its refusal, so that it cannot retry in a hot loop (§0.3)."""

_BEFORE_ADOPTION = frozenset({"RunnerConfig", "RunnerToken"})
"""What a runner token with an id may call whatever the state of its runner."""


@dataclass(frozen=True)
class _Verified:
    identity: Identity
    end: int | None
    versions: tuple[int, int]
    """Versions of the topics `auth` and `standing` that the facts were read at."""
    refusal: DomainError | None
    """Why the holder may only ask for adoption."""

    def holds(self, versions: tuple[int, int]) -> bool:
        """Returns whether nothing changed that this was read from; the standing of runners matters to their tokens."""
        if self.identity.kind is Kind.RUNNER:
            return self.versions == versions
        return self.versions[0] == versions[0]


class Authenticator:
    """One per server. Lives in the server's event loop."""

    def __init__(self, store: Store, instances: Deployments = lambda _: "") -> None:
        """`instances` returns the deployment of a connected instance, empty for an unknown one."""
        self._store = store
        self._scopes = Scopes(instances)
        self._known: OrderedDict[str, _Verified] = OrderedDict()

    async def admit(self, rpc: str, token: str, cookie: str = "") -> Identity:
        """Returns who calls `rpc` with this token (empty: none) and `wpcookie`, if the rule table lets them.

        Errors: Unauthenticated, PermissionDenied; `delay` of the error is how long the transport should wait with it.
        """
        if cookie:
            await self.check_cookie(cookie)
        rule = RULES.get(rpc)
        if rule is not None and rule.anonymous:
            try:
                return await self.authenticate(token) if token else ANONYMOUS
            except DomainError:
                return ANONYMOUS
        if not token:
            rules.check(rpc, ANONYMOUS)
        verified = await self._verified(token)
        rules.check(rpc, verified.identity)
        if verified.refusal is not None and rpc not in _BEFORE_ADOPTION:
            raise verified.refusal
        return verified.identity

    async def authorize(self, rpc: str, caller: Identity, request: Message) -> None:
        """Checks that the objects of a request are within the caller's roles, and prepares the audit of its effect.

        Errors: PermissionDenied; NotFound for an object that does not exist.
        """
        rule = RULES[rpc]
        audited = rule.effect in (Effect.WRITE, Effect.ACT)
        if not caller.grants and not audited:
            return
        event = audit.fresh(rule.rpc, str(caller), caller.accessor_id)
        if caller.grants:
            places = await self._store.read(self._scopes.places, rule, caller, request)
            for place in places:
                rules.check_place(rule, caller, place)
            _describe(event, places)
            describe = None
        else:
            # Nothing to decide: the effect's own transaction finds out where it is.
            describe = partial(self._look, rule, caller, request)
        if rule.effect is Effect.ACT:
            await self._store.write(audit.insert, event, describe)
        elif audited:
            audit.attend(event, describe)

    def _look(self, rule: Rule, caller: Identity, request: Message, connection: Connection, event: AuditEvent) -> None:
        try:
            _describe(event, self._scopes.places(connection, rule, caller, request))
        except DomainError:
            # What does not exist has no place; the handler has the sentence for it.
            return

    async def authenticate(self, token: str) -> Identity:
        """Returns the holder of a token. Errors: Unauthenticated."""
        return (await self._verified(token)).identity

    async def check_cookie(self, presented: str) -> None:
        """Errors: PermissionDenied when `presented` is not this server's cookie."""
        own = await self._store.read(settings.cookie)
        if not hmac.compare_digest(own.lower().encode(), presented.lower().encode()):
            raise PermissionDenied("server cookie does not match")

    async def _verified(self, token: str) -> _Verified:
        versions = (self._store.changes.version("auth"), self._store.changes.version("standing"))
        known = self._known.get(token)
        if known is None or not known.holds(versions):
            known = await self._store.read(_verify, token, versions)
            self._known[token] = known
            if len(self._known) > CACHE_SIZE:
                self._known.popitem(last=False)
        if known.end is not None and known.end <= time.time_ns():
            raise Unauthenticated("The token has expired; log in again with `waypoint login`.")
        return known


def _describe(event: AuditEvent, places: Sequence[Place]) -> None:
    if places:
        place = places[0]
        event.project, event.application = place.project, place.application
        event.workspace, event.object = place.workspace or "", place.object


def _verify(connection: Connection, token: str, versions: tuple[int, int]) -> _Verified:
    body, _, end = decode_with_end(connection, token)
    identity = _identity(body)
    refusal: DomainError | None = None
    if identity.kind in (Kind.USER, Kind.TRIGGER, Kind.ENTRYPOINT):
        _check_user(connection, identity, body)
        if identity.kind is not Kind.ENTRYPOINT:
            granted = tuple(Grant.of(message) for message in roles.of_user(connection, identity.user_id))
            identity = replace(identity, grants=granted)
    elif identity.runner_id:
        refusal = _runner_refusal(connection, identity)
    return _Verified(identity, end, versions, refusal)


def _identity(body: pb.Token) -> Identity:
    accessor = body.accessor_id.hex()
    match body.WhichOneof("kind"):
        case "login":
            user = body.login.user_id or users.DEFAULT_USER_ID
            if body.login.HasField("entrypoint"):
                deployment = body.login.entrypoint.deployment_id
                return Identity(Kind.ENTRYPOINT, user_id=user, deployment_id=deployment, accessor_id=accessor)
            return Identity(Kind.USER, user_id=user, accessor_id=accessor)
        case "runner":
            runner = body.runner
            return Identity(Kind.RUNNER, runner_id=runner.id, label_hash=runner.label_hash, accessor_id=accessor)
        case "trigger":
            return Identity(Kind.TRIGGER, user_id=body.trigger.from_user_id, accessor_id=accessor)
        case "invite":
            raise Unauthenticated(
                "This is an invite token; exchange it for a login token with `waypoint login -token`."
            )
    if not body.unused_login:
        raise Unauthenticated(codec.MALFORMED)
    if body.HasField("unused_entrypoint"):
        deployment = body.unused_entrypoint.deployment_id
        return Identity(Kind.ENTRYPOINT, user_id=users.DEFAULT_USER_ID, deployment_id=deployment, accessor_id=accessor)
    return Identity(Kind.USER, user_id=users.DEFAULT_USER_ID, accessor_id=accessor)


def _check_user(connection: Connection, identity: Identity, body: pb.Token) -> None:
    since = users.not_before(connection, identity.user_id)
    if since is None:
        upgraded = body.WhichOneof("kind") is None and users.count(connection) == 0
        if not upgraded:
            raise Unauthenticated("The user of this token does not exist any more; log in again with `waypoint login`.")
    elif body.issued_time.ToNanoseconds() < since:
        raise Unauthenticated("The tokens of this user were withdrawn; log in again with `waypoint login`.")


def _runner_refusal(connection: Connection, identity: Identity) -> DomainError | None:
    standing = runners.standing(connection, identity.runner_id)
    if standing is None or not standing.adopted:
        return PermissionDenied(f"The runner {identity.runner_id} is not adopted.", delay=TARPIT_SECONDS)
    if identity.label_hash and standing.label_hash != identity.label_hash:
        return PermissionDenied(
            f"The runner {identity.runner_id} has other labels than its token was made for; adopt it again.",
            delay=TARPIT_SECONDS,
        )
    return None
