"""Connections between servers: mutual TLS with a certificate that only the database holds, never the public port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from sqlalchemy import Connection

from wp_proto.waypoint import service_pb2
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server import tls
from wp_server.errors import DomainError, Unavailable
from wp_server.live.beside import beside
from wp_server.store import Store, settings
from wp_server.transport import farewell, keepalive

M = TypeVar("M", bound=Message)
Context = grpc.aio.ServicerContext[Any, Any]

_OPTIONS = (
    ("grpc.ssl_target_name_override", tls.PINNED_NAME),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
_LOST = "Internal error from Core"
"""What grpc.aio makes of a stream that ended while it was written to."""
SERVICE = service_pb2.DESCRIPTOR.services_by_name["Waypoint"]
_CHAIN, _KEY = f"{settings.BETWEEN_SERVERS}chain", f"{settings.BETWEEN_SERVERS}key"


class Links:
    """Opened once per server; `close` it last."""

    def __init__(self, chain: bytes, key: bytes) -> None:
        self._chain = chain
        self._key = key
        self._channels: dict[str, grpc.aio.Channel] = {}

    @classmethod
    async def open(cls, store: Store) -> Links:
        """Returns the links of a server; the first one makes the certificate that all of them show."""
        made = tls.for_peers()
        return cls(*await store.write(_common, *made))

    def credentials(self) -> grpc.ServerCredentials:
        """Returns what the port for servers is served with: who has not our certificate is not heard."""
        return grpc.ssl_server_credentials(
            [(self._key, self._chain)], root_certificates=self._chain, require_client_auth=True
        )

    async def pass_on(self, rpc: str, address: str, request: Message, context: Context) -> AsyncGenerator[Any, None]:
        """Yields what the server at `address` answers; its errors are ours. Errors: DomainError."""
        call = getattr(self._stub(address), rpc)(request, metadata=_metadata(context))
        async for answer in _answers(call):
            yield answer

    async def relay(
        self, rpc: str, address: str, requests: AsyncIterator[Message], context: Context
    ) -> AsyncGenerator[Any, None]:
        """The same for a stream of requests, which is passed on as fast as the other server takes it."""
        method = SERVICE.methods_by_name[rpc]
        # Answers are looked at before they are decoded: one of them may be the last words.
        open_call: Any = self._channel(address).stream_stream(
            f"/{SERVICE.full_name}/{rpc}", request_serializer=GetMessageClass(method.input_type).SerializeToString
        )
        decode = GetMessageClass(method.output_type).FromString
        call = open_call(metadata=_metadata(context))
        async with beside(_pump(requests, call)), aclosing(_answers(call)) as answers:
            async for answer in answers:
                if (end := farewell.heard(answer)) is None:
                    yield decode(answer)
                elif (error := farewell.error_of(end)) is not None:
                    raise error
                else:
                    return

    async def pass_in(self, rpc: str, address: str, requests: AsyncIterator[Message], context: Context) -> Any:
        """Returns what the server at `address` answers to a stream of requests. Errors: DomainError."""
        call = getattr(self._stub(address), rpc)(metadata=_metadata(context))
        try:
            async with beside(_pump(requests, call)):
                return await call
        except grpc.aio.AioRpcError as error:
            told = farewell.error_of(dict(await call.initial_metadata()).get(farewell.KEY, b""))
            raise told or _refusal(error) from error
        finally:
            call.cancel()

    async def close(self) -> None:
        """Ends all connections."""
        for channel in self._channels.values():
            await channel.close()

    def _stub(self, address: str) -> Any:
        return WaypointStub(self._channel(address))  # type: ignore[arg-type]  # the stub takes channels of both kinds

    def _channel(self, address: str) -> grpc.aio.Channel:
        if address not in self._channels:
            credentials = grpc.ssl_channel_credentials(self._chain, self._key, self._chain)
            self._channels[address] = grpc.aio.secure_channel(address, credentials, options=_OPTIONS)
        return self._channels[address]


async def _answers(call: Any) -> AsyncGenerator[Any, None]:
    try:
        async for answer in call:
            yield answer
    except grpc.aio.AioRpcError as error:
        raise _refusal(error) from error
    finally:
        call.cancel()


async def _pump(requests: AsyncIterator[Message], call: Any) -> None:
    """Passes on what comes; how the call ends is told to whoever reads its answers."""
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        async for request in requests:
            await call.write(request)
        await call.done_writing()


def _metadata(context: Context) -> tuple[tuple[str, str], ...]:
    given = ((key, value) for key, value in context.invocation_metadata() or () if isinstance(value, str))
    ours = ("waypoint-", "client-", "authorization", "wpcookie")
    return (*((k, v) for k, v in given if k.startswith(ours) and k != keepalive.HEADER), (farewell.PASSED_ON, "1"))


def _refusal(error: grpc.aio.AioRpcError) -> DomainError:
    if error.code() is grpc.StatusCode.UNAVAILABLE or error.details() == _LOST:
        return Unavailable("The server that has the other end went away; try again.")
    refusal = DomainError(error.details() or "")
    refusal.code = error.code()
    return refusal


def _common(connection: Connection, chain: bytes, key: bytes) -> tuple[bytes, bytes]:
    kept = settings.value(connection, _CHAIN), settings.value(connection, _KEY)
    if kept[0] and kept[1] and tls.is_fresh(kept[0]):
        return kept[0], kept[1]
    settings.put(connection, _CHAIN, chain)
    settings.put(connection, _KEY, key)
    return chain, key
