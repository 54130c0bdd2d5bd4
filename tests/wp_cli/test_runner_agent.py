"""A runner as a service: adoption, remote `up` from a machine that has nothing but the command line, draining."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from tests.ports import free_port
from tests.wp_cli.projects import app, waits_for, write_project
from tests.wp_cli.servers import RealServer, real_server

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

DEADLINE = 60.0


@pytest.fixture
def server(cli: Cli) -> Iterator[RealServer]:
    with real_server(cli.home / "server", cli.environ) as running:
        flags = (f"-server-addr={running.address}", "-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", *flags)
        yield running


class Runner:
    """`waypoint runner agent` in a process of its own, in an empty folder."""

    def __init__(self, cli: Cli, server: RealServer, *flags: str, **environ: str) -> None:
        self.folder = cli.home / "runner"
        self.folder.mkdir(exist_ok=True)
        self.log = self.folder / "log"
        connection = {
            "WAYPOINT_SERVER_ADDR": server.address,
            "WAYPOINT_SERVER_TLS": "true",
            "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "true",
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*cli.command, "runner", "agent", *flags], env=cli.environ | connection | environ, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def output(self) -> str:
        return self.log.read_text()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ends(self) -> int:
        return self.process.wait(DEADLINE)


@contextmanager
def runner_of(cli: Cli, server: RealServer, *flags: str, **environ: str) -> Iterator[Runner]:
    runner = Runner(cli, server, *flags, **environ)
    try:
        yield runner
    finally:
        if runner.process.poll() is None:
            runner.process.kill()
            runner.process.wait(DEADLINE)


def until(true: Callable[[], object], runner: Runner | None = None) -> None:
    """Waits until it is true; a runner that is given must not end before."""
    end = time.monotonic() + DEADLINE
    while not true():
        said = runner.output if runner else "it never happened"
        assert runner is None or runner.process.poll() is None, said
        assert time.monotonic() < end, said
        time.sleep(0.05)


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an output, one after the other."""
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        item, end = decoder.raw_decode(rest)
        found.append(item)
        rest = rest[end:].strip()
    return found


def listed(cli: Cli) -> list[dict[str, Any]]:
    return objects(cli.ok("runner", "list", "-json"))


def online(cli: Cli, runner_id: str) -> bool:
    found = cli.run("runner", "inspect", runner_id, "-json")
    return found.returncode == 0 and json.loads(found.stdout).get("online") is True


def token_of(cli: Cli) -> str:
    return str(json.loads(cli.ok("context", "inspect", "-show-secrets", "-json", "main"))["auth_token"])


@contextmanager
def grpc_channel(server: RealServer) -> Iterator[grpc.Channel]:
    host, port = server.address.rsplit(":", 1)
    roots = ssl.get_server_certificate((host, int(port))).encode()
    with grpc.secure_channel(server.address, grpc.ssl_channel_credentials(roots)) as channel:
        yield channel


def commit(folder: Path, message: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": "/dev/null"}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": "tests", f"GIT_{who}_EMAIL": "tests@example.org"}
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", message)):
        subprocess.run(["git", *words], cwd=folder, env=environment, check=True)


def remote_project(cli: Cli, *apps: str) -> Path:
    """A project whose files are in a git repository, and that the command line knows by name only."""
    repository = cli.home / "repository"
    repository.mkdir()
    write_project(repository, *apps)
    commit(repository, "first")
    cli.ok("project", "apply", "shop", "-data-source=git", f"-git-url=file://{repository}", "-git-ref=main")
    return repository


def test_a_thin_client_brings_a_project_up_on_a_runner_that_has_only_a_token(cli: Cli, server: RealServer) -> None:
    token = cli.ok("runner", "token", "-id=builder").strip()
    repository = remote_project(cli, app("web"))
    with runner_of(cli, server, "-id=builder", "-label=site=here", WAYPOINT_SERVER_TOKEN=token) as runner:
        until(lambda: online(cli, "builder"), runner)
        output = cli.ok("up", "-project=shop", "-app=web", "-local=false")
        assert "The deploy was successful!" in output
        url = re.search(r"Release URL: (\S+)", output)
        assert url is not None
        with urllib.request.urlopen(url[1], timeout=60) as answer:
            assert answer.status == 200
        assert list(cli.folder.iterdir()) == []  # nothing was put into the user's own folder
        (job,) = objects(cli.ok("job", "list", "-project=shop", "-limit=1", "-json"))
        assert job["assignedRunner"]["id"] == "builder"
        commit_of = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True)
        assert job["dataSourceRef"]["git"]["commit"] == commit_of.stdout.strip()
        cli.ok("destroy", "-project=shop", "-app=web", "-local=false", "-auto-approve")
        assert len(list((cli.home / ".cache" / "waypoint" / "git").glob("*.git"))) == 1
        runner.signal(signal.SIGTERM)
        assert runner.ends() == 0
    until(lambda: listed(cli) == [])


def test_a_runners_variables_come_from_sources_if_it_is_told_so(cli: Cli, server: RealServer) -> None:
    from tests.wp_runner.real_server import Client

    from wp_proto.waypoint import api as pb

    shown = 'hook {\n      when    = "before"\n      command = ["sh", "-c", "echo the place is $PLACE"]\n    }'
    remote_project(cli, app("web", shown, stages="null"))
    cli.ok("config", "source-set", "-type=null", "-config=place=Berlin")
    dynamic = pb.ConfigVar.DynamicVal(config={"config_key": "place"}, **{"from": "null"})
    variable = pb.ConfigVar(name="PLACE", dynamic=dynamic)
    getattr(variable.target, "global").SetInParent()
    variable.target.runner.any.SetInParent()
    with grpc_channel(server) as channel:
        Client(channel, token_of(cli)).stub.SetConfig(pb.ConfigSetRequest(variables=[variable]))
    token = cli.ok("runner", "token", "-id=builder").strip()
    flags = ("-id=builder", "-enable-dynamic-config")
    with runner_of(cli, server, *flags, WAYPOINT_SERVER_TOKEN=token) as runner:
        until(lambda: online(cli, "builder"), runner)
        done = cli.run("build", "-project=shop", "-app=web", "-local=false")
        assert "the place is Berlin" in done.stdout + done.stderr, runner.output
        runner.signal(signal.SIGTERM)
        assert runner.ends() == 0


def test_a_runner_with_the_cookie_waits_for_adoption_and_keeps_its_token(cli: Cli, server: RealServer) -> None:
    cookie = cli.ok("server", "cookie").strip()
    state = cli.home / "state"
    flags = ("-state-dir", str(state), "-concurrency=2")
    with runner_of(cli, server, *flags, WAYPOINT_SERVER_COOKIE=cookie) as runner:
        until(lambda: "runner adopt" in runner.output, runner)
        until(lambda: listed(cli), runner)
        (row,) = listed(cli)
        assert row.get("adoptionState", "PENDING") == "PENDING"  # the zero value is left out
        assert str(row["id"]) in cli.ok("runner", "list", "-pending")
        cli.ok("runner", "adopt", str(row["id"]))
        until(lambda: "Runner logs:" in runner.output, runner)
        until(lambda: online(cli, str(row["id"])), runner)
        assert state.stat().st_mode & 0o777 == 0o700
        assert (state / "token").stat().st_mode & 0o777 == 0o600
        runner.signal(signal.SIGTERM)
        assert runner.ends() == 0
    with runner_of(cli, server, *flags) as again:  # no cookie, no token: the state folder is enough
        until(lambda: online(cli, str(row["id"])), again)
    assert cli.ok("runner", "forget", str(row["id"])) == f"Runner {row['id']} is forgotten.\n"


def test_a_rejected_runner_ends_with_the_reason(cli: Cli, server: RealServer) -> None:
    cookie = cli.ok("server", "cookie").strip()
    with runner_of(cli, server, "-id=stranger", WAYPOINT_SERVER_COOKIE=cookie) as runner:
        until(lambda: [row["id"] for row in listed(cli)] == ["stranger"], runner)
        cli.ok("runner", "reject", "stranger")
        assert runner.ends() == 1
        assert "The runner stranger was rejected" in runner.output
        assert "Traceback" not in runner.output
    with runner_of(cli, server, "-id=stranger", WAYPOINT_SERVER_COOKIE="wrong") as runner:
        assert runner.ends() == 1
        assert "cookie does not match" in runner.output


def test_a_runner_needs_a_token_or_a_cookie(cli: Cli, server: RealServer) -> None:
    with runner_of(cli, server) as runner:
        assert runner.ends() == 1
        assert "neither a token nor the server's cookie" in runner.output


def test_a_runner_needs_a_server(cli: Cli) -> None:
    assert "which server is the runner for?" in cli.fails("runner", "agent")


def test_a_runner_needs_the_host_keys_it_was_told_to_trust(cli: Cli, server: RealServer) -> None:
    missing = cli.home / "nowhere"
    with runner_of(cli, server, WAYPOINT_GIT_KNOWN_HOSTS=str(missing)) as runner:
        assert runner.ends() == 1
        assert f"cannot read the host keys in {missing}" in runner.output


def test_a_stopped_runner_finishes_its_job_and_takes_no_other(cli: Cli, server: RealServer) -> None:
    token = cli.ok("runner", "token").strip()
    go, started = cli.home / "go", cli.home / "started"
    remote_project(cli, app("web", waits_for(go, started)))
    with runner_of(cli, server, "-id=builder", WAYPOINT_SERVER_TOKEN=token) as runner:
        until(lambda: online(cli, "builder"), runner)
        up = subprocess.Popen(
            [*cli.command, "build", "-project=shop", "-app=web", "-local=false"], cwd=cli.folder, env=cli.environ,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        until(started.exists, runner)
        runner.signal(signal.SIGTERM)
        until(lambda: "Taking no more jobs; waiting for 1 to end" in runner.output, runner)
        go.touch()
        assert runner.ends() == 0
        output, _ = up.communicate(timeout=DEADLINE)
        assert up.returncode == 0, output


def test_a_second_signal_cancels_the_running_job(cli: Cli, server: RealServer) -> None:
    token = cli.ok("runner", "token").strip()
    started = cli.home / "started"
    remote_project(cli, app("web", waits_for(cli.home / "never", started)))
    with runner_of(cli, server, "-id=builder", WAYPOINT_SERVER_TOKEN=token) as runner:
        until(lambda: online(cli, "builder"), runner)
        up = subprocess.Popen(
            [*cli.command, "build", "-project=shop", "-app=web", "-local=false"], cwd=cli.folder, env=cli.environ,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        until(started.exists, runner)
        runner.signal(signal.SIGINT)
        until(lambda: "waiting for 1 to end" in runner.output, runner)
        runner.signal(signal.SIGINT)
        assert runner.ends() == 0
        output, _ = up.communicate(timeout=DEADLINE)
        assert up.returncode != 0
        assert "cancel" in output


def test_the_sign_of_life_is_there_before_adoption(cli: Cli, server: RealServer) -> None:
    cookie = cli.ok("server", "cookie").strip()
    port = free_port()
    with runner_of(
        cli, server, "-id=waits", f"-liveness-tcp-addr=127.0.0.1:{port}", WAYPOINT_SERVER_COOKIE=cookie
    ) as runner:
        until(lambda: "waits: adopt it" in runner.output, runner)
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
            assert connection.recv(1) == b""


def test_a_runner_for_one_job_ends_after_it(cli: Cli, server: RealServer) -> None:
    """On-demand mode: it takes the job that names it, and no second one."""
    from tests.wp_runner.real_server import Client

    from wp_proto.waypoint import api as pb

    token = cli.ok("runner", "token").strip()
    with grpc_channel(server) as channel:
        client = Client(channel, token_of(cli))
        client.project("shop")
        job_id = client.queue("only", "shop", "web", noop=pb.Job.Noop())
        with runner_of(cli, server, "-odr", WAYPOINT_RUNNER_ID="only", WAYPOINT_SERVER_TOKEN=token) as runner:
            assert runner.ends() == 0, runner.output
        assert client.stub.GetJob(pb.GetJobRequest(job_id=job_id)).state == pb.Job.SUCCESS
    with runner_of(cli, server, "-odr", WAYPOINT_RUNNER_ID="other", WAYPOINT_SERVER_TOKEN=token) as runner:
        assert runner.ends() == 1
        assert "There is no job for the on-demand runner other" in runner.output
