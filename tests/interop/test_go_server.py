"""The server of Go Waypoint 0.11.4 with our clients, and a team's state from it to our server and back."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from tests.fakes.consul import Consul
from tests.interop.go_servers import GoServer, go_server, pieces, snapshot_of
from tests.interop.go_waypoint import go_waypoint
from tests.interop.rich_state import DONE, Made, Peer, app_ref, at, fill, until, view
from tests.interop.same_answers import differences, read_answers
from tests.wp_cli.conftest import Cli
from tests.wp_cli.projects import app, write_project
from tests.wp_cli.servers import RealServer, real_server

from wp_cli.connect import Client, code_of
from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server.store.snapshot import bbolt, container, reference, rows

RECORDED = Path(__file__).parent / "recorded"
"""A snapshot of the Go server with what it answered then and the tokens of that time, all made by `fill` and written by
`python -m tests.interop.record_go_snapshot`."""


# Our clients


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoServer]:
    with go_server(tmp_path_factory.mktemp("go") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def user(go: GoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A command line that has bootstrapped the Go server, in a folder with a project."""
    cli = Cli(tmp_path_factory.mktemp("user"))
    flags = (f"-server-addr={go.address}", "-server-tls-skip-verify")
    cli.environ["WAYPOINT_TESTS_TOKEN"] = cli.ok("server", "bootstrap", *flags, "-context-create=go").strip()
    cli.ok("server", "config-set", f"-advertise-addr={go.address}", "-advertise-tls-skip-verify")
    write_project(cli.folder, app("web"))
    yield cli
    cli.run("destroy", "-auto-approve", "-local")


@contextmanager
def agent(cli: Cli, go: GoServer, *flags: str, **environ: str) -> Iterator[Path]:
    """Our runner at the Go server; gives its log."""
    log = cli.home / f"agent-{len(list(cli.home.glob('agent-*')))}"
    where = {"WAYPOINT_SERVER_ADDR": go.address, "WAYPOINT_SERVER_TLS": "1", "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*cli.command, "runner", "agent", *flags], env=cli.environ | where | environ, cwd=cli.home,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield log
    finally:
        process.terminate()
        process.wait(60)


CONFIG = """
config {
  env = {
    SEED = dynamic("consul", { key = "garden/seed" })
  }
}
"""


@pytest.fixture
def consul() -> Iterator[Consul]:
    standin = Consul()
    standin.keys["garden/seed"] = b"fern"
    yield standin
    standin.stop()


def test_our_command_line_brings_an_application_up_and_talks_to_it(user: Cli, go: GoServer, consul: Consul) -> None:
    with (user.folder / "waypoint.hcl").open("a") as file:
        file.write(CONFIG)
    user.ok("config", "source-set", "-type=consul", f"-config=address=127.0.0.1:{consul.port}")
    assert f"Context 'go' works: server v0.11.4 at {go.address}." in user.ok("context", "verify")
    assert "Registered project 'shop' with web" in user.run("init").stdout
    user.ok("config", "set", "GREETING=hello")
    shown = user.ok("up", "-label=team=blue")
    assert "The deploy was successful!" in shown
    assert re.search(r"Release URL: http://localhost:\d+", shown)
    until(lambda: user.run("exec", "true").returncode == 0)
    done = user.run("exec", "sh", "-c", "echo $GREETING $SEED; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "hello fern\n", "err\n")
    user.ok("config", "set", "GREETING=changed")
    until(lambda: user.run("exec", "sh", "-c", "echo $GREETING").stdout == "changed\n")
    until(lambda: "hello 100%" in user.ok("logs", "-follow=false"))
    (deployment,) = json.loads(user.ok("deployment", "list", "-json"))
    assert (deployment["sequence"], deployment["labels"]["team"]) == (1, "blue")
    assert json.loads(user.ok("status", "-json"))["Applications"][0]["DeploymentStatus"] == "✔ READY"
    assert "INSTANCES COUNT" in user.ok("status", "-app=web")
    assert len(json.loads(user.ok("artifact", "list", "-json"))) == 1
    assert user.ok("workspace", "list").splitlines()[1].split() == ["default", "shop"]
    user.ok("config", "sync")
    job = user.ok("job", "list", "-limit=1").splitlines()[1].split()
    assert job[1:3] == ["ConfigSync", "Success"]
    assert "Success" in user.ok("job", "inspect", job[0])
    assert "this server cannot explain jobs" in user.fails("job", "explain", job[0])
    assert "Destroy successful!" in user.ok("destroy", "-auto-approve")


def test_what_only_our_server_can_do_is_one_sentence(user: Cli, go: GoServer) -> None:
    for command in ("user list", "server audit"):
        said = user.fails(*command.split())
        assert said.startswith(f"! the server at {go.address} cannot do this: only servers of this Waypoint can")
    for command in ("register", "list"):
        assert "this server has no URL service" in user.fails("hostname", command)


def test_the_small_commands_work(user: Cli) -> None:
    token = user.ok("token", "exchange", "-token=" + user.ok("token", "invite").strip()).strip()
    assert "waypoint" in user.ok("user", "inspect", WAYPOINT_SERVER_TOKEN=token)
    user.ok("auth-method", "set", "oidc", "-client-id=a", "-client-secret=b", "-issuer=https://id.example", "gate")
    assert "https://id.example" in user.ok("auth-method", "inspect", "gate")
    user.ok("project", "apply", "-data-source=local", "bare")
    user.ok("trigger", "create", "-name=nightly", "-op=build", "-project=bare")
    assert "nightly" in user.ok("trigger", "list")
    user.ok("config", "source-set", "-type=vault", "-config=addr=https://vault.example")
    assert "vault.example" in user.ok("config", "source-get", "-type=vault")


PIPELINE = """
pipeline "ship" {
  step "one" {
    use "build" {}
  }
  step "two" {
    use "deploy" {}
  }
}
"""


def test_a_run_of_a_pipeline_is_followed_and_shown(user: Cli) -> None:
    folder = user.home / "piped"
    folder.mkdir()
    write_project(folder, app("web", stages="null"), name="piped")
    with (folder / "waypoint.hcl").open("a") as file:
        file.write(PIPELINE)
    elsewhere, user.folder = user.folder, folder
    try:
        user.ok("init")
        shown = user.ok("pipeline", "run", "ship")
        assert "2/2 steps successfully executed" in shown
        assert "one in default" in shown
        assert "ship →" not in shown
        assert "Success" in user.ok("pipeline", "list")
        assert "Total Runs: 1" in user.ok("pipeline", "inspect", "ship")
        rows = user.ok("pipeline", "inspect", "-run=1", "ship").splitlines()[-2:]
        assert [row.split()[:3] for row in rows] == [["one", "build", "Success"], ["two", "deploy", "Success"]]
    finally:
        user.folder = elsewhere


def test_our_runner_is_adopted_works_and_comes_back_to_a_restarted_server(user: Cli, go: GoServer) -> None:
    cookie = user.ok("server", "cookie").strip()
    state = user.home / "state"
    with agent(user, go, "-id=r1", f"-cookie={cookie}", f"-state-dir={state}") as log:
        until(lambda: "adopt it with" in log.read_text())
        until(lambda: "r1" in user.ok("runner", "list"))
        user.ok("runner", "adopt", "r1")
        until(lambda: "Runner logs" in log.read_text())
        repository = user.home / "repository"
        repository.mkdir()
        write_project(repository, app("web"), name="remote")
        git(repository, "init", "-q")
        git(repository, "add", "-A")
        git(repository, "commit", "-qm", "first")
        url = f"-git-url=file://{repository}"
        user.ok("project", "apply", "-data-source=git", url, "-git-ref=HEAD", "remote")
        where = ("-project=remote", "-app=web", "-local=false")
        user.ok("build", *where)
        said = user.fails("up", *where)
        assert "gives this runner no token for the app's entrypoint" in said
        assert "Start the runner with a login token" in said
        go.kill()
        go.start()
        user.ok("build", *where)
    with agent(user, go, "-id=r2", WAYPOINT_SERVER_TOKEN=user.environ["WAYPOINT_TESTS_TOKEN"]):
        assert "The deploy was successful!" in user.ok("up", *where)
        until(lambda: user.run("exec", *where[:2], "echo", "hi").stdout == "hi\n")
        until(lambda: "hello 100%" in user.ok("logs", *where[:2], "-follow=false"))
        (row,) = [line.split() for line in user.ok("runner", "list").splitlines() if line.startswith("r2 ")]
        assert row[1:4] == ["preadopted", "remote", "just"] or row[3].isdigit(), "nothing says that it is not online"
        user.ok("runner", "profile", "set", "-name=house", "-plugin-type=local", "-default")
        assert "The deploy was successful!" in user.ok("up", *where[:2]), "by a runner that was launched for it"
        until(lambda: "Stopped" in user.ok("task", "list"))
        elsewhere, user.folder = user.folder, repository.parent
        try:
            user.ok("project", "destroy", "-project=remote", "-auto-approve")
        finally:
            user.folder = elsewhere
        assert "remote" not in user.ok("project", "list")


def git(folder: Path, *args: str) -> None:
    person = ("-c", "user.name=Rose", "-c", "user.email=rose@garden.example")
    subprocess.run(["git", *person, *args], cwd=folder, check=True, timeout=60)


# Snapshots


@contextmanager
def ours(folder: Path, *flags: str) -> Iterator[RealServer]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOINT_", "WP_"))}
    paths = {"HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    with real_server(folder, environ | paths, *flags) as server:
        yield server


def put(client: Client, snapshot: bytes) -> None:
    """Restore a snapshot on a server of ours."""
    client.calls.RestoreSnapshot(pieces(snapshot))
    client.close()


def recorded() -> tuple[bytes, Made, dict[str, Message | str]]:
    """The snapshot, what was made before it was taken, and what the Go server answered."""
    told = json.loads(gzip.decompress((RECORDED / "go-0.11.4.answers.json.gz").read_bytes()))
    return (RECORDED / "go-0.11.4.snapshot").read_bytes(), *read_answers(told)


def check_tokens(address: str, made: Made) -> None:
    """Tokens of the other server's time do what they did, and no more."""
    tokens = made.tokens
    for token, name in ((tokens.admin, "waypoint"), (tokens.login, "rose"), (tokens.invited, "rose")):
        client = at(address, token)
        assert client.calls.GetUser(pb.GetUserRequest()).user.username == name
        client.close()
    for token, runner_id, labels in (
        (tokens.runner, "Gardener", {}),
        (tokens.labelled_runner, "labelled", {"zone": "west", "soil": "clay"}),
        (tokens.any_runner, "whoever", {}),
        (tokens.adopted_runner, "Adopted", {"zone": "east"}),
    ):
        client = at(address, token)
        Peer(client, pb.Runner(id=runner_id, remote={}, labels=labels)).registered().close()
        client.close()
    nobody = at(address)
    invited = nobody.calls.ConvertInviteToken(pb.ConvertInviteTokenRequest(token=tokens.entrypoint_invite)).token
    for token in (tokens.entrypoint, invited):
        client = at(address, token)
        request = pb.EntrypointConfigRequest(deployment_id=made.deployment, instance_id="i1")
        stream = WaypointStub(client.channel).EntrypointConfig(request, metadata=client.metadata, timeout=60)
        variables = {one.name: one.static for one in next(stream).config.env_vars}
        assert variables["/etc/garden.conf"] == "rows = 3\n"
        stream.cancel()
        with pytest.raises(grpc.RpcError) as refused:
            client.calls.ListProjects(pb.ListProjectsRequest())
        assert code_of(refused.value) in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)
        client.close()
    nobody.close()


def check_jobs(address: str, made: Made) -> None:
    """What ran has ended; what waited still waits, for its runner, and is done by it."""
    client = at(address, made.tokens.admin)

    def job(name: str) -> pb.Job:
        found: pb.Job = client.calls.GetJob(pb.GetJobRequest(job_id=made.jobs[name]))
        return found

    assert (job("running").state, job("running").error.code) == (pb.Job.ERROR, 10)
    assert job("queued").state == pb.Job.QUEUED
    any_runner = at(address, made.tokens.any_runner)
    runner = Peer(any_runner, pb.Runner(id="not-there-yet", remote={})).registered()
    assert runner.work(DONE) == made.jobs["queued"]
    assert job("queued").state == pb.Job.SUCCESS
    runner.close()
    any_runner.close()
    client.close()


def check_numbers(address: str, made: Made) -> None:
    """Numbers go on where they were."""
    client = at(address, made.tokens.admin)
    web = app_ref("Garden", "Web")
    last = client.calls.ListDeployments(pb.ListDeploymentsRequest(application=web)).deployments
    deployment = pb.Deployment(application=web, workspace={"workspace": "default"})
    stored = client.calls.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=deployment)).deployment
    assert stored.sequence == max(one.sequence for one in last) + 1
    client.close()


def check_recorded(address: str, made: Made, said: dict[str, Message | str]) -> None:
    """A server of ours that has the recorded state answers as the Go server did."""
    client = at(address, made.tokens.admin)
    assert differences(said, view(client, made.tokens)) == []
    client.close()
    check_tokens(address, made)
    check_numbers(address, made)


def test_a_recorded_snapshot_of_the_go_server_is_restored_whole(tmp_path: Path) -> None:
    snapshot, made, said = recorded()
    with ours(tmp_path) as server:
        put(at(server.address, bootstrapped(server.address)), snapshot)
        check_recorded(server.address, made, said)


def test_a_recorded_snapshot_beside_the_data_is_taken_up_at_the_start(tmp_path: Path) -> None:
    snapshot, made, said = recorded()
    (tmp_path / "waypoint-restore.db").write_bytes(snapshot)
    with ours(tmp_path) as server:
        check_recorded(server.address, made, said)


def test_a_recorded_snapshot_loses_nothing_on_its_way_through_ours(tmp_path: Path) -> None:
    """All of it is in the snapshot that ours makes then, under the same keys: the Go server finds what it replaces."""
    snapshot, made, _ = recorded()
    with ours(tmp_path) as server:
        put(at(server.address, bootstrapped(server.address)), snapshot)
        client = at(server.address, made.tokens.admin)
        again = buckets(snapshot_of(client))
        client.close()
    before = buckets(snapshot)
    assert {name: set(items) for name, items in before.items()} == {name: set(again[name]) for name in before}
    keys = {kind.name: kind.message for kind in reference.BUCKETS}
    for name, items in before.items():
        for key, value in items.items():
            if name in keys:
                pair = [{name: keys[name].FromString(one)} for one in (value, again[name][key])]
                assert differences(*pair) == [], (name, key)
            elif name != "server-config" or key != "1":
                assert value == again[name][key]


def buckets(snapshot: bytes) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for name, items in container.read(io.BytesIO(snapshot)):
        if not name.startswith(rows.PREFIX):
            found.setdefault(name, {}).update(items)
    return found


def test_a_go_server_moves_to_ours(tmp_path: Path) -> None:
    """By our command line, as a team does it."""
    cli = Cli(tmp_path)
    with go_server(tmp_path / "go") as old, ours(tmp_path / "ours") as new:
        made = fill(old.address)
        client = at(old.address, made.tokens.admin)
        before = view(client, made.tokens)
        client.close()
        trust = "-server-tls-skip-verify"
        token = {"WAYPOINT_SERVER_TOKEN": made.tokens.admin}
        cli.ok("server", "snapshot", f"-server-addr={old.address}", trust, "moved", **token)
        cli.ok("server", "bootstrap", f"-server-addr={new.address}", trust)
        cli.ok("server", "restore", "moved")
        client = at(new.address, made.tokens.admin)
        assert differences(before, view(client, made.tokens)) == []
        client.close()
        check_tokens(new.address, made)
        check_jobs(new.address, made)
        check_numbers(new.address, made)
        context = ("context", "create", f"-server-addr={new.address}", trust, "-server-require-auth")
        cli.ok(*context, f"-server-auth-token={made.tokens.login}", "-set-default", "rose")
        assert "rose" in cli.ok("user", "inspect")


def test_the_data_file_of_a_go_server_is_taken_over(tmp_path: Path) -> None:
    """Without the old program: the file is laid beside the new state. It has pages of all kinds."""
    cli = Cli(tmp_path)
    values = {f"NAME_{number}": str(number) * 300 for number in range(500)} | {"LONG": "leaf " * 40_000}
    with go_server(tmp_path / "go") as old:
        token = bootstrapped(old.address)
        client = at(old.address, token)
        target = pb.ConfigVar.Target(**{"global": {}})
        variables = [pb.ConfigVar(name=name, static=value, target=target) for name, value in values.items()]
        client.calls.SetConfig(pb.ConfigSetRequest(variables=variables))
        client.calls.UpsertProject(pb.UpsertProjectRequest(project={"name": "shop"}))
        said = buckets(snapshot_of(client))
        client.close()
        data = tmp_path / "go/data.db"
        flags = (f"-server-addr={old.address}", "-server-tls-skip-verify")
        assert "in use by a Go Waypoint server" in cli.fails("server", "restore", str(data), *flags)
    found: dict[str, dict[str, bytes]] = {}
    for name, items in bbolt.read(data):
        found.setdefault(name, {}).update(items)
    assert found == said
    (tmp_path / "ours").mkdir()
    data.rename(tmp_path / "ours/waypoint-restore.db")
    with ours(tmp_path / "ours") as new:
        client = at(new.address, token)
        shown = client.calls.GetConfig(pb.ConfigGetRequest(project={"project": "shop"})).variables
        assert {one.name: one.static for one in shown} == values
        client.close()


def test_what_runs_stays_when_our_server_takes_the_place_of_the_go_server(tmp_path: Path) -> None:
    """The application, a runner and the context go on with the new server, at the address of the old one."""
    cli = Cli(tmp_path)
    write_project(cli.folder, app("web"))
    with go_server(tmp_path / "go") as old:
        flags = (f"-server-addr={old.address}", "-server-tls-skip-verify")
        token = cli.ok("server", "bootstrap", *flags).strip()
        cli.ok("server", "config-set", f"-advertise-addr={old.address}", "-advertise-tls-skip-verify")
        cli.ok("up")
        until(lambda: cli.run("exec", "true").returncode == 0)
        with agent(cli, old, "-id=r1", WAYPOINT_SERVER_TOKEN=token) as log:
            until(lambda: "r1" in cli.ok("runner", "list"))
            old.kill()
            (tmp_path / "ours").mkdir()
            (tmp_path / "go/data.db").rename(tmp_path / "ours/waypoint-restore.db")
            environ = cli.environ | {"HOME": str(tmp_path / "ours")}
            new = RealServer(tmp_path / "ours", environ, listen=old.address)
            try:
                until(lambda: cli.run("exec", "echo", "still here").stdout == "still here\n")
                until(lambda: "yes" in cli.ok("runner", "list"))
                assert "Traceback" not in log.read_text()
                assert [one["sequence"] for one in json.loads(cli.ok("deployment", "list", "-json"))] == [1]
                assert "Destroy successful!" in cli.ok("destroy", "-auto-approve")
            finally:
                new.kill()


def test_ours_moves_to_a_go_server(tmp_path: Path) -> None:
    go_waypoint()
    with ours(tmp_path / "ours") as old:
        made = fill(old.address)
        client = at(old.address, made.tokens.admin)
        before = view(client, made.tokens)
        snapshot = snapshot_of(client)
        client.close()
    with go_server(tmp_path / "go") as new:
        new.restore(at(new.address, bootstrapped(new.address)), snapshot)
        client = at(new.address, made.tokens.admin)
        assert differences(before, view(client, made.tokens)) == []
        again = snapshot_of(client)
        web = app_ref("Garden", "Web")
        changed = pb.ConfigVar(name="SUN", static="changed", target={"application": web})
        gone = pb.ConfigVar(name="/etc/garden.conf", unset={}, target={"application": web})
        client.calls.SetConfig(pb.ConfigSetRequest(variables=[changed, gone]))
        client.close()
        new.kill()
        new.start()  # it reads everything anew
        client = at(new.address, made.tokens.admin)
        found = client.calls.GetConfig(pb.ConfigGetRequest(application=web)).variables
        assert {one.name: one.static for one in found}["SUN"] == "changed"
        assert "/etc/garden.conf" not in {one.name for one in found}
        client.close()
        check_numbers(new.address, made)
    with ours(tmp_path / "back") as back:
        put(at(back.address, bootstrapped(back.address)), again)
        client = at(back.address, made.tokens.admin)
        request = pb.GetJobStreamRequest(job_id=made.jobs["failed"])
        told = [event.line.msg for one in client.calls.GetJobStream(request) for event in one.terminal.events]
        assert told == ["digging"], "what only ours knows has come back, too"
        client.close()


def bootstrapped(address: str) -> str:
    nobody = at(address)
    token: str = nobody.calls.BootstrapToken(Empty()).token
    nobody.close()
    return token
