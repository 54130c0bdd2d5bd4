"""The router of both HTTP listeners (server.md §1.7)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

PROBE_PATHS = frozenset({"/healthz", "/readyz"})

log = logging.getLogger("waypoint.server.http")


def site(ready: Callable[[], str], version: str) -> ASGIApp:
    """Returns the application. `ready` returns why the server takes no calls now; empty = it takes them."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": version})

    async def readyz(_request: Request) -> Response:
        reason = ready()
        return JSONResponse(
            {"status": "unavailable", "reason": reason} if reason else {"status": "ok"}, 503 if reason else 200
        )

    async def root(_request: Request) -> Response:
        return PlainTextResponse(f"Waypoint server {version}\n")

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/", root)])


class TlsOnly:
    """Sends plain requests to the TLS listener; probes are answered as they come."""

    def __init__(self, inner: ASGIApp, tls_port: int) -> None:
        self._inner = inner
        self._tls_port = tls_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirects GET with 307 and refuses other methods with an empty 400 (server.md §1.7)."""
        if scope["type"] != "http" or scope["path"] in PROBE_PATHS:
            await self._inner(scope, receive, send)
            return
        request = Request(scope)
        if request.headers.get("x-forwarded-proto") == "https":
            await self._inner(scope, receive, send)
        elif request.method == "GET":
            target = request.url.replace(scheme="https", port=self._tls_port)
            await RedirectResponse(str(target), 307)(scope, receive, send)
        else:
            await Response(status_code=400)(scope, receive, send)
