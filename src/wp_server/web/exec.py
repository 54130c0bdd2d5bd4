"""The websocket of browsers to a command in an instance, `/v1/exec` (server.md §6.7): one message of `StartExecStream`
in each binary frame, both ways.

It is the call that gRPC makes: who may make it, what is audited, how it ends. A closed socket is a client that left.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import aclosing

import grpc
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from wp_server.errors import DomainError, InvalidArgument
from wp_server.live.channel import Channel, ChannelClosed
from wp_server.transport.pipeline import Pipeline
from wp_server.web.json_api import AUTHORIZATION, PREFIX, metadata_of

RPC = "StartExecStream"
SUBPROTOCOL = "waypoint.exec.v1"
TOKEN_SUBPROTOCOL = "waypoint.token."  # noqa: S105  # what stands before a token, not one
"""A browser cannot set headers. It can offer protocols, and unlike a URL they stand in no history and no log."""
CLOSED = 1000
FAILED = 1011
NOT_ADMITTED = 4401
REASON_BYTES = 123
"""What fits into a close frame (RFC 6455 §5.5)."""
NO_MESSAGE = b""
"""An empty frame, or one of text."""

log = logging.getLogger("waypoint.server.http")


def route(pipeline: Pipeline) -> WebSocketRoute:
    """Returns the route of the bridge."""

    async def serve(socket: WebSocket) -> None:
        metadata = metadata_of(socket)
        token = _token(socket)
        if token:
            metadata[AUTHORIZATION] = token
        if AUTHORIZATION not in metadata:
            await socket.close()  # before it is accepted: HTTP status 403
            return
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
        frames: Channel[bytes] = Channel()
        carrying = asyncio.create_task(_carry(pipeline, socket, frames, metadata))
        listening = asyncio.create_task(_listen(socket, frames))
        try:
            await asyncio.wait((carrying, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            carrying.cancel()  # the client has left, or it is over already
            listening.cancel()
            await asyncio.wait((carrying, listening))
        for task in (carrying, listening):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    return WebSocketRoute(f"{PREFIX}/exec", serve)


def _token(socket: WebSocket) -> str:
    for offered in socket.scope["subprotocols"]:
        if offered.startswith(TOKEN_SUBPROTOCOL):
            return str(offered.removeprefix(TOKEN_SUBPROTOCOL))
    return socket.query_params.get("token", "")


async def _listen(socket: WebSocket, frames: Channel[bytes]) -> None:
    """Takes what the client sends, waiting while the call is behind, until the client leaves."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        content = message.get("bytes") or NO_MESSAGE
        with contextlib.suppress(ChannelClosed):  # the call is over; the socket is about to be closed
            await frames.put(content, len(content))


async def _carry(pipeline: Pipeline, socket: WebSocket, frames: Channel[bytes], metadata: dict[str, str]) -> None:
    """Makes the call, and closes the socket the way the call ended."""

    async def read() -> object:
        raw = await frames.get()
        if raw is None:
            return grpc.aio.EOF
        if raw == NO_MESSAGE:
            raise InvalidArgument("Send each message in a binary frame of its own.")
        return raw

    code, reason = CLOSED, ""
    try:
        async with aclosing(await pipeline.converse(RPC, read, metadata)) as answers:
            async for answer in answers:
                await socket.send_bytes(answer if isinstance(answer, bytes) else answer.SerializeToString())
    except DomainError as error:
        code = NOT_ADMITTED if error.code is grpc.StatusCode.UNAUTHENTICATED else FAILED
        reason = error.message.encode()[:REASON_BYTES].decode(errors="ignore")
    except WebSocketDisconnect:
        return
    frames.close()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the client closed at the same time
        await socket.close(code, reason)
