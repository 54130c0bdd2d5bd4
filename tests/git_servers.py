"""Real git servers of the tests' own: git's HTTP program behind TLS and a password, and OpenSSH's server."""

from __future__ import annotations

import base64
import contextlib
import getpass
import os
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.ports import free_port

START_SECONDS = 60.0
_CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
"""


class GitHttp:
    """Serves the repositories below a folder to `user` with `password`, or to anybody; keeps what it was asked."""

    def __init__(self, folder: Path, user: str = "", password: str = "", tls: bool = True) -> None:
        self.folder = folder
        self.wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self.requests: list[tuple[str, str]] = []
        """Path and Authorization header of each."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._scheme = "https" if tls else "http"
        if tls:
            self._wrap(folder.parent / "tls")
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _wrap(self, made: Path) -> None:
        made.mkdir()
        self.certificate = made / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", made / "key.pem", "-out", self.certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, made / "key.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def url(self, name: str, userinfo: str = "", host: str = "localhost") -> str:
        return f"{self._scheme}://{userinfo}{host}:{self._server.server_port}/{name}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(outer) -> type[BaseHTTPRequestHandler]:  # `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                given = self.headers.get("Authorization", "")
                outer.requests.append((self.path, given))
                if outer.wanted and given != outer.wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                environment = {
                    "PATH": os.environ["PATH"],
                    "GIT_PROJECT_ROOT": str(outer.folder),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "GIT_CONFIG_GLOBAL": "/dev/null",
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                }
                answer = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True)
                head, _, content = answer.stdout.partition(b"\r\n\r\n")
                headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
                self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                return

        return Handler


class Sshd:
    """OpenSSH's server as the user of the tests, on loopback. `key` opens it; `new_host_key` makes it another host."""

    user = getpass.getuser()

    def __init__(self, folder: Path) -> None:
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        if program is None:
            pytest.skip("no sshd (Debian: openssh-server)")
        if os.geteuid() == 0:  # else it does not need the place
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.key = self._made_key("key")
        self.locked_key = self._made_key("locked_key", "open sesame")
        keys = [self.key.with_suffix(".pub"), self.locked_key.with_suffix(".pub")]
        (folder / "authorized_keys").write_text("".join(key.read_text() for key in keys))
        (folder / "config").write_text(_CONFIG.format(port=self.port, folder=folder))
        self._command = [program, "-D", "-e", "-f", str(folder / "config")]
        self.new_host_key()

    def new_host_key(self) -> None:
        self.close()
        for old in self.folder.glob("host_key*"):
            old.unlink()
        self._made_key("host_key")
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(self._command, stderr=log)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "sshd did not start"
            time.sleep(0.05)

    def known_hosts(self) -> str:
        """A line for a known_hosts file."""
        kind, key, *_ = (self.folder / "host_key.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def url(self, path: Path, user: str = "") -> str:
        return f"ssh://{user}127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        if process := getattr(self, "_process", None):
            process.terminate()
            process.wait(START_SECONDS)

    def _answers(self) -> bool:
        asked = ["ssh-keyscan", "-p", str(self.port), "127.0.0.1"]
        return bool(subprocess.run(asked, capture_output=True, check=False).stdout)

    def _made_key(self, name: str, passphrase: str = "") -> Path:
        made = self.folder / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", made]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return made


@contextmanager
def running_sshd(folder: Path) -> Iterator[Sshd]:
    server = Sshd(folder)
    with contextlib.closing(server):
        yield server
