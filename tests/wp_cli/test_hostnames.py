"""`waypoint hostname` with servers that have the URL service's records, and without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, write_project
from tests.wp_cli.servers import real_server
from tests.wp_cli.url_server import DOMAIN, FILE

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


@pytest.fixture
def named(cli: Cli) -> Iterator[Cli]:
    """A command line whose server gives hostnames, in the folder of a project with two apps."""
    with real_server(cli.home / "server", cli.environ, program=(FILE,)) as server:
        flags = (f"-server-addr={server.address}", "-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", *flags)
        write_project(cli.folder, app("web", stages="null"), app("worker", stages="null"))
        cli.ok("init")
        yield cli


def test_a_name_is_registered_listed_and_deleted(named: Cli) -> None:
    assert named.ok("hostname", "register", "-app=web", "shop-web") == f"shop-web.{DOMAIN}\n"
    made = named.ok("hostname", "register").splitlines()  # one of random words for each app
    assert len(made) == 2
    listed = named.ok("hostname", "list")
    for name in ("shop-web", *made):
        assert name in listed
    named.ok("hostname", "register", "-app=web", "-workspace=dev", "shop-dev")
    only = json.loads(named.ok("hostname", "list", "-app=web", "-workspace=dev", "-json"))
    assert [one["fqdn"] for one in only] == [f"shop-dev.{DOMAIN}"]
    assert json.loads(named.ok("hostname", "register", "-app=worker", "-json", "jobs"))["fqdn"] == f"jobs.{DOMAIN}"
    for name in ("shop-web", f"shop-dev.{DOMAIN}", "never-was"):
        named.ok("hostname", "delete", name)
    assert "shop-web" not in named.ok("hostname", "list")


def test_names_that_cannot_be_had(named: Cli) -> None:
    assert "is for one app" in named.fails("hostname", "register", "shop-web")
    assert "is reserved" in named.fails("hostname", "register", "-app=web", "admin")
    named.ok("hostname", "register", "-app=web", "taken")
    assert "taken" in named.fails("hostname", "register", "-app=worker", "taken")


def test_a_server_without_the_service_says_so(cli: Cli) -> None:
    write_project(cli.folder, app("web", stages="null"))
    cli.ok("init")
    for command in (["register"], ["register", "shop"], ["delete", "shop"]):
        said = cli.fails("hostname", *command)
        assert said == "! this server has no URL service, so apps have no hostnames here\n"
    listed = cli.run("hostname", "list")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "There are no hostnames." in listed.stderr
    assert json.loads(cli.ok("hostname", "list", "-json")) == []
