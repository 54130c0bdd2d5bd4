"""The program `waypoint-server`. `waypoint server run` calls `run` with the same arguments."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wp_server.version import version

if TYPE_CHECKING:
    from wp_server.app import RunningServer
    from wp_server.settings import Settings

USAGE = """Usage: waypoint-server <command> [flags]

Commands:
  run       run the server (`waypoint-server run -help` lists the flags)
  version   print the version
"""

DRAIN_SECONDS = 15.0
"""Over which a server that was sent SIGUSR1 sends its streams to other servers, before it ends."""
START_AGAIN = 2
"""Exit code of a server that ended in order to be started again by its supervisor."""

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    match given[:1]:
        case ["run"]:
            return run(given[1:])
        case ["version" | "-version" | "--version" | "-v"]:
            print(f"Waypoint server {version()}")
            return 0
        case ["help" | "-h" | "-help" | "--help"]:
            print(USAGE, end="")
            return 0
    print(USAGE, end="", file=sys.stderr)
    return 1


def run(arguments: Sequence[str]) -> int:
    """Runs a server until it is told to stop; returns the exit code."""
    # gRPC's core logs each broken handshake by itself, in a format of its own. Read at its import, hence the late ones.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from wp_server import logging_setup, settings
    from wp_server.errors import DomainError
    from wp_server.store import StoreError
    from wp_server.tls import CertificateError
    from wp_server.transport.listener import ListenError

    try:
        chosen = settings.parse(arguments, os.environ)
        logging_setup.configure(chosen.log_level, chosen.log_format)
        _allow_connections()
        return asyncio.run(_serve(chosen))
    except (settings.SettingsError, StoreError, CertificateError, ListenError, DomainError) as error:
        print(f"! {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"! {error.filename or 'The server'}: {error.strerror or error}. Give another place with -db.",
            file=sys.stderr,
        )
        return 1


def _allow_connections() -> None:
    """Takes as many open files as this process may have: each peer needs one, and 1024 are common to begin with."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError) as error:  # macOS has its own upper bound
        log.info("the limit of open files stays as it is: %s", error)


async def _serve(chosen: Settings) -> int:
    from wp_server import app

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stop, number)
    if chosen.local:
        # The terminal of the command that started it may close.
        loop.add_signal_handler(signal.SIGHUP, log.info, "still running after SIGHUP")
    if chosen.db_is_default:
        print(f"! No -db given: the state goes to {chosen.db}.", file=sys.stderr)
    for flag in chosen.without_effect:
        print(f"! -{flag} has no effect: this server has no such service yet.", file=sys.stderr)
    async with app.running(chosen) as server:
        print(_banner(server), flush=True)
        ends = [asyncio.create_task(event.wait()) for event in (stop, server.exit_asked)]
        draining: list[asyncio.Task[None]] = []
        loop.add_signal_handler(signal.SIGUSR1, lambda: draining.append(asyncio.create_task(_drain(server, stop))))
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in (*ends, *draining):
            end.cancel()
        return START_AGAIN if server.exit_asked.is_set() and not stop.is_set() else 0


async def _drain(server: RunningServer, stop: asyncio.Event) -> None:
    await server.drain(DRAIN_SECONDS)
    stop.set()


def _stop(stop: asyncio.Event, number: int) -> None:
    if stop.is_set():
        # Asked twice: whoever asks does not want to wait for calls that still run.
        os._exit(128 + number)
    stop.set()


def _banner(server: RunningServer) -> str:
    chosen = server.settings
    rows = [
        ("DB Path", chosen.shown_db),
        ("gRPC Address", server.grpc_address),
        ("HTTP Address", server.http_address),
        ("HTTP Address (Insecure)", server.plain_http_address),
        ("Advertise Address", server.advertised_address),
        ("Auth Required", "yes"),
        ("Browser UI Enabled", "no"),
        ("URL Service", "disabled"),
    ]
    lines = ["Server configuration:", "", *(f"  {name}: {value}" for name, value in rows if value), ""]
    if not server.bootstrapped:
        lines += [
            "Server requires bootstrapping!",
            "",
            f"  waypoint server bootstrap -server-addr={server.grpc_address} -server-tls-skip-verify",
            "",
        ]
    if not server.advertised_address:
        lines += [
            "No address for entrypoints is known: what is deployed will have no logs, exec and configuration here.",
            "Start the server with the address at which deployed applications reach it:",
            "",
            "  -advertise-addr=HOST:9701",
            "",
        ]
    return "\n".join([*lines, "Server logs:", ""])


if __name__ == "__main__":
    sys.exit(main())
