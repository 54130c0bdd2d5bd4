"""`waypoint runner agent`: a runner as a service, or for the one job that it was started for."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from wp_cli.command import Command
from wp_cli.endpoint import Endpoint, host_and_port
from wp_cli.errors import EXIT_INTERRUPTED, EXIT_OK, CliError, ConnectionProblem
from wp_cli.flags import BOOL, INT, MAP, STRING, Flag

if TYPE_CHECKING:
    from wp_cli.connect import Client
    from wp_cli.session import Session
    from wp_runner.adoption import StateFolder
    from wp_runner.agent import RunnerSettings
    from wp_runner.git_source import GitSource

ID = Flag("id", STRING, "", "Id of the runner. The default is the one of -state-dir, or else a new one.",
          env="WAYPOINT_RUNNER_ID")  # fmt: skip
COOKIE = Flag(
    "cookie", STRING, "", "Cookie of the server, with which a runner without a token asks for adoption.",
    env="WAYPOINT_SERVER_COOKIE",
)  # fmt: skip
STATE_DIR = Flag("state-dir", STRING, "", "Folder to keep the runner's id and token in, over its restarts.")
LABEL: Flag[dict[str, str]] = Flag("label", MAP, {}, "Label that jobs can ask for; repeatable.")
CONCURRENCY = Flag("concurrency", INT, 0, "How many jobs run at the same time; 0 is three for each processor.")
LIVENESS = Flag("liveness-tcp-addr", STRING, "", "Address (host:port) to accept TCP connections on, as a sign of life.")
KNOWN_HOSTS = Flag(
    "git-known-hosts", STRING, "",
    "File of the ssh host keys that are trusted for git, and no others. Without it a host's first key is remembered.",
    env="WAYPOINT_GIT_KNOWN_HOSTS",
)  # fmt: skip
GIT_CACHE = Flag(
    "git-cache", STRING, "", "Folder to keep fetched repositories in. The default is in the user's cache folder.",
    env="WAYPOINT_GIT_CACHE",
)  # fmt: skip
GIT_CACHE_SIZE = Flag(
    "git-cache-size", INT, 2048, "MiB that the kept repositories may have together; 0 keeps none.",
    env="WAYPOINT_GIT_CACHE_SIZE",
)  # fmt: skip
DYNAMIC_CONFIG = Flag(
    "enable-dynamic-config", BOOL, False, "Read the runner's own variables from config sources, where they say so."
)
ODR = Flag("odr", BOOL, False, "Run the one job that names this runner, then end.", hidden=True)
ODR_PROFILE = Flag("odr-profile-id", STRING, "", "Profile that this runner was started by.", hidden=True)

SLOTS_PER_PROCESSOR = 3
JOB_SECONDS = 60.0
"""How long a runner that was started for one job waits for it (server specification 8.5)."""
RECONNECT_SECONDS = 2.0


@dataclass
class _Signals:
    """First signal: no new jobs. Second: running jobs shall stop. Third: the process ends at once."""

    stopping: threading.Event = field(default_factory=threading.Event)
    hurry: threading.Event = field(default_factory=threading.Event)

    def handle(self, number: int, frame: FrameType | None) -> None:
        if not self.stopping.is_set():
            self.stopping.set()
        elif not self.hurry.is_set():
            self.hurry.set()
        else:
            os._exit(EXIT_INTERRUPTED)

    def __enter__(self) -> _Signals:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)


def agent(session: Session) -> int:
    """Run the runner until it is told to stop."""
    from wp_cli.verbosity import configure
    from wp_runner.adoption import StateFolder
    from wp_runner.liveness import liveness

    configure(os.environ.get("WAYPOINT_LOG_LEVEL") or "info")
    endpoint = session.configured_endpoint()
    if endpoint is None:
        raise CliError(
            "which server is the runner for?", do="Set WAYPOINT_SERVER_ADDR, or give -server-addr or -context."
        )
    git_source = _git_source(session)
    state = StateFolder(Path(session[STATE_DIR])) if session[STATE_DIR] else None
    try:
        settings = _settings(session, state)
        token = state.token() if state else ""
    except OSError as err:
        raise CliError(f"cannot use the state folder {session[STATE_DIR]}: {err.strerror}") from err
    if token:
        endpoint = replace(endpoint, token=token, token_source=session[STATE_DIR])
    with contextlib.ExitStack() as stack:
        signals = stack.enter_context(_Signals())
        if session[LIVENESS]:
            try:
                stack.enter_context(liveness(*host_and_port(session[LIVENESS])))
            except (OSError, ValueError) as err:
                raise CliError(f"cannot listen on {session[LIVENESS]!r}: {err}", do="Give a free host:port.") from err
        client = _adopted_client(session, endpoint, settings, state, signals.stopping)
        if client is None:
            return EXIT_OK
        stack.callback(client.close)
        return _serve(session, client, settings, git_source, signals)


def _settings(session: Session, state: StateFolder | None) -> RunnerSettings:
    from wp_runner.agent import RunnerKind, RunnerSettings
    from wp_sdk.ids import new_id

    runner_id = session[ID] or (state.id() if state else "")
    if not runner_id:
        runner_id = new_id()
        if state:
            state.keep_id(runner_id)
    labels, dynamic = session[LABEL], session[DYNAMIC_CONFIG]
    if session[ODR]:
        return RunnerSettings(
            RunnerKind.ON_DEMAND, runner_id, labels, profile_id=session[ODR_PROFILE], dynamic_config=dynamic
        )
    slots = max(1, session[CONCURRENCY] or SLOTS_PER_PROCESSOR * (os.cpu_count() or 1))
    return RunnerSettings(RunnerKind.REMOTE, runner_id, labels, slots, dynamic_config=dynamic)


def _adopted_client(
    session: Session, endpoint: Endpoint, settings: RunnerSettings, state: StateFolder | None, stopping: threading.Event
) -> Client | None:
    """Connect, and get a token where there is none yet; None when told to stop before that."""
    import grpc

    from wp_cli.connect import explain
    from wp_runner.adoption import COOKIE_HEADER, adopted

    client = _connected(session, endpoint, stopping)
    if client is None:
        return None
    cookie = session[COOKIE]
    if not endpoint.token and not cookie:
        client.close()
        raise CliError(
            "the runner has neither a token nor the server's cookie",
            do="Set WAYPOINT_SERVER_TOKEN (`waypoint runner token` makes one), or give -cookie and adopt the runner.",
        )
    if not endpoint.token:
        keeps = "" if state else " Without -state-dir its token is lost when it ends, and the id with it."
        session.screen.note(f"Runner {settings.id} waits: adopt it with `waypoint runner adopt {settings.id}`.{keeps}")
    metadata = (*client.metadata, (COOKIE_HEADER, cookie)) if cookie else client.metadata
    try:
        token = adopted(client.channel, metadata, settings.message(), stopping)
    except grpc.RpcError as err:
        client.close()
        raise explain(err, endpoint) from err
    if not token:
        if stopping.is_set():
            client.close()
            return None
        return client
    client.close()
    if state:
        try:
            state.keep_token(token)
        except OSError as err:
            raise CliError(f"cannot keep the runner's token in {state.folder}: {err.strerror}") from err
    return _connected(session, replace(endpoint, token=token), stopping)


def _connected(session: Session, endpoint: Endpoint, stopping: threading.Event) -> Client | None:
    """Connect; a server that cannot be reached is waited for. None when told to stop before that."""
    from wp_cli.connect import connect

    said = ""
    while not stopping.is_set():
        try:
            return connect(endpoint)
        except ConnectionProblem as problem:
            if problem.message != said:
                said = problem.message
                session.screen.warn(f"{said}; trying again every {RECONNECT_SECONDS:g} seconds")
        stopping.wait(RECONNECT_SECONDS)
    return None


def _git_source(session: Session) -> GitSource:
    """A runner for one job has nothing from jobs before, and keeps nothing for later ones."""
    import platformdirs

    from wp_runner.git_access import HostKeys
    from wp_runner.git_mirrors import Mirrors
    from wp_runner.git_source import GitSource

    known = Path(session[KNOWN_HOSTS]).absolute() if session[KNOWN_HOSTS] else None
    if known is not None and not os.access(known, os.R_OK):
        raise CliError(f"cannot read the host keys in {known}", do="Correct -git-known-hosts.")
    if session[ODR] or session[GIT_CACHE_SIZE] <= 0:
        return GitSource(host_keys=HostKeys(known))
    folder = Path(session[GIT_CACHE]) if session[GIT_CACHE] else platformdirs.user_cache_path("waypoint") / "git"
    folder = folder.absolute()
    return GitSource(Mirrors(folder, session[GIT_CACHE_SIZE] * 2**20), HostKeys(known, folder / "known_hosts"))


def _serve(session: Session, client: Client, settings: RunnerSettings, git_source: GitSource, signals: _Signals) -> int:
    import grpc

    from wp_cli.connect import explain
    from wp_runner.remote import RemoteRunner

    screen = session.screen
    screen.header("Runner configuration:")
    screen.named_values([
        ("Server Address", client.endpoint.address), ("Type", "on-demand" if session[ODR] else "remote"),
        ("ID", settings.id), ("Jobs At Once", str(settings.slots)),
        ("Labels", ", ".join(f"{key}={value}" for key, value in sorted(settings.labels.items()))),
    ])  # fmt: skip
    screen.header("Runner logs:")
    runner = RemoteRunner(client.calls, settings, Path.cwd(), git_source)
    try:
        runner.start()
    except grpc.RpcError as err:
        raise explain(err, client.endpoint) from err
    ended = threading.Event()

    def wait() -> None:
        runner.wait()
        ended.set()

    waiter = threading.Thread(target=wait, name="runner-end", daemon=True)
    try:
        if session[ODR] and not runner.wait_accepted(JOB_SECONDS):
            raise CliError(f"no job came for runner {settings.id} within {JOB_SECONDS:g} seconds")
        waiter.start()
        while not ended.is_set() and not signals.stopping.wait(0.2):
            continue
        runner.drain()
        if busy := runner.running:
            screen.note(f"Taking no more jobs; waiting for {busy} to end. Once more cancels what runs.")
        while not ended.wait(0.1):
            if signals.hurry.is_set():
                runner.drain(cancel=True)
    finally:
        runner.stop(cancel=True)
    return EXIT_OK


AGENT = Command(
    "runner agent", agent,
    """
    Runs a runner until it is told to stop: it takes jobs from the server, as many at the same time as -concurrency
    says. Interrupted (Ctrl-C or SIGTERM) it takes no new jobs and waits for the running ones; a second time it cancels
    those.

    A runner needs a token (`waypoint runner token`), or the server's cookie and somebody who adopts it; with -state-dir
    the adoption holds over restarts.
    """,
    flags=(
        ID, COOKIE, STATE_DIR, LABEL, CONCURRENCY, LIVENESS, DYNAMIC_CONFIG, KNOWN_HOSTS, GIT_CACHE,
        GIT_CACHE_SIZE, ODR, ODR_PROFILE,
    ),
    logs_itself=True,
)  # fmt: skip
