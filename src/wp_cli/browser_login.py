"""The command line's end of a login by browser: a page on loopback that the provider sends the browser back to."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from wp_cli.errors import CliError

PATH = "/oidc/callback"
PATIENCE = 300.0  # seconds; the server forgets the login after that, too

DONE = b"<!doctype html><title>Waypoint</title><p>You are logged in. You can close this page.</p>"
FAILED = b"<!doctype html><title>Waypoint</title><p>The login failed; the command line says why.</p>"


class Callback:
    """A page that waits for one answer. Use as a context manager."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.nonce = secrets.token_urlsafe(24)
        self._patience = patience
        self._answered = threading.Event()
        self._state = ""
        self._answer: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.uri = f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self) -> Callback:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def expect(self, url: str) -> None:
        """Take only answers to this authorization URL."""
        self._state = parse_qs(urlsplit(url).query).get("state", [""])[0]

    def wait(self) -> tuple[str, str]:
        """Return code and state. CliError when the provider refuses, or nobody comes back in time."""
        end = time.monotonic() + self._patience
        # In small steps, so that Ctrl-C is heard everywhere.
        while not self._answered.wait(0.5):
            if time.monotonic() > end:
                raise CliError("nobody has logged in at that address in time", do="Run `waypoint login` again.")
        if "error" in self._answer:
            reason = self._answer.get("error_description") or self._answer["error"]
            raise CliError(f"the provider refused the login: {reason}")
        return self._answer.get("code", ""), self._state

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        callback = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                given = {key: values[0] for key, values in parse_qs(parts.query).items()}
                # Anything else on this machine can call this page as well: only the right state counts.
                if parts.path != PATH or not callback._state or given.get("state") != callback._state:
                    self._say(404, FAILED)
                    return
                callback._answer = given
                self._say(200, FAILED if "error" in given else DONE)
                callback._answered.set()

            def _say(self, status: int, page: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:
                """Keep the code out of the terminal."""

        return Page


def open_browser(url: str) -> None:
    """Try to open a browser; the address was printed for when there is none."""
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(url)
