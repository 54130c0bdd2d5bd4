"""Our own service: signing keys, withdrawn tokens, roles, the audit (`proto/wp_proto/own/administration.proto`)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator

import grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection

from wp_proto.own import administration_pb2 as own
from wp_proto.own.role_pb2 import Grant
from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.auth import codec
from wp_server.errors import InvalidArgument, NotFound, Violation
from wp_server.store import Store, audit, keys, roles, users

Context = grpc.aio.ServicerContext[object, object]

PAGE = 100
PAGE_LIMIT = 1_000


class AdministrationHandlers:
    """The RPCs of `waypoint.v1.Administration`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ListKeys(self, request: Empty, context: Context) -> own.ListKeysResponse:
        """Answers the keys, the one that signs first."""
        found = await self._store.read(keys.every)
        return own.ListKeysResponse(keys=[_key(one, active=one is found[0]) for one in found])

    async def RotateKey(self, request: own.RotateKeyRequest, context: Context) -> own.RotateKeyResponse:
        """Makes the next key; the older ones end after the overlap."""
        checks = Checks()
        overlap = checks.duration("overlap", request.overlap) if request.overlap else None
        checks.raise_invalid()
        return own.RotateKeyResponse(key=_key(await self._store.write(keys.rotate, overlap), active=True))

    async def RetireKey(self, request: own.RetireKeyRequest, context: Context) -> Empty:
        """Deletes an old key, and with it all tokens that it signed."""
        await self._store.write(keys.retire, request.id)
        return Empty()

    async def RevokeToken(self, request: own.RevokeTokenRequest, context: Context) -> Empty:
        """Withdraws one token for ever."""
        accessor = request.accessor_id.lower()
        if request.token:
            accessor = (await self._store.read(_accessor, request.token)).hex()
        if not _is_accessor(accessor):
            raise InvalidArgument.of([Violation("accessor_id", "must be 32 hexadecimal digits, or give the token")])
        await self._store.write(keys.deny, accessor)
        return Empty()

    async def RevokeUserTokens(self, request: own.RevokeUserTokensRequest, context: Context) -> Empty:
        """Withdraws every token that a user has now."""
        user = await self._store.read(find_user, request.user)
        await self._store.write(users.withdraw_tokens, user.id)
        return Empty()

    async def ListRoles(self, request: Empty, context: Context) -> own.ListRolesResponse:
        """Answers all users with their grants."""
        return own.ListRolesResponse(users=await self._store.read(_everybody))

    async def SetRoles(self, request: own.SetRolesRequest, context: Context) -> Empty:
        """Replaces the grants of a user."""
        checks = Checks()
        check_grants(checks, "grants", list(request.grants))
        checks.raise_invalid()
        user = await self._store.read(find_user, request.user)
        await self._store.write(roles.replace, user.id, list(request.grants))
        return Empty()

    async def ListAuditEvents(
        self, request: own.ListAuditEventsRequest, context: Context
    ) -> own.ListAuditEventsResponse:
        """Answers a page of the audit, newest first."""
        size = min(request.page_size or PAGE, PAGE_LIMIT)
        found = await self._store.read(audit.page, request.filter, _before(request.page_token), size + 1)
        answer = own.ListAuditEventsResponse(events=found[:size])
        if len(found) > size:
            answer.next_page_token = base64.urlsafe_b64encode(found[size - 1].id.encode()).decode()
        return answer

    async def ExportAuditEvents(
        self, request: own.ExportAuditEventsRequest, context: Context
    ) -> AsyncGenerator[own.AuditEvent, None]:
        """Yields everything that matches, oldest first."""
        after = ""
        while found := await self._store.read(audit.batch, request.filter, after, PAGE_LIMIT):
            for event in found:
                yield event
            after = found[-1].id


def find_user(connection: Connection, name: str) -> pb.User:
    """Returns the user with this id or name. Errors: InvalidArgument for an empty one, NotFound."""
    if not name:
        raise InvalidArgument.of([Violation("user", "must be the id or the name of a user")])
    found = users.by_username(connection, name) or users.by_id(connection, name)
    if found is None:
        raise NotFound(f"There is no user {name!r}.")
    return found


def check_grants(checks: Checks, field: str, grants: list[Grant]) -> None:
    """Records what is wrong with grants."""
    for grant in grants:
        if grant.role not in (Grant.VIEWER, Grant.DEPLOYER, Grant.ADMIN):
            checks.fail(f"{field}.role", "must be VIEWER, DEPLOYER or ADMIN")
        if grant.project:
            checks.name(f"{field}.project", grant.project)
        if grant.workspace:
            checks.name(f"{field}.workspace", grant.workspace)


def _key(key: keys.Key, *, active: bool) -> own.Key:
    shown = own.Key(id=key.id, active=active)
    shown.created.FromNanoseconds(key.created)
    if key.retires is not None:
        shown.retires.FromNanoseconds(key.retires)
    return shown


def _accessor(connection: Connection, token: str) -> bytes:
    """Also of a token that has expired or was withdrawn, but only of one of ours."""
    transport = codec.open_transport(token)
    key = keys.key(connection, transport.key_id)
    return codec.verify(transport, key.key if key is not None else None).accessor_id


def _is_accessor(text: str) -> bool:
    return len(text) == 2 * codec.ACCESSOR_BYTES and all(digit in "0123456789abcdef" for digit in text)


def _before(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidArgument.of([Violation("page_token", "is not one of this server")]) from error


def _everybody(connection: Connection) -> list[own.UserRoles]:
    return [
        own.UserRoles(user_id=user.id, username=user.username, grants=roles.of_user(connection, user.id))
        for user in users.all_users(connection)
    ]
