"""A project of two applications on a real Docker engine with a real registry, from source to removal."""

from __future__ import annotations

import http.client
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator

import docker
import pytest
from tests.e2e.world import Waypoint, eventually, fetch
from tests.engines import PROJECT_LABEL, Registry, remove_project
from tests.wp_cli.terminal import Terminal


@pytest.fixture
def shop(
    new_waypoint: Callable[[str], Waypoint],
    docker_client: docker.DockerClient,
    docker_project: str,
    python_image: str,
    registry: Registry,
) -> Iterator[Waypoint]:
    waypoint = new_waypoint("docker-shop")
    file = waypoint.project / "waypoint.hcl"
    file.write_text(file.read_text().replace('project = "shop"', f'project = "{docker_project}"'))
    waypoint.extra["WP_VAR_registry"] = registry.host
    waypoint.run("init")
    yield waypoint
    waypoint.run("destroy", "-auto-approve")
    assert (
        docker_client.containers.list(
            all=True, ignore_removed=True, filters={"label": f"{PROJECT_LABEL}={docker_project}"}
        )
        == []
    )
    remove_project(docker_client, docker_project)
    for image in docker_client.images.list(filters={"reference": f"{registry.host}/*"}):
        docker_client.images.remove(image.id, force=True)


def release_urls(text: str) -> list[str]:
    return re.findall(r"Release URL: (\S+)", text)


def test_two_applications_from_source_to_removal(shop: Waypoint, registry: Registry) -> None:
    done = shop.run("up", "-var", "tag=one")
    shown, progress = done.stdout, done.stdout + done.stderr
    web, api = sorted(release_urls(shown), key=lambda url: "stock" in fetch(url))
    assert fetch(web) == "The corner shop (version 1)\n"
    assert json.loads(fetch(api)) == {"stock": 3, "version": "1"}
    assert "Injecting Waypoint Entrypoint" in progress
    assert f"{registry.host}/shop-web:one" in progress

    # Logs, exec and configuration of one application.
    eventually(lambda: "shop front 1 listens" in shop.run("logs", "-app=web", "-follow=false").stdout)
    assert shop.run("exec", "-app=api", "cat", "version.txt").stdout.strip() == "1"
    shop.run("config", "set", "-app=web", "SHOP_NAME=The big shop")
    eventually(lambda: fetch(web) == "The big shop (version 1)\n")

    # A new version of one application only; the other one is untouched.
    (shop.project / "web" / "version.txt").write_text("2")
    assert release_urls(shop.run("up", "-app=web", "-var", "tag=two").stdout) == [web]
    assert fetch(web).endswith("(version 2)\n")
    assert [row["sequence"] for row in json.loads(shop.run("deployment", "list", "-app=api", "-json").stdout)] == [1]

    # Back to the first version.
    assert web in shop.run("release", "-app=web", "-deployment=1").stdout
    assert fetch(web).endswith("(version 1)\n")
    status = shop.run("status").stdout
    assert status.count("READY") >= 2


def test_what_a_terminal_shows(shop: Waypoint, registry: Registry, docker_project: str) -> None:
    dockerfile = shop.project / "web" / "Dockerfile"
    # Named, so that nobody else's build of the same is taken for it.
    slow = f"RUN : {docker_project}; for n in 1 2 3 4 5 6 7 8; do echo slow line $n of $((4 + 4)); sleep 0.3; done\n"
    dockerfile.write_text(dockerfile.read_text() + slow)
    command = [sys.executable, "-m", "wp_cli", "up", "-app=web", "-var=tag=one"]
    with Terminal(command, shop.environment | {"LANG": "C.UTF-8"}, str(shop.project), columns=160) as terminal:
        assert terminal.finish(100) == 0, terminal.history
        history, raw = terminal.history, terminal.raw.decode()
    host = re.escape(registry.host)
    wanted = (
        r"» Building\.\.\.",
        r"✓ Initializing Docker client\.\.\.",
        r"✓ Building image\.\.\.",
        r"✓ Injecting Waypoint Entrypoint\.\.\.",
        rf"✓ Tagging Docker image: waypoint\.local/web:[0-9a-f]+ => {host}/shop-web:one",
        rf"✓ Docker image pushed: {host}/shop-web:one",
        r"» Deploying\.\.\.",
        r"✓ Deployment successfully rolled out!",
        r"» Releasing\.\.\.",
        r"The deploy was successful!.*",
        r"\s*Release URL: http://127\.0\.0\.1:\d+",
        r"\s*Deployment URL: http://127\.0\.0\.1:\d+",
    )
    lines = iter(history.splitlines())
    for pattern in wanted:  # each after the one before
        assert any(re.fullmatch(pattern, line) for line in lines), f"{pattern}\n{history}"
    assert re.search(r"slow line \d of 8", raw), "the engine's output scrolls inside the step"
    assert "slow line" not in history, "and is gone when the step is done"


PAUSE = 0.02
"""Seconds between two requests of a visitor: the commands beside them need the processors too."""


class Visitors:
    """Clients that ask again and again, every other one on a connection that it keeps."""

    def __init__(self, url: str, count: int = 4) -> None:
        self.seen: list[str] = []
        self.failures: list[str] = []
        self._host = url.removeprefix("http://")
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(number % 2 == 0,)) for number in range(count)]

    def __enter__(self) -> Visitors:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def _visit(self, keep: bool) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=60)
        while not self._stop.is_set():
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                self.seen.append(f"{answer.status} {answer.read().decode()}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            if not keep:
                connection.close()
            self._stop.wait(PAUSE)
        connection.close()


def test_no_request_is_lost_while_releases_change_and_old_ones_are_pruned(shop: Waypoint) -> None:
    def running() -> list[int]:
        rows = json.loads(shop.run("deployment", "list", "-app=web", "-json").stdout)
        return [row["sequence"] for row in rows]

    def up(version: str, *words: str) -> None:
        (shop.project / "web" / "version.txt").write_text(version)
        shop.run("up", "-app=web", *words)

    (web,) = release_urls(shop.run("up", "-app=web").stdout)
    with Visitors(web) as visitors:
        up("2")
        up("3", "-prune=false")
        shop.run("release", "-app=web", "-deployment=1", "-prune-retain=0")
        assert running() == [3, 1], "the newest stays, and what is released, however old it is"
        shop.run("release", "-app=web", "-deployment=2", status=1)
    assert visitors.failures == []
    assert {text[:3] for text in visitors.seen} == {"200"}
    assert {text[-3] for text in visitors.seen} == {"1", "2", "3"}
    assert fetch(web).endswith("(version 1)\n")


def test_a_failing_application_does_not_hide_the_others(shop: Waypoint) -> None:
    (shop.project / "api" / "app.py").write_text("raise SystemExit('no stock')")
    done = shop.run("up", status=1)
    assert "no stock" in done.stdout + done.stderr
    assert len(release_urls(done.stdout)) == 1
    rows = json.loads(shop.run("deployment", "list", "-app=api", "-physical-state=any", "-json").stdout)
    assert [row["status"]["state"] for row in rows] == ["error"]
