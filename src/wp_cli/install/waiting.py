"""Waiting for what was installed: a server that answers, a runner that asks for adoption and then works."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from wp_cli.errors import CliError, ConnectionProblem
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.connect import Client
    from wp_cli.endpoint import Endpoint

SERVER_SECONDS = 60.0
RUNNER_SECONDS = 300.0
"""How long a runner has until it asks for adoption, and again until it works (CLI specification 4.24)."""
TRY_SECONDS = 5.0
LOOK_SECONDS = 0.5

R = TypeVar("R")


def server(endpoint: Endpoint, check: Callable[[], None]) -> Client:
    """Return the connection as soon as the server answers. `check` raises CliError when it never will."""
    from wp_cli.connect import connect

    last: list[ConnectionProblem] = []

    def answered() -> Client | None:
        try:
            return connect(endpoint, TRY_SECONDS)
        except ConnectionProblem as problem:
            last[:] = [problem]
            return None

    client = _until(answered, check, SERVER_SECONDS)
    if client is None:
        raise last[0]
    return client


def adopted_runner(client: Client, runner_id: str, say: Callable[[str], None], check: Callable[[], None]) -> None:
    """Adopt the runner when it asks, and wait until it works. One that was adopted before only has to come back."""

    def seen() -> pb.Runner | None:
        runners = client.calls.ListRunners(pb.ListRunnersRequest()).runners
        return next((runner for runner in runners if runner.id == runner_id), None)

    def asks() -> pb.Runner | None:
        runner = seen()
        decided = runner is not None and runner.adoption_state != pb.Runner.PENDING
        return runner if runner is not None and (runner.online or not decided) else None

    def works() -> pb.Runner | None:
        runner = seen()
        return runner if runner is not None and runner.online else None

    say(f"Waiting for runner {runner_id!r}...")
    runner = _until(asks, check, RUNNER_SECONDS)
    if runner is None:
        raise CliError(
            f"runner {runner_id!r} did not come to the server within {RUNNER_SECONDS:g} seconds",
            do="Check that the address it was given leads to the server from inside the container (-server-addr).",
        )
    if runner.adoption_state == pb.Runner.PENDING:
        client.calls.AdoptRunner(pb.AdoptRunnerRequest(runner_id=runner_id, adopt=True))
    if _until(works, check, RUNNER_SECONDS) is None:
        raise CliError(f"runner {runner_id!r} was adopted and does not come back")


def _until(look: Callable[[], R | None], check: Callable[[], None], seconds: float) -> R | None:
    end = time.monotonic() + seconds
    while (found := look()) is None:
        check()
        if time.monotonic() > end:
            return None
        time.sleep(LOOK_SECONDS)
    return found
