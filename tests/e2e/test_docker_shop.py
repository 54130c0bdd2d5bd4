"""A project of two applications on a real Docker engine with a real registry, from source to removal."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator

import docker
import pytest
from tests.e2e.world import Waypoint, eventually, fetch
from tests.engines import PROJECT_LABEL, Registry, remove_project


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
    assert docker_client.containers.list(all=True, filters={"label": f"{PROJECT_LABEL}={docker_project}"}) == []
    remove_project(docker_client, docker_project)
    for image in docker_client.images.list():
        if any(registry.host in tag for tag in image.tags):
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


def test_no_request_is_lost_while_releases_change(shop: Waypoint) -> None:
    (web,) = release_urls(shop.run("up", "-app=web").stdout)
    seen: list[str] = []
    failures: list[Exception] = []
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            try:
                seen.append(fetch(web))
            except Exception as error:
                failures.append(error)
            time.sleep(0.01)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        (shop.project / "web" / "version.txt").write_text("2")
        shop.run("up", "-app=web")
        shop.run("release", "-app=web", "-deployment=1")
    finally:
        stop.set()
        visitor.join()
    assert failures == []
    assert {text[-3] for text in seen} == {"1", "2"}


def test_a_failing_application_does_not_hide_the_others(shop: Waypoint) -> None:
    (shop.project / "api" / "app.py").write_text("raise SystemExit('no stock')")
    done = shop.run("up", status=1)
    assert "no stock" in done.stdout + done.stderr
    assert len(release_urls(done.stdout)) == 1
    rows = json.loads(shop.run("deployment", "list", "-app=api", "-physical-state=any", "-json").stdout)
    assert [row["status"]["state"] for row in rows] == ["error"]
