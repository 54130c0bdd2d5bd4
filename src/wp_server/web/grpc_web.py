"""gRPC-web for browsers, in binary and text form: `/grpc/SERVICE/METHOD`, open to every origin (server.md §1.7).

A browser cannot send a stream, so methods that take one are refused. What it sends and gets are gRPC's frames; the
trailers come as a last frame of their own. With no cookies anywhere, an open origin lets nobody act as somebody else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from urllib.parse import quote

from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from wp_server.errors import DomainError, InvalidArgument, Unimplemented
from wp_server.transport import status
from wp_server.transport.pipeline import Answer, Pipeline
from wp_server.web.json_api import body_of

PREFIX = "/grpc"
TEXT = "application/grpc-web-text"
BINARY = "application/grpc-web"
HEADER_BYTES = 5
"""One byte of flags, four of length."""
TRAILERS = 0x80
COMPRESSED = 0x01

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "grpc-status, grpc-message, grpc-status-details-bin",
}
_PREFLIGHT = _CORS | {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "*, authorization",
    "Access-Control-Max-Age": "600",
}


def route(pipelines: Mapping[str, Pipeline]) -> Route:
    """Returns the route to these services, by full name."""

    async def call(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        form = request.headers.get("content-type", "")
        if not form.startswith(BINARY):
            return Response(f"Send {BINARY} or {TEXT}.\n", 415, headers=_CORS)
        text = form.startswith(TEXT)
        answers: AsyncGenerator[Answer, None] | None = None
        refusal: DomainError | None = None
        try:
            answers = await _begin(pipelines, request, text)
        except DomainError as error:
            refusal = error
        media = f"{TEXT if text else BINARY}+proto"
        return StreamingResponse(_frames(answers, refusal, text), media_type=media, headers=_CORS)

    return Route(f"{PREFIX}/{{service}}/{{rpc}}", call, methods=["POST", "OPTIONS"])


async def _begin(pipelines: Mapping[str, Pipeline], request: Request, text: bool) -> AsyncGenerator[Answer, None]:
    pipeline, rpc = pipelines.get(request.path_params["service"]), request.path_params["rpc"]
    method = pipeline.service_descriptor.methods_by_name.get(rpc) if pipeline else None
    if pipeline is None or method is None or method.client_streaming:
        raise Unimplemented(f"This server does not offer {rpc} to browsers.")
    raw = _message(await body_of(request), text)
    try:
        asked = GetMessageClass(method.input_type).FromString(raw)
    except DecodeError as error:
        raise InvalidArgument("The request is not a valid protobuf message of this call's type.") from error
    return await pipeline.begin(rpc, asked, dict(request.headers.items()))


def _message(body: bytes, text: bool) -> bytes:
    """Returns the one message of a request. Errors: InvalidArgument."""
    try:
        frame = base64.b64decode(body, validate=True) if text else body
    except binascii.Error as error:
        raise InvalidArgument("The request is not base64, as its content type says.") from error
    if len(frame) < HEADER_BYTES or frame[0] & COMPRESSED:
        raise InvalidArgument("The request is not one uncompressed gRPC frame.")
    length = int.from_bytes(frame[1:HEADER_BYTES])
    if len(frame) != HEADER_BYTES + length:
        raise InvalidArgument("The request is not one whole gRPC frame.")
    return frame[HEADER_BYTES:]


async def _frames(
    answers: AsyncGenerator[Answer, None] | None, refusal: DomainError | None, text: bool
) -> AsyncIterator[bytes]:
    if answers is not None:
        async with aclosing(answers):
            try:
                async for answer in answers:
                    raw = answer if isinstance(answer, bytes) else answer.SerializeToString()
                    yield _frame(0, raw, text)
            except DomainError as error:
                refusal = error
    yield _frame(TRAILERS, _trailers(refusal), text)


def _frame(flags: int, content: bytes, text: bool) -> bytes:
    frame = bytes([flags]) + len(content).to_bytes(4) + content
    return base64.b64encode(frame) if text else frame


def _trailers(refusal: DomainError | None) -> bytes:
    number: int = refusal.code.value[0] if refusal else 0
    lines = [f"grpc-status: {number}"]
    if refusal is not None:
        lines.append(f"grpc-message: {quote(refusal.message, safe=' !#$&()*+,/:;=?@[]')}")
        if refusal.details or refusal.violations:
            details = base64.b64encode(status.rich(refusal)).rstrip(b"=").decode()
            lines.append(f"{status.DETAILS_KEY}: {details}")
    return "".join(f"{line}\r\n" for line in lines).encode()
