"""A deployment is a real process of this machine: it runs, is seen, and is gone after destroy."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wp_plugins.local import deployment, places, process, release
from wp_plugins.local.deployment import PlatformConfig
from wp_plugins.local.release import ReleaseConfig
from wp_proto.own import local_pb2
from wp_proto.plugins import files_pb2
from wp_proto.sdk import plugin_pb2
from wp_sdk.component import Cancelled, DeploymentConfig, EntrypointFile, PluginError, Source
from wp_sdk.ids import new_id
from wp_sdk.testing import Harness

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = open("version.txt").read().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
print("serving", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
HEALTH = plugin_pb2.StatusReport


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "app.py").write_text(SERVER)
    (folder / "version.txt").write_text("one")
    return folder


class World:
    def __init__(self, app: Path, data: Path) -> None:
        self.app = app
        self.data = data
        self.deployed: list[local_pb2.Deployment] = []
        self.released: list[local_pb2.Release] = []

    def harness(self, config: object, **more: object) -> Harness:
        return Harness(config=config, source=Source("web", self.app), data_root=self.data, **more)  # type: ignore[arg-type]

    def deploy(self, config: PlatformConfig | None = None, **more: object) -> local_pb2.Deployment:
        config = config or PlatformConfig(command=[sys.executable, "app.py"])
        harness = self.harness(config, deployment=DeploymentConfig(new_id()), **more)
        outcome = harness.call(deployment.deploy, files_pb2.Files(path=str(self.app)))
        assert isinstance(outcome.value, local_pb2.Deployment)
        self.deployed.append(outcome.value)
        return outcome.value

    def release(self, target: local_pb2.Deployment, config: ReleaseConfig | None = None) -> local_pb2.Release:
        outcome = self.harness(config or ReleaseConfig()).call(release.release, target)
        assert isinstance(outcome.value, local_pb2.Release)
        self.released.append(outcome.value)
        return outcome.value

    def destroy(self, message: local_pb2.Deployment | local_pb2.Release) -> None:
        function = deployment.destroy if isinstance(message, local_pb2.Deployment) else release.destroy
        self.harness(None).call(function, message)

    def report(self, message: local_pb2.Deployment) -> plugin_pb2.StatusReport:
        report = self.harness(None).call(deployment.status, message).value
        assert isinstance(report, HEALTH)
        return report

    def health(self, message: local_pb2.Deployment) -> int:
        return self.report(message).health


@pytest.fixture
def world(app: Path, tmp_path: Path) -> Iterator[World]:
    world = World(app, tmp_path / "harness")
    yield world
    for message in world.deployed:
        world.destroy(message)
    world.harness(None).call(release.destroy_workspace)
    left = [path for path in (places.root() / "deployments").rglob("lock") if process.running(path.parent)]
    assert left == []


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return str(answer.read().decode())


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_a_deployment_serves_and_is_ready(world: World) -> None:
    message = world.deploy()
    assert get(f"http://localhost:{message.port}") == "one"
    assert world.health(message) == HEALTH.READY


def test_a_process_is_as_old_as_its_deployment(world: World) -> None:
    message = world.deploy()
    (first,), (second,) = world.report(message).resources, world.report(message).resources
    assert first.created_time.ToNanoseconds() == (Path(message.directory) / "spec.json").stat().st_mtime_ns
    assert second.created_time == first.created_time


def test_versions_run_side_by_side_and_keep_their_own_files(world: World) -> None:
    first = world.deploy()
    (world.app / "version.txt").write_text("two")
    second = world.deploy()
    assert (get(f"http://localhost:{first.port}"), get(f"http://localhost:{second.port}")) == ("one", "two")


def test_destroy_leaves_nothing_and_can_be_repeated(world: World) -> None:
    message = world.deploy()
    group = process.state(Path(message.directory)).group
    world.destroy(message)
    world.destroy(message)
    assert not Path(message.directory).exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert world.health(message) == HEALTH.MISSING


def test_an_app_that_ends_at_once_fails_the_deployment_and_shows_its_last_words(world: World) -> None:
    config = PlatformConfig(command=[sys.executable, "-c", "print('no database'); raise SystemExit(3)"])
    with pytest.raises(PluginError) as caught:
        world.deploy(config)
    assert "ended with status 3 right after its start" in str(caught.value)
    assert "no database" in str(caught.value)
    assert list((places.root() / "deployments").rglob("state.json")) == []


def test_a_command_that_does_not_exist_is_named(world: World) -> None:
    with pytest.raises(PluginError, match="cannot start no-such-program: No such file or directory"):
        world.deploy(PlatformConfig(command=["no-such-program"]))


def test_an_app_that_does_not_listen_is_told_about_port_and_worker(world: World) -> None:
    config = PlatformConfig(command=["sleep", "60"], start_timeout=1)
    with pytest.raises(PluginError, match=r"does not listen on 127\.0\.0\.1:\d+ \(variable PORT\) after 1 s.*worker"):
        world.deploy(config)


def test_a_worker_only_has_to_stay_alive(world: World) -> None:
    message = world.deploy(PlatformConfig(command=["sleep", "60"], worker=True))
    assert world.health(message) == HEALTH.READY


def test_a_crashed_app_is_started_again(world: World) -> None:
    message = world.deploy()
    directory = Path(message.directory)
    os.killpg(process.state(directory).group, signal.SIGKILL)
    eventually(lambda: process.state(directory).restarts == 1 and world.health(message) == HEALTH.READY)
    assert process.state(directory).exit_code == 128 + signal.SIGKILL


def test_a_launcher_that_is_killed_takes_the_app_with_it(world: World, tmp_path: Path) -> None:
    script = tmp_path / "launcher"
    script.write_text("import subprocess, sys\nsubprocess.run(sys.argv[1:], start_new_session=True)\n")
    message = world.deploy(entrypoint=EntrypointFile(script))
    directory = Path(message.directory)
    os.kill(process.state(directory).group, signal.SIGKILL)
    eventually(lambda: process.state(directory).restarts == 1 and world.health(message) == HEALTH.READY)


def test_without_restart_a_crashed_app_is_down(world: World) -> None:
    message = world.deploy(PlatformConfig(command=[sys.executable, "app.py"], restart=False))
    os.killpg(process.state(Path(message.directory)).group, signal.SIGKILL)
    eventually(lambda: world.health(message) == HEALTH.DOWN)


def test_the_app_ends_with_its_supervisor(world: World) -> None:
    message = world.deploy()
    directory = Path(message.directory)
    seen = process.state(directory)
    os.kill(seen.supervisor_pid, signal.SIGKILL)
    os.waitpid(seen.supervisor_pid, 0)
    eventually(lambda: not Path(f"/proc/{seen.group}").exists() or world.health(message) == HEALTH.DOWN)
    assert world.health(message) == HEALTH.DOWN


def test_the_app_hears_the_signals_that_its_supervisor_does_not(world: World) -> None:
    group = process.state(Path(world.deploy().directory)).group
    found = re.search(r"^SigIgn:\s+(\w+)$", Path(f"/proc/{group}/status").read_text(), re.MULTILINE)
    assert found is not None
    ignored = {number for number in range(1, signal.SIGRTMIN) if int(found[1], 16) >> (number - 1) & 1}
    assert ignored & {signal.SIGINT, signal.SIGHUP} == set()


def test_cancelling_while_waiting_leaves_nothing(world: World) -> None:
    from wp_sdk.component import Context

    ctx = Context()
    threading.Timer(0.5, ctx.cancel).start()
    with pytest.raises(Cancelled):
        world.deploy(PlatformConfig(command=["sleep", "60"]), ctx=ctx)
    assert list((places.root() / "deployments").rglob("state.json")) == []


def test_the_app_sees_port_and_its_own_variables_and_nothing_of_waypoint(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYPOINT_SERVER_TOKEN", "secret")
    script = (
        "import os, time;"
        "print(sorted(k for k in os.environ if k.startswith(('WAYPOINT', 'OWN', 'PORT'))), flush=True);"
        "time.sleep(60)"
    )
    config = PlatformConfig(command=[sys.executable, "-c", script], worker=True, static_environment={"OWN": "1"})
    message = world.deploy(config)
    eventually(lambda: "PORT" in process.last_output(Path(message.directory)))
    shown = process.last_output(Path(message.directory))
    assert shown == "['OWN', 'PORT', 'WAYPOINT_DEPLOYMENT_ID', 'WAYPOINT_SERVER_DISABLE']"


def test_a_release_keeps_its_port_while_versions_change(world: World) -> None:
    first = world.deploy()
    released = world.release(first)
    assert get(released.url) == "one"
    (world.app / "version.txt").write_text("two")
    again = world.release(world.deploy())
    assert again.url == released.url
    assert get(released.url) == "two"


def test_a_release_is_down_with_its_deployment(world: World) -> None:
    deployed = world.deploy()
    released = world.release(deployed)
    reports = []
    for _ in range(2):
        reports.append(world.harness(None).call(release.status, released).value)
        world.harness(None).call(deployment.destroy, deployed)
    assert [report.health for report in reports] == [HEALTH.READY, HEALTH.DOWN]
    assert "takes no connections" in reports[1].health_message


def test_destroying_an_old_release_does_not_close_the_port(world: World) -> None:
    old = world.release(world.deploy())
    new = world.release(world.deploy())
    world.destroy(old)
    assert get(new.url) == "one"
    world.destroy(new)
    with pytest.raises(OSError, match="refused"):
        get(new.url)


def test_a_port_that_is_taken_is_named(world: World) -> None:
    first = world.deploy()
    with pytest.raises(PluginError, match=f"{first.port} is already in use"):
        world.release(world.deploy(), ReleaseConfig(port=first.port))


def test_files_of_other_users_are_not_touched(world: World) -> None:
    foreign = local_pb2.Deployment(id="x", host=places.host(), directory="/etc")
    with pytest.raises(PluginError, match="is not below"):
        world.destroy(foreign)
    with pytest.raises(PluginError, match="lives on the machine elsewhere"):
        world.destroy(local_pb2.Deployment(id="x", host="elsewhere", directory="/etc"))
