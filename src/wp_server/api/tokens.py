"""Bootstrap, login, invite and runner tokens (server.md §2.5, §2.6)."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.auth import tokens
from wp_server.auth.identity import Kind, current, require_user
from wp_server.durations import parse_duration
from wp_server.errors import InvalidArgument, Unauthenticated, Violation
from wp_server.store import Store, users

Context = grpc.aio.ServicerContext[object, object]


class TokenHandlers:
    """The RPCs that make, exchange and show tokens."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def BootstrapToken(self, request: Empty, context: Context) -> pb.NewTokenResponse:
        """Answers the first login token; PermissionDenied ever after."""
        return pb.NewTokenResponse(token=await self._store.write(tokens.bootstrap))

    async def GenerateLoginToken(self, request: pb.LoginTokenRequest, context: Context) -> pb.NewTokenResponse:
        """Answers a login token for the caller or the named user, or a trigger token of the caller."""
        caller = require_user()
        valid_for = _optional_duration(request.duration)
        if request.trigger:
            token = await self._store.write(tokens.trigger, caller.user_id, valid_for)
        elif request.HasField("user"):
            user = await self._store.read(users.find, request.user)
            token = await self._store.write(tokens.login, user.id, valid_for)
        else:
            token = await self._store.write(tokens.login, caller.user_id, valid_for)
        return pb.NewTokenResponse(token=token)

    async def GenerateInviteToken(self, request: pb.InviteTokenRequest, context: Context) -> pb.NewTokenResponse:
        """Answers an invite. Runner tokens may only invite entrypoints (defect 4)."""
        caller = current()
        entrypoint = request.HasField("unused_entrypoint") or request.login.HasField("entrypoint")
        if caller.kind is not Kind.USER and not entrypoint:
            raise Unauthenticated("A runner's token can only invite an application's entrypoint.")
        checks = Checks()
        if not request.duration:
            checks.fail("duration", "is required, for example 24h")
        seconds = checks.duration("duration", request.duration) if request.duration else 0.0
        if entrypoint:
            target = request.unused_entrypoint if request.HasField("unused_entrypoint") else request.login.entrypoint
            if not target.deployment_id:
                checks.fail("unused_entrypoint.deployment_id", "must not be empty")
        checks.raise_invalid()
        inviter = caller.user_id or users.DEFAULT_USER_ID
        return pb.NewTokenResponse(token=await self._store.write(tokens.invite, inviter, request, seconds))

    async def ConvertInviteToken(self, request: pb.ConvertInviteTokenRequest, context: Context) -> pb.NewTokenResponse:
        """Answers the login token an invite is good for."""
        invited = (await self._store.read(tokens.inspect, request.token))[0]
        if invited.invite.HasField("signup"):
            return pb.NewTokenResponse(token=await self._store.write(tokens.convert_invite, request.token))
        return pb.NewTokenResponse(token=await self._store.read(tokens.convert_invite, request.token))

    async def GenerateRunnerToken(
        self, request: pb.GenerateRunnerTokenRequest, context: Context
    ) -> pb.NewTokenResponse:
        """Answers a runner token; a runner may only ask for its own id."""
        caller = current()
        if caller.kind is Kind.RUNNER and caller.runner_id and caller.runner_id != request.id:
            raise InvalidArgument.of([Violation("id", "a runner can only ask for a token of its own")])
        valid_for = _optional_duration(request.duration)
        token = await self._store.write(tokens.runner, request.id, dict(request.labels), valid_for)
        return pb.NewTokenResponse(token=token)

    async def DecodeToken(self, request: pb.DecodeTokenRequest, context: Context) -> pb.DecodeTokenResponse:
        """Answers what is in a valid token."""
        body, transport = await self._store.read(tokens.inspect, request.token)
        return pb.DecodeTokenResponse(token=body, transport=transport)


def _optional_duration(text: str) -> float | None:
    """Returns seconds, or None for an empty text."""
    if not text:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidArgument.of([Violation("duration", str(error))]) from error
