"""`config source-…` and `config sync` with a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, write_project

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

SECRETS = ("-config=token=s.3cret", "-config=addr=https://vault.example", "-config=token_file=/run/token")


@pytest.fixture
def project(cli: Cli) -> Iterator[Cli]:
    write_project(cli.folder, app("web", stages="null"), app("worker", stages="null"))
    cli.ok("init")
    yield cli
    cli.ok("destroy", "-auto-approve")


def settings(cli: Cli, *flags: str) -> list[dict[str, str]]:
    found = json.loads(cli.ok("config", "source-get", "-json", "-show-secrets", *flags))
    return [source["config"] for source in found]


def test_set_replaces_and_the_narrowest_scope_wins(project: Cli) -> None:
    cli = project
    cli.ok("config", "source-set", "-type=vault", *SECRETS)
    cli.ok("config", "source-set", "-type=vault", "-config=addr=a")
    assert settings(cli) == [{"addr": "a"}]
    cli.ok("config", "source-set", "-type=vault", "-scope=project", "-config=addr=b")
    cli.ok("config", "source-set", "-type=vault", "-app=web", "-config=addr=c")
    cli.ok("config", "source-set", "-type=consul", "-config=address=d")
    assert settings(cli, "-scope=global", "-type=vault") == [{"addr": "a"}]
    assert settings(cli, "-type=vault") == [{"addr": "b"}]
    assert settings(cli, "-app=web", "-type=vault") == [{"addr": "c"}]
    assert settings(cli, "-app=worker", "-type=vault") == [{"addr": "b"}]
    assert settings(cli) == [{"address": "d"}, {"addr": "b"}]  # one for each type
    listed = [line.split() for line in cli.ok("config", "source-get", "-scope=all").splitlines()]
    assert sorted(listed[1:]) == [
        ["consul", "global"], ["vault", "app", "shop", "web"], ["vault", "global"], ["vault", "project", "shop"],
    ]  # fmt: skip
    cli.ok("config", "source-delete", "-type=vault", "-app=web")
    cli.ok("config", "source-set", "-type=vault", "-scope=project", "-delete")
    assert settings(cli, "-app=web", "-type=vault") == [{"addr": "a"}]
    cli.ok("config", "source-delete", "-type=vault", "-app=web")  # again: no error


def test_a_workspace_of_its_own_only_by_flag(project: Cli) -> None:
    cli = project
    cli.ok("config", "source-set", "-type=vault", "-config=addr=any")
    cli.ok("config", "source-set", "-type=vault", "-config=addr=dev", "-workspace=dev")
    assert settings(cli, "-scope=global", "-workspace=dev") == [{"addr": "dev"}]
    assert settings(cli, "-scope=global", "-workspace=prod") == [{"addr": "any"}]
    cli.ok("config", "source-set", "-type=consul", "-config=token=x", WAYPOINT_WORKSPACE="dev")
    assert settings(cli, "-scope=global", "-type=consul", "-workspace=prod") == [{"token": "x"}]


def test_secrets_are_shown_only_when_asked_for(project: Cli) -> None:
    cli = project
    cli.ok("config", "source-set", "-type=vault", *SECRETS)
    for flags in ((), ("-json",)):
        shown = cli.ok("config", "source-get", *flags)
        assert "s.3cret" not in shown
        assert "<redacted>" in shown
        assert "https://vault.example" in shown
        assert "/run/token" in shown
        assert "s.3cret" in cli.ok("config", "source-get", "-show-secrets", *flags)


def test_what_does_not_fit_is_refused(project: Cli) -> None:
    cli = project
    assert "Give its -type" in cli.fails("config", "source-set", "-config=a=b")
    assert "give the settings" in cli.fails("config", "source-set", "-type=vault")
    assert "contradict" in cli.fails("config", "source-set", "-type=vault", "-config=a=b", "-delete")
    assert "contradict" in cli.fails("config", "source-set", "-type=vault", "-config=a=b", "-app=web", "-scope=global")
    assert "expected key=value" in cli.fails("config", "source-set", "-type=vault", "-config=a")
    assert "no source 'vault' has settings there" in cli.fails("config", "source-get", "-type=vault")
    assert "several apps" in cli.fails("config", "source-set", "-type=vault", "-config=a=b", "-scope=app")


def test_sync_sends_the_stanzas_without_deploying(cli: Cli) -> None:
    stanza = 'config {\n  env = {\n    "GREETING" = "hello"\n  }\n}\n'
    write_project(cli.folder, stanza, app("web", stages="null"))
    assert "The configuration of 'web' is on the server." in cli.ok("config", "sync")
    assert cli.ok("config", "get", "-app=web", "-value", "GREETING") == "hello\n"
    assert json.loads(cli.ok("deployment", "list", "-json")) == []
    (cli.folder / "waypoint.hcl").write_text((cli.folder / "waypoint.hcl").read_text().replace("GREETING", "OTHER"))
    result = json.loads(cli.ok("config", "sync", "-json", "-keep-config").splitlines()[-1])
    assert result["success"] is True
    assert set(json.loads(cli.ok("config", "get", "-app=web", "-json"))) == {"GREETING", "OTHER"}
    cli.ok("config", "sync")
    assert set(json.loads(cli.ok("config", "get", "-app=web", "-json"))) == {"OTHER"}
    cli.fails("config", "sync", "-app=nope")
