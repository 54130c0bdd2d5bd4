"""Engines on other machines by `ssh://[user@]host[:port]`: every connection is an ssh session that joins its standard
input and output with the engine's socket there (`docker system dial-stdio`), as the docker program does it.

docker-py gets a local socket to connect to; behind it each accepted connection *is* the standard input and output of
an ssh process, so nothing has to be copied here.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from wp_sdk.component import PluginError

CONNECT_TIMEOUT = 30
"""Seconds that ssh may take to connect."""


class SshTunnel:
    """A local socket whose connections end at the engine of an `ssh://` address, until `close`."""

    def __init__(self, address: str) -> None:
        self._command = command(address)
        self._folder = Path(tempfile.mkdtemp(prefix="waypoint-ssh-"))
        self._complaints = (self._folder / "stderr").open("w+b")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._folder / "socket"))
        self._listener.listen()
        self._sessions: list[subprocess.Popen[bytes]] = []
        self._thread = threading.Thread(target=self._accept, name="docker-ssh", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What to connect to."""
        return f"unix://{self._folder / 'socket'}"

    def complaint(self) -> str:
        """The last line the ssh program wrote about a failure; "" when it wrote none."""
        self._complaints.flush()
        lines = (self._folder / "stderr").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def close(self) -> None:
        """End all sessions and remove the socket."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for session in self._sessions:
            session.terminate()
            session.wait()
        self._complaints.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            with connection:
                joined = connection.fileno()
                session = subprocess.Popen(self._command, stdin=joined, stdout=joined, stderr=self._complaints)
            self._sessions = [each for each in self._sessions if each.poll() is None] + [session]


def command(address: str) -> list[str]:
    """The ssh command for an address. Raises PluginError for an address without host, and when there is no ssh."""
    program = shutil.which("ssh")
    if program is None:
        raise PluginError(
            "There is no ssh program to reach the Docker engine with", where=address, do="Install OpenSSH"
        )
    parts = urlsplit(address)
    if not parts.hostname or parts.password is not None:
        raise PluginError("This is not the address of a Docker engine", where=address, do="Write ssh://user@host:port")
    words = [program, "-T", "-o", f"ConnectTimeout={CONNECT_TIMEOUT}"]
    words += ["-l", parts.username] if parts.username else []
    words += ["-p", str(parts.port)] if parts.port else []
    there = ["docker", "system", "dial-stdio"]
    if parts.path not in {"", "/"}:
        there[1:1] = ["--host", f"unix://{parts.path}"]
    return [*words, "--", parts.hostname, *there]
