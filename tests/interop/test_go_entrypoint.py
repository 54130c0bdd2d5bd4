"""The Go entrypoint 0.11.4 against our server: what it relies on (entrypoint-url.md A14), and what must not hurt it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import docker
import grpc
import pytest
from tests.fakes.consul import Consul
from tests.wp_cli.conftest import Cli
from tests.wp_cli.terminal import Terminal
from tests.wp_entrypoint.conftest import SYSTEM_PATH, alive, eventually, pid_file
from tests.wp_entrypoint.real_server import WORKSPACE, RealServer
from tests.wp_entrypoint.wire import Wire

from wp_proto.waypoint import api as pb

from .go_waypoint import go_waypoint

RETURN = 250.0
"""Seconds it may take to come back: the pauses between its attempts grow to two minutes."""
COUNT = "i=0; while :; do echo n $i; i=$((i+1)); sleep 0.05; done"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    go_waypoint()
    server = RealServer(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def real(running: RealServer) -> RealServer:
    """One server for all tests, a project for each."""
    if running.process.poll() is not None:  # a test that stopped it did not come to its end
        running.start()
    running.deploy(pb.Ref.Application(project=f"shop-{uuid.uuid4()}", application="web"), tier="front")
    return running


@dataclass
class GoEntrypoints:
    """Starts them before applications, and ends both."""

    program: Path
    server: RealServer
    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *argv: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start an application that reads from a pipe."""
        with self.log(len(self.started)).open("wb") as log:
            process = subprocess.Popen(
                [self.program, *argv],
                env={"PATH": SYSTEM_PATH, "HOME": str(self.folder), **self.server.environment(), **environ},
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def script(self, text: str, **environ: str) -> subprocess.Popen[bytes]:
        """The same for a shell's program; it is in a file, as the entrypoint says its arguments."""
        file = self.folder / "app.sh"
        file.write_text(text)
        return self.start("sh", str(file), **environ)

    def log(self, number: int) -> Path:
        return self.folder / f"{number}.log"

    def said(self, process: subprocess.Popen[bytes]) -> str:
        """What an entrypoint and its application wrote."""
        return self.log(self.started.index(process)).read_text()

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdin is not None
            process.stdin.close()


@pytest.fixture
def go(real: RealServer, tmp_path: Path) -> Iterator[GoEntrypoints]:
    folder = tmp_path / "app"
    folder.mkdir()
    made = GoEntrypoints(go_waypoint().entrypoint, real, folder)
    yield made
    made.close()


@pytest.fixture
def cli(real: RealServer, tmp_path: Path) -> Cli:
    home = tmp_path / "home"
    home.mkdir()
    cli = Cli(home)
    cli.environ |= {
        "WAYPOINT_SERVER_ADDR": real.state.grpc,
        "WAYPOINT_SERVER_TLS": "1",
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
        "WAYPOINT_SERVER_TOKEN": Path(real.state.token_file).read_text().strip(),
    }
    return cli


def place(real: RealServer) -> list[str]:
    return [f"-project={real.application.project}", "-app=web"]


def set_variable(real: RealServer, name: str, *, target: pb.ConfigVar.Target | None = None, **value: object) -> None:
    variable = pb.ConfigVar(name=name, target=target or pb.ConfigVar.Target(application=real.application), **value)
    real.api.call("SetConfig", pb.ConfigSetRequest(variables=[variable]))


def consul(real: RealServer, name: bytes) -> Consul:
    """A Consul with `web/name`, which is from now on what the application's dynamic variables come from."""
    made = Consul()
    made.keys["web/name"] = name
    source = pb.ConfigSource(type="consul", application=real.application, config={"address": made.url})
    real.api.call("SetConfigSource", pb.SetConfigSourceRequest(config_source=source))
    return made


NAME = {"dynamic": pb.ConfigVar.DynamicVal(**{"from": "consul", "config": {"key": "web/name"}})}


def ids(real: RealServer) -> list[str]:
    return sorted(instance.id for instance in real.instances())


def refusal(call: Callable[[], object]) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    code = caught.value.code()
    assert isinstance(code, grpc.StatusCode)
    return code


def test_configuration_and_its_changes(go: GoEntrypoints, real: RealServer, cli: Cli) -> None:
    """All kinds of variables and scopes; what changes the environment restarts the application, a file does not."""
    with contextlib.ExitStack() as consuls:
        consuls.callback(consul(real, b"one").stop)
        here = pb.ConfigVar.Target(application=real.application, workspace=WORKSPACE)
        elsewhere = pb.ConfigVar.Target(application=real.application, workspace=pb.Ref.Workspace(workspace="other"))
        front = pb.ConfigVar.Target(application=real.application, label_selector="tier == front")
        back = pb.ConfigVar.Target(application=real.application, label_selector="tier == back")
        set_variable(real, "COLOUR", static="red")
        set_variable(real, "HERE", static="here ", target=here)
        set_variable(real, "ELSEWHERE", static="elsewhere ", target=elsewhere)
        set_variable(real, "FRONT", static="front ", target=front)
        set_variable(real, "BACK", static="back ", target=back)
        set_variable(real, "NAME", **NAME)
        set_variable(real, "SECRET", internal=True, **NAME)
        set_variable(real, "MADE", static="${config.internal.SECRET}-${config.env.NAME}")
        set_variable(real, "app.conf", static="1", name_is_path=True)
        go.script(
            "trap 'echo told $(cat app.conf)' HUP; "
            'echo "$COLOUR $HERE$ELSEWHERE$FRONT$BACK$NAME$SECRET $MADE file $(cat app.conf)"; '
            "while :; do sleep 0.05; done"
        )
        lines = ["red here front one one-one file 1"]
        assert real.lines_until(lines[-1]) == lines
        project = pb.Ref.Project(project=real.application.project)
        told = pb.UpsertApplicationRequest(project=project, name="web", file_change_signal="HUP")
        real.api.call("UpsertApplication", told)
        set_variable(real, "app.conf", static="2", name_is_path=True)
        lines += ["told 2"]
        assert real.lines_until(lines[-1]) == lines
        cli.ok("config", "set", *place(real), "COLOUR=blue", "MORE=x")
        lines += ["blue here front one one-one file 2"]
        assert real.lines_until(lines[-1]) == lines
        assert real.exec("sh", "-c", "echo $COLOUR $NAME $MORE", ended=True) == (0, b"blue one x\n", b"")
        consuls.callback(consul(real, b"two").stop)
        lines += ["blue here front two two-two file 2"]
        assert real.lines_until(lines[-1]) == lines
        cli.ok("config", "set", *place(real), "COLOUR=")
        lines += [" here front two two-two file 2"]
        assert real.lines_until(lines[-1]) == lines


def test_lines_arrive_whole_and_in_order(go: GoEntrypoints, real: RealServer, cli: Cli) -> None:
    """Of bursts that fit into what it holds, which are 30 lines."""
    process = go.start("sh", "-c", "while read n; do for k in $(seq 20); do echo $n-$k äöü; done; done")
    assert process.stdin is not None
    lines = []
    for number in range(10):
        process.stdin.write(f"{number}\n".encode())
        process.stdin.flush()
        lines += [f"{number}-{k} äöü" for k in range(1, 21)]
        assert real.lines_until(lines[-1]) == lines
    assert cli.ok("logs", *place(real), "-follow=false", "-plain").count(" äöü") >= 100
    process.stdin.close()
    assert process.wait(60) == 0
    eventually(lambda: not real.instances())


def test_exec_by_the_command_line(go: GoEntrypoints, real: RealServer, cli: Cli) -> None:
    go.start("sleep", "1000")
    eventually(real.instances)
    run = ["exec", *place(real)]
    done = cli.run(*run, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")
    assert cli.run(*run, "no-such-command").returncode == 127
    assert cli.run(*run, "sh", "-c", "kill -KILL $$").returncode not in (0, 1)
    data = os.urandom(1 << 20)
    copied = subprocess.run(
        [*cli.command, *run, "cat"], cwd=cli.folder, env=cli.environ, input=data, capture_output=True, timeout=120
    )
    assert (copied.returncode, copied.stdout, copied.stderr) == (0, data, b"")


def test_exec_with_a_terminal(go: GoEntrypoints, real: RealServer, cli: Cli) -> None:
    """Its commands linger: what a terminal shows in the last moment is cut off, and can take the exit code with it."""
    go.start("sleep", "1000")
    eventually(real.instances)
    run = ["exec", *place(real)]
    size, typed, over = go.folder / "size", go.folder / "typed", go.folder / "over"
    linger = "while [ ! -e over ]; do sleep 0.05; done; exit 5"
    with ThreadPoolExecutor(1) as threads:
        command = f"stty size > size; cat > typed; echo read >> size; {linger}"
        done = threads.submit(cli.run, *run, "-t", "sh", "-c", command, stdin="one\ntwo")
        eventually(lambda: size.is_file() and size.read_text() == "24 80\nread\n")
        assert typed.read_text() == "one\ntwo"
        over.touch()
        assert done.result().returncode == 5
    over.unlink()
    watch = f"trap 'ended=1' INT; while [ -z \"$ended\" ]; do stty size; sleep 0.05; done; {linger}"
    with Terminal([*cli.command, *run, "sh", "-c", watch], cli.environ, str(cli.folder)) as seen:
        seen.wait_for("30 100")
        seen.child.setwinsize(20, 90)
        seen.wait_for("20 90")
        seen.send(b"\x03")
        seen.wait_for("^C")
        over.touch()
        assert seen.finish() == 5


def test_exec_ten_times_at_once(go: GoEntrypoints, real: RealServer) -> None:
    process = go.start("sleep", "1000")
    eventually(real.instances)
    inputs = [os.urandom(100_000) for _ in range(10)]
    with ThreadPoolExecutor(len(inputs)) as threads:
        answers = threads.map(lambda n: real.exec("sh", "-c", f"cat; exit {n}", typed=inputs[n]), range(len(inputs)))
        assert list(answers) == [(number, data, b"") for number, data in enumerate(inputs)]
    # Those that end at once: the exit code is the last thing that comes on a stream that is closed behind it.
    with ThreadPoolExecutor(10) as threads:
        codes = threads.map(lambda n: real.exec("sh", "-c", f"exit {n}", ended=True)[0], range(100))
        assert list(codes) == list(range(100))
    assert process.poll() is None


def test_exec_before_the_application_has_its_environment(go: GoEntrypoints, real: RealServer) -> None:
    """It ends, with the application, when a command is announced to it that early."""
    slow = consul(real, b"late")
    slow.release.clear()
    try:
        set_variable(real, "NAME", **NAME)
        process = go.start("sleep", "1000")
        eventually(lambda: slow.requests)
        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(real.exec, "sh", "-c", "echo $NAME", ended=True) for _ in range(2)]
            with pytest.raises(TimeoutError):  # longer than the time it gets at least
                waiting[0].result(4)
            assert process.poll() is None
            slow.release.set()
            assert [one.result(60) for one in waiting] == [(0, b"late\n", b"")] * 2
        assert process.poll() is None
    finally:
        slow.stop()


def test_a_client_that_is_killed_takes_its_command_with_it(go: GoEntrypoints, real: RealServer, cli: Cli) -> None:
    go.start("sleep", "1000")
    eventually(real.instances)
    for flag in ("-t", "-T"):
        noted = pid_file(go.folder / f"pid{flag}")
        command = [*cli.command, "exec", *place(real), flag, "sh", "-c", f"echo $$ > pid{flag}; exec sleep 1000"]
        client = subprocess.Popen(
            command, cwd=cli.folder, env=cli.environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        eventually(noted)
        client.kill()
        client.communicate()
        eventually(lambda noted=noted: not alive(noted()))
    assert real.exec("echo", "here", ended=True)[1] == b"here\n"


def test_several_instances(go: GoEntrypoints, real: RealServer, cli: Cli) -> None:
    request = pb.ListInstancesRequest(deployment_id=real.deployment_id, wait_timeout="1ms")
    assert refusal(lambda: real.api.call("ListInstances", request)) is grpc.StatusCode.DEADLINE_EXCEEDED
    request.wait_timeout = "60s"
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(real.api.call, "ListInstances", request)
        processes = [go.start("sleep", "1000") for _ in range(3)]
        assert len(first.result().instances) >= 1
    eventually(lambda: len(real.instances()) == 3)
    scope = pb.ListInstancesRequest.Application(application=real.application, workspace=WORKSPACE)
    listed = real.api.call("ListInstances", pb.ListInstancesRequest(application=scope))
    assert sorted(instance.id for instance in listed.instances) == ids(real)
    parents = {one: int(real.exec("sh", "-c", "echo $PPID", ended=True, instance=one)[1]) for one in ids(real)}
    assert sorted(parents.values()) == sorted(process.pid for process in processes)
    one = ids(real)[0]
    assert cli.ok("exec", *place(real), f"-instance={one[-8:]}", "sh", "-c", "echo $PPID") == f"{parents[one]}\n"
    # The one with the fewest commands is chosen.
    here = go.folder / "here"
    with ThreadPoolExecutor(3) as threads:
        meeting = "echo $PPID >> here; while [ $(wc -l < here) -lt 3 ]; do sleep 0.05; done"
        together = []
        for number in range(1, 4):
            together.append(threads.submit(real.exec, "sh", "-c", meeting, ended=True))
            eventually(lambda number=number: here.is_file() and len(here.read_text().splitlines()) == number)
    assert [one.result()[0] for one in together] == [0, 0, 0]
    assert sorted(here.read_text().split()) == sorted(map(str, parents.values()))
    ended = next(process for process in processes if process.pid == parents[one])
    os.killpg(ended.pid, signal.SIGKILL)
    eventually(lambda: len(real.instances()) == 2)
    assert one not in ids(real)
    gone = refusal(lambda: real.exec("true", instance=one))
    assert gone is grpc.StatusCode.NOT_FOUND
    # What it said is there for a while yet.
    said = [json.loads(line) for line in cli.ok("logs", *place(real), "-follow=false", "-json").splitlines()]
    assert {line["instance"] for line in said} == parents.keys()


@pytest.mark.timeout(600)
def test_a_connection_that_breaks(go: GoEntrypoints, real: RealServer) -> None:
    """It is the same instance that returns, to the lines that it had."""
    wire = Wire(int(real.state.grpc.rpartition(":")[2]))
    try:
        process = go.start("sh", "-c", COUNT, WAYPOINT_SERVER_ADDR=f"127.0.0.1:{wire.port}")
        real.lines_until("n 0")
        before = ids(real)
        assert real.exec("echo", "here", ended=True)[1] == b"here\n"
        assert wire.cut()
        eventually(lambda: not real.instances() or "disconnected" in go.said(process))
        eventually(real.instances, timeout=RETURN)
        assert ids(real) == before
        assert real.exec("echo", "here", ended=True)[1] == b"here\n"
        assert counted(real, process, go)[0] == 0
    finally:
        wire.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_of_the_server(go: GoEntrypoints, real: RealServer, number: signal.Signals) -> None:
    process = go.start("sh", "-c", COUNT)
    eventually(real.instances)
    before = ids(real)
    assert real.exec("echo", "here", ended=True)[1] == b"here\n"
    real.stop(number)
    assert real.process.returncode == (0 if number is signal.SIGTERM else -number)
    real.start()
    eventually(real.instances, timeout=RETURN)
    assert ids(real) == before
    # The index of a command must be above those from before the restart.
    assert real.exec("echo", "here", ended=True)[1] == b"here\n"
    assert counted(real, process, go)


def counted(real: RealServer, process: subprocess.Popen[bytes], go: GoEntrypoints) -> list[int]:
    """What has come of the application's numbers, up to a new one."""
    now = int(re.findall(r"^n (\d+)$", go.said(process), re.MULTILINE)[-1])
    found: list[int] = []
    for source, line in real.log_lines():
        if source == pb.LogBatch.Entry.APP:
            found.append(int(line.removeprefix("n ")))
            if found[-1] > now:
                break
    assert found == sorted(set(found))
    assert process.poll() is None
    return found


def test_a_deployment_that_is_gone(go: GoEntrypoints, real: RealServer) -> None:
    """The application goes on; it is not asked for again and again, and a new start is told so."""
    process = go.start("sh", "-c", COUNT)
    real.lines_until("n 1")
    found = real.api.call("GetDeployment", pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=real.deployment_id)))
    assert isinstance(found, pb.Deployment)
    found.state = pb.Operation.DESTROYED
    real.api.call("UpsertDeployment", pb.UpsertDeploymentRequest(deployment=found))
    eventually(lambda: "code = NotFound" in go.said(process))
    eventually(lambda: not real.instances())
    late = go.start("sh", "-c", "echo started")
    eventually(lambda: "code = NotFound" in go.said(late))
    assert process.poll() is None


def test_a_project_that_is_gone(go: GoEntrypoints, real: RealServer) -> None:
    process = go.start("sh", "-c", COUNT)
    real.lines_until("n 1")
    project = pb.Ref.Project(project=real.application.project)
    real.api.call("DestroyProject", pb.DestroyProjectRequest(project=project))
    eventually(lambda: "code = NotFound" in go.said(process))
    assert go.said(process).count("requesting config") <= 3
    assert process.poll() is None


def test_tokens(go: GoEntrypoints, real: RealServer) -> None:
    """A token is good for its own deployment."""
    own = real.environment()
    real.deploy(pb.Ref.Application(project=real.application.project, application="other"))
    foreign = go.start("true", WAYPOINT_DEPLOYMENT_ID=own["WAYPOINT_DEPLOYMENT_ID"])
    none = go.start("true", WAYPOINT_CEB_INVITE_TOKEN="")
    wrong = go.start("true", WAYPOINT_CEB_INVITE_TOKEN="wrong")
    eventually(lambda: "code = PermissionDenied" in go.said(foreign))
    eventually(lambda: "code = Unauthenticated" in go.said(none))
    assert wrong.wait(60) == 1
    assert "The token is not valid" in go.said(wrong)
    assert not real.instances()


def test_switched_off(go: GoEntrypoints, real: RealServer, cli: Cli) -> None:
    process = go.start("echo", "alone", WAYPOINT_CEB_DISABLE="1")
    assert process.wait(60) == 0
    assert "alone" in go.said(process)
    go.start("sleep", "1000", WAYPOINT_CEB_DISABLE_EXEC="1")
    eventually(real.instances)
    assert "have exec disabled" in cli.fails("exec", *place(real), "true")
    refused = refusal(lambda: real.exec("true", instance=ids(real)[0]))
    assert refused is grpc.StatusCode.PERMISSION_DENIED


def test_in_a_container(
    docker_client: docker.DockerClient, busybox_image: str, docker_project: str, real: RealServer, cli: Cli
) -> None:
    """Process 1 of an image with nothing but busybox."""
    real.set_config(GREETING="hello")
    program = go_waypoint().entrypoint
    container = docker_client.containers.run(
        busybox_image,
        ["sh", "-c", "echo $GREETING; exec sleep 1000"],
        entrypoint=["/waypoint-entrypoint"],
        detach=True,
        network_mode="host",
        volumes={str(program): {"bind": "/waypoint-entrypoint", "mode": "ro"}},
        labels={"waypoint.test": docker_project},
        environment=real.environment(),
    )
    try:
        assert real.lines_until("hello") == ["hello"]
        eventually(lambda: b"\nhello\n" in container.logs(), pause=0.1)
        assert cli.ok("exec", *place(real), "sh", "-c", "echo $PPID $GREETING") == "1 hello\n"
        assert real.exec("sh", "-c", "test -t 0 && stty size > /tmp/size", pty=True)[0] == 0
        assert real.exec("cat", "/tmp/size", ended=True) == (0, b"24 80\n", b"")
        real.set_config(GREETING="bye")
        assert real.lines_until("bye") == ["hello", "bye"]
        container.stop(timeout=20)
        eventually(lambda: not real.instances())
    finally:
        container.remove(force=True, v=True)
