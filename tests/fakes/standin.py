"""The common part of the stand-ins for services that cannot be had here: an HTTP server on loopback."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


class Request:
    """What came in; names of headers are in lower case."""

    def __init__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        self.method = method
        self.target = target
        self.path = parts.path
        self.query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body


class StandIn:
    """Answers as `answer` says: (status, object for JSON or bytes). `requests` has what was asked, while `release` is
    clear, answers wait."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[Request] = []
        self.release = threading.Event()
        self.release.set()
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                request = Request(self.command, self.path, dict(self.headers.items()), body)
                standin.requests.append(request)
                standin.release.wait(30)
                status, content, *extra = standin.answer(request)
                payload = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in (extra[0] if extra else {}).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_PUT = do_POST = _handle

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.port: int = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, request: Request) -> tuple[object, ...]:
        """Status and content, and perhaps headers. For a stand-in to fill in."""
        raise NotImplementedError

    def stop(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
