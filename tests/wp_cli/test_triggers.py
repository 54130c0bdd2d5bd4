"""`waypoint trigger` with a real server: kept, shown, changed, called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.servers import RealServer, real_server

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


@pytest.fixture
def server(cli: Cli) -> Iterator[RealServer]:
    with real_server(cli.home / "server", cli.environ) as running:
        flags = (f"-server-addr={running.address}", "-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", *flags)
        cli.ok("project", "apply", "shop", "-data-source=git", "-git-url=https://git.example/shop.git")
        yield running


def made(cli: Cli, *flags: str) -> dict[str, object]:
    found = json.loads(cli.ok("trigger", "create", "-project=shop", "-json", *flags))
    assert isinstance(found, dict)
    return found


def test_a_trigger_is_made_shown_changed_and_deleted(cli: Cli, server: RealServer) -> None:
    said = cli.ok("trigger", "create", "-project=shop", "-app=web", "-op=up", "-name=nightly", "-trigger-tag=a,b")
    found = re.search(r"https://127\.0\.0\.1:9702/v1/trigger/(\w+)", said)
    assert found is not None
    trigger_id = found[1]
    listed = cli.ok("trigger", "list", "-full")
    for word in (trigger_id, "nightly", "up", "shop", "web", "default", "yes", "a, b"):
        assert word in listed
    cli.ok("trigger", "update", trigger_id, "-description=every night", "-op=build", "-disable-push")
    shown = json.loads(cli.ok("trigger", "inspect", trigger_id, "-json"))
    assert (shown["name"], shown["description"], shown["tags"]) == ("nightly", "every night", ["a", "b"])
    assert (shown["build"], shown["authenticated"]) == ({"disablePush": True}, True)
    assert "Operation" in cli.ok("trigger", "inspect", trigger_id)
    assert trigger_id in cli.ok("trigger", "list", "-trigger-tag=b")
    assert trigger_id not in cli.ok("trigger", "list", "-trigger-tag=c")
    assert "has no effect" in cli.run("trigger", "update", f"-id={trigger_id}", "-name=other", "-local=false").stderr
    assert "other" in cli.ok("trigger", "list")
    cli.ok("trigger", "delete", f"-id={trigger_id}")
    assert "There is no trigger" in cli.fails("trigger", "inspect", trigger_id)


STORED: tuple[tuple[tuple[str, ...], dict[str, object]], ...] = (
    (("-op=build", "-disable-push"), {"build": {"disablePush": True}}),
    (("-op=push", "-build-id=3"), {"push": {"build": {"sequence": "3"}}}),
    (("-op=deploy",), {"deploy": {"artifact": {}}}),
    (("-op=destroy-workspace",), {"destroy": {"workspace": {}}}),
    (("-op=destroy-deployment", "-deployment-id=2"), {"destroy": {"deployment": {"sequence": "2"}}}),
    (
        ("-op=release", "-prune", "-prune-retain=0"),
        {"release": {"deployment": {}, "prune": True, "pruneRetainOverride": True}},
    ),
    (("-op=up", "-prune"), {"up": {"release": {"prune": True}}}),
    (("-op=init",), {"init": {}}),
    (("-op=status-report-deploy",), {"statusReport": {"deployment": {}}}),
    (("-op=status-report-release",), {"statusReport": {"release": {}}}),
)


def test_every_operation_is_stored_as_the_flags_say(cli: Cli, server: RealServer) -> None:
    for flags, stored in STORED:
        found = made(cli, *flags)
        assert {name: found[name] for name in stored} == stored
    listed = cli.ok("trigger", "list")
    for flags, _ in STORED:
        assert flags[0].removeprefix("-op=") in listed


def test_who_needs_a_token(cli: Cli, server: RealServer) -> None:
    closed = made(cli, "-op=build")
    assert closed["authenticated"] is True
    opened = made(cli, "-op=build", "-no-auth")
    assert "authenticated" not in opened
    changed = json.loads(cli.ok("trigger", "update", str(opened["id"]), "-json", "-name=x"))
    assert "authenticated" not in changed  # what no flag names stays
    changed = json.loads(cli.ok("trigger", "update", str(opened["id"]), "-json", "-no-auth=false"))
    assert changed["authenticated"] is True


def test_what_is_missing_or_unknown_is_said(cli: Cli, server: RealServer) -> None:
    assert "-op is needed: one of build, push" in cli.fails("trigger", "create", "-project=shop")
    assert "-op" in cli.fails("trigger", "create", "-project=shop", "-op=fly")
    assert "bank" in cli.fails("trigger", "create", "-project=bank", "-op=build")
    assert "needs ID" in cli.fails("trigger", "delete")
