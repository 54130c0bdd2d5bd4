"""The JSON API below `/v1`: every route calls its RPC in this process, as the gRPC listener would (server.md §1.7)."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import lru_cache

import grpc
from google.protobuf.message import Message
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from wp_server.errors import DomainError, InvalidArgument, Unimplemented
from wp_server.transport import versions
from wp_server.transport.pipeline import Answer, Pipeline
from wp_server.web import openapi, protojson
from wp_server.web.routes import JsonRoute, all_routes

PREFIX = "/v1"
BODY_LIMIT = 32 * 1024 * 1024
"""Bytes of a request, as for gRPC."""
AUTHORIZATION = "authorization"

STATUS = {
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
}
"""HTTP status of a refusal; 500 for others."""

log = logging.getLogger("waypoint.server.http")

_Endpoint = Callable[[Request], Awaitable[Response]]


def routes(pipeline: Pipeline, version: str) -> list[BaseRoute]:
    """Returns the routes of the API and of its description."""

    @lru_cache(maxsize=1)
    def document() -> dict[str, object]:
        return openapi.document(pipeline.service_descriptor, version)

    async def description(_request: Request) -> Response:
        return JSONResponse(document())

    found: list[BaseRoute] = [Route(f"{PREFIX}/openapi.json", description)]
    for route in all_routes():
        path, names = _template(route.path)
        endpoint = _endpoint(pipeline, route, names)
        found.append(Route(f"{PREFIX}{path}", endpoint, methods=[route.method]))
    return found


def metadata_of(request: HTTPConnection) -> dict[str, str]:
    """Returns the metadata of a call by HTTP: who calls, and the version of this server, which both sides are."""
    own = f"{versions.API_MINIMUM},{versions.API_CURRENT}"
    entrypoint = f"{versions.ENTRYPOINT_MINIMUM},{versions.ENTRYPOINT_CURRENT}"
    metadata = {versions.API_HEADER: own, versions.ENTRYPOINT_HEADER: entrypoint}
    for name in (AUTHORIZATION, "waypoint-token", "wpcookie"):
        if name in request.headers:
            metadata[name] = request.headers[name]
    return metadata


async def body_of(request: Request) -> bytes:
    """Returns the body. Errors: InvalidArgument when it is larger than a message may be."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > BODY_LIMIT:
            raise InvalidArgument(f"The request is larger than {BODY_LIMIT // 2**20} MiB.")
        pieces.append(piece)
    return b"".join(pieces)


def _template(path: str) -> tuple[str, list[str]]:
    """Returns the path with plain parameter names, and the fields that they fill."""
    names: list[str] = []
    parts: list[str] = []
    for part in path.split("/"):
        if part.startswith("{"):
            parts.append(f"{{p{len(names)}}}")
            names.append(part.strip("{}"))
        else:
            parts.append(part)
    return "/".join(parts), names


def _endpoint(pipeline: Pipeline, route: JsonRoute, names: list[str]) -> _Endpoint:
    method = pipeline.service_descriptor.methods_by_name.get(route.rpc)

    async def call(request: Request) -> Response:
        try:
            if method is None or method.client_streaming:
                raise Unimplemented(f"This server does not offer {route.rpc} by HTTP.")
            path = {name: str(request.path_params[f"p{number}"]) for number, name in enumerate(names)}
            body = await body_of(request) if route.has_body else b""
            asked = protojson.request_from(method.input_type, path, request.query_params.multi_items(), body)
            answers = await pipeline.begin(route.rpc, asked, metadata_of(request))
            if method.server_streaming:
                return StreamingResponse(_lines(answers), media_type="application/x-ndjson")
            async with aclosing(answers):
                return JSONResponse(protojson.answer_of(_message(await anext(answers))))
        except DomainError as error:
            return JSONResponse(_refusal(error), STATUS.get(error.code, 500))

    return call


async def _lines(answers: AsyncGenerator[Answer, None]) -> AsyncIterator[bytes]:
    async with aclosing(answers):
        try:
            async for answer in answers:
                yield _line({"result": protojson.answer_of(_message(answer))})
        except DomainError as error:
            yield _line({"error": _refusal(error)})


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _message(answer: Answer) -> Message:
    assert isinstance(answer, Message), "only streams of bytes for machines are serialized by their handlers"
    return answer


def _refusal(error: DomainError) -> dict[str, object]:
    number: int = error.code.value[0]
    details: list[dict[str, object]] = [{"key": key, "value": value} for key, value in error.details.items()]
    details += [{"field": one.field, "description": one.reason} for one in error.violations]
    return {"code": number, "message": error.message, "details": details}
