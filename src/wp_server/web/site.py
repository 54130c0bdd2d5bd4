"""The router of both HTTP listeners (server.md §1.7)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from wp_server.logging_setup import TRACE
from wp_server.transport.pipeline import Pipeline
from wp_server.web import exec as exec_bridge
from wp_server.web import grpc_web, json_api, trigger

PROBE_PATHS = frozenset({"/healthz", "/readyz"})

log = logging.getLogger("waypoint.server.http")


def site(ready: Callable[[], str], version: str, pipelines: Sequence[Pipeline] = ()) -> ASGIApp:
    """Returns the application. `ready` returns why the server takes no calls now; empty = it takes them.

    The first of `pipelines` is behind the JSON API; all are there for browsers.
    """

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": version})

    async def readyz(_request: Request) -> Response:
        reason = ready()
        return JSONResponse(
            {"status": "unavailable", "reason": reason} if reason else {"status": "ok"}, 503 if reason else 200
        )

    async def root(_request: Request) -> Response:
        return PlainTextResponse(f"Waypoint server {version}\n")

    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/", root)]
    if pipelines:
        routes.append(grpc_web.route({one.service_descriptor.full_name: one for one in pipelines}))
        routes.append(trigger.route(pipelines[0]))
        routes.append(exec_bridge.route(pipelines[0]))
        routes += json_api.routes(pipelines[0], version)
    return AccessLog(Starlette(routes=routes))


class AccessLog:
    """One line per request; never the query, which can hold tokens (server.md §1.7)."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and logs what it was answered."""
        if scope["type"] != "http" or not log.isEnabledFor(logging.INFO):
            await self._inner(scope, receive, send)
            return
        status, size = 0, 0

        async def observed(message: Message) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))
            await send(message)

        started = time.perf_counter()
        try:
            await self._inner(scope, receive, observed)
        finally:
            request = Request(scope)
            forwarded = request.headers.get("x-forwarded-for", "").partition(",")[0].strip()
            agent = request.headers.get("user-agent", "")
            log.log(
                TRACE if agent.startswith("kube-probe") else logging.INFO,
                "%s %s%s %d %d bytes %.1f ms peer=%s forwarded=%s scheme=%s agent=%r",
                request.method,
                request.headers.get("host", ""),
                scope["path"],
                status,
                size,
                (time.perf_counter() - started) * 1000,
                request.client.host if request.client else "",
                forwarded or "-",
                request.url.scheme,
                agent,
            )


class TlsOnly:
    """Sends plain requests to the TLS listener; probes are answered as they come."""

    def __init__(self, inner: ASGIApp, tls_port: int) -> None:
        self._inner = inner
        self._tls_port = tls_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirects GET with 307; refuses other methods with an empty 400, websockets with 403 (server.md §1.7)."""
        request = HTTPConnection(scope)
        if scope["path"] in PROBE_PATHS or request.headers.get("x-forwarded-proto") in ("https", "wss"):
            await self._inner(scope, receive, send)
        elif scope["type"] == "websocket":  # browsers do not follow a redirect there
            await WebSocketClose()(scope, receive, send)
        elif scope["method"] == "GET":
            target = request.url.replace(scheme="https", port=self._tls_port)
            await RedirectResponse(str(target), 307)(scope, receive, send)
        else:
            await Response(status_code=400)(scope, receive, send)
