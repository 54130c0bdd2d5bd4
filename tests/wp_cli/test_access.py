"""Logging in and out, users, roles, tokens, keys and the audit, through the real program and a real server."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.sign_in import CLIENT_ID, CLIENT_SECRET, OidcProvider
from tests.wp_cli.conftest import Cli
from tests.wp_cli.servers import RealServer, real_server

from wp_cli.browser_login import Callback
from wp_cli.errors import CliError

DEADLINE = 60.0
HELLO = Path(__file__).parents[2] / "examples/hello"


@pytest.fixture
def server(cli: Cli) -> Iterator[RealServer]:
    with real_server(cli.home / "server", cli.environ) as running:
        flags = (f"-server-addr={running.address}", "-server-tls-skip-verify", "-context-create=main")
        cli.ok("server", "bootstrap", *flags)
        yield running


@pytest.fixture
def other(tmp_path: Path, server: RealServer) -> Cli:
    """Somebody else's machine."""
    home = tmp_path / "other"
    home.mkdir()
    return Cli(home)


def address(server: RealServer) -> tuple[str, ...]:
    return ("-server-tls-skip-verify", server.address)


def user(cli: Cli) -> dict[str, str]:
    return json.loads(cli.ok("user", "inspect", "-json"))


def test_somebody_new_is_invited_logs_in_and_out(cli: Cli, server: RealServer, other: Cli) -> None:
    invite = cli.ok("user", "invite", "-username=ada").strip()
    told = other.run("login", "-token=-", *address(server), stdin=invite + "\n")
    assert told.returncode == 0, told.stderr
    assert "logged in as 'ada'" in told.stdout + told.stderr
    assert user(other)["username"] == "ada"
    assert "login_" in other.ok("context", "list")
    assert "used already" in other.fails("login", f"-token={invite}", *address(server))
    token = other.ok("user", "token").strip()
    other.ok("logout")
    assert "no login" in other.run("logout").stderr
    assert other.run("user", "inspect").returncode == 1
    assert "does not take" not in other.run("login", f"-token={token}", *address(server)).stderr
    assert user(other)["username"] == "ada"


def test_a_login_replaces_the_context_of_the_same_server(cli: Cli, server: RealServer) -> None:
    token = cli.ok("user", "token").strip()
    cli.ok("login", f"-token={token}")
    listed = cli.ok("context", "list")
    assert "main" in listed
    assert "login_" not in listed
    cli.ok("login", f"-token={token}", "-context-create=second")
    assert "second" in cli.ok("context", "list")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (("user", "token", "-trigger-url-token"), "this is a trigger token"),
        (("runner", "token"), "this is a runner token"),
    ],
)
def test_only_logins_and_invites_log_in(
    cli: Cli, server: RealServer, other: Cli, make: tuple[str, ...], words: str
) -> None:
    token = cli.ok(*make).strip()
    assert words in other.fails("login", f"-token={token}", *address(server))
    assert "does not take this token" in other.fails("login", "-token=abc", *address(server))
    assert "no auth method" in other.fails("login", *address(server))
    assert not other.ok("context", "list").strip()


def test_names_are_changed(cli: Cli, server: RealServer) -> None:
    cli.ok("user", "invite", "-username=ada")
    cli.ok("user", "modify", "-display-name=The Boss", "-new-username=boss")
    assert (user(cli)["username"], user(cli)["display"]) == ("boss", "The Boss")
    assert "give -new-username or -display-name" in cli.fails("user", "modify")
    assert "2 to 38 letters" in cli.fails("user", "modify", "-new-username=x")


def test_roles_limit_a_user_and_are_listed(cli: Cli, server: RealServer, other: Cli) -> None:
    other.ok("login", "-token=" + cli.ok("user", "invite", "-username=ada").strip(), *address(server))
    told = cli.ok("user", "grant", "ada", "-role=deployer:shop:staging", "-role=viewer")
    assert "deployer of shop in staging, viewer" in told
    listed = cli.ok("user", "list")
    assert re.search(r"ada\s+\S+\s+viewer, deployer of shop in staging", listed)
    assert re.search(r"waypoint\s+\S+\s+administrator of everything", listed)
    refused = other.fails("user", "list")
    assert "takes the role admin" in refused
    assert "you are viewer, deployer of shop in staging" in refused
    cli.ok("user", "grant", "ada", "-everything")
    other.ok("user", "list")
    assert "is not a role" in cli.fails("user", "grant", "ada", "-role=owner")
    assert "give -role" in cli.fails("user", "grant", "ada")
    assert "stays an administrator" in cli.fails("user", "grant", "waypoint", "-role=viewer")


def test_a_deployer_deploys_what_has_an_entrypoint(cli: Cli, server: RealServer, other: Cli) -> None:
    cli.ok("server", "config-set", f"-advertise-addr={server.address}", "-advertise-tls-skip-verify")
    shutil.copytree(HELLO, other.folder, dirs_exist_ok=True)
    other.ok("login", "-token=" + cli.ok("user", "invite", "-username=ada").strip(), *address(server))
    cli.ok("project", "apply", "hello")
    cli.ok("user", "grant", "ada", "-role=deployer:hello")
    other.ok("init")
    other.ok("up")
    try:
        assert other.ok("exec", "echo", "inside") == "inside\n"
    finally:
        other.ok("destroy", "-auto-approve")


def test_tokens_end_one_by_one_by_user_and_with_the_user(cli: Cli, server: RealServer, other: Cli) -> None:
    other.ok("login", "-token=" + cli.ok("user", "invite", "-username=ada").strip(), *address(server))
    second = other.ok("user", "token").strip()
    cli.ok("token", "revoke", "-token=-", stdin=second)
    assert "withdrawn" in other.fails("login", f"-token={second}", *address(server))
    user(other)
    cli.ok("user", "revoke", "ada")
    assert "withdrawn" in other.fails("user", "inspect")
    third = cli.ok("user", "token", "-username=ada").strip()
    other.ok("login", f"-token={third}", *address(server))
    cli.ok("user", "delete", "ada")
    assert "does not exist any more" in other.fails("user", "inspect")
    assert "give -token or -accessor-id" in cli.fails("token", "revoke")


def test_the_older_commands_make_and_exchange_tokens(cli: Cli, server: RealServer, other: Cli) -> None:
    made = cli.run("token", "new")
    assert "deprecated" in made.stderr
    assert len(made.stdout.split()) == 1
    exchanged = cli.ok("token", "exchange", "-token=" + cli.ok("token", "invite").strip()).strip()
    other.ok("login", f"-token={exchanged}", *address(server))
    assert user(other)["username"] == "waypoint"
    assert "needs -token" in cli.fails("token", "exchange")


def test_keys_rotate_and_retire(cli: Cli, server: RealServer) -> None:
    assert "k2 signs from now on" in cli.ok("server", "key", "rotate", "-overlap=1h")
    keys = json.loads(cli.ok("server", "key", "list", "-json"))
    assert [(key["id"], key.get("active", False)) for key in keys] == [("k2", True), ("k1", False)]
    assert "retires" in keys[1]
    assert re.search(r"k1\s+verifies", cli.ok("server", "key", "list"))
    cli.ok("login", "-token=" + cli.ok("user", "token").strip())
    cli.ok("server", "key", "retire", "k1")
    assert "rotate first" in cli.fails("server", "key", "retire", "k2")
    assert len(json.loads(cli.ok("server", "key", "list", "-json"))) == 1


def test_the_audit_is_shown_filtered_and_exported(cli: Cli, server: RealServer) -> None:
    cli.ok("project", "apply", "shop")
    cli.ok("config", "set", "-project=shop", "-scope=project", "SECRET=hunter2")
    shown = cli.ok("server", "audit", "-of-project=shop")
    first, second = [line for line in shown.splitlines() if "user:" in line][:2]
    assert "SetConfig" in first
    assert "SECRET" in first
    assert "UpsertProject" in second
    assert "hunter2" not in shown
    exported = [json.loads(line) for line in cli.ok("server", "audit", "-export").splitlines()]
    assert exported[-1]["rpc"] == "SetConfig"
    assert exported == sorted(exported, key=lambda event: event["id"])
    assert "no such row" in cli.run("server", "audit", "-until=24h").stderr
    assert len(cli.ok("server", "audit", "-since=24h", "-limit=1").splitlines()) < len(shown.splitlines())
    assert "neither a time nor an age" in cli.fails("server", "audit", "-since=yesterday")


class TestWithProvider:
    """Logging in by a browser at a certified provider."""

    @pytest.fixture(autouse=True)
    def _method(self, cli: Cli, server: RealServer, oidc_provider: OidcProvider) -> None:
        cli.ok(
            "auth-method", "set", "oidc", "Corp", f"-issuer={oidc_provider.issuer}", f"-client-id={CLIENT_ID}",
            "-client-secret=-", "-claim-scope=email", "-claim-scope=profile", "-list-claim-mapping=groups=groups",
            "-access-selector=staff in list.groups", "-role=viewer:shop", stdin=CLIENT_SECRET,
        )  # fmt: skip

    def _login(self, who: Cli, server: RealServer, provider: OidcProvider, name: str) -> tuple[int, str]:
        """Run `login`, be the browser, and return exit code and what was said."""
        command = [*who.command, "login", "-no-browser", *address(server)]
        with subprocess.Popen(
            command, cwd=who.folder, env=who.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            said = ""
            while "http" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            url = re.search(r"http\S+", said)
            assert url
            answer = provider.sign_in(url[0], name)
            redirect = re.search(r"redirect_uri=([^&]+)", url[0])
            assert redirect
            page = requests.get(requests.utils.unquote(redirect[1]), params=answer, timeout=DEADLINE)
            assert page.ok
            said += process.stdout.read()
            return process.wait(DEADLINE), said

    def test_a_browser_login_ends_up_in_the_context(
        self, cli: Cli, server: RealServer, other: Cli, oidc_provider: OidcProvider
    ) -> None:
        code, said = self._login(other, server, oidc_provider, "ada")
        assert code == 0, said
        assert "You are logged in as 'user_" in said
        assert user(other)["email"] == "ada@example.com"
        assert "you are viewer of shop" in other.fails("user", "list")
        code, said = self._login(other, server, oidc_provider, "mallory")
        assert code == 1
        assert "does not let you in" in said
        assert user(other)["email"] == "ada@example.com"

    def test_methods_are_listed_shown_without_secret_and_deleted(self, cli: Cli, oidc_provider: OidcProvider) -> None:
        assert re.search(r"token\s+token\s+corp\s+oidc", cli.ok("auth-method", "list"))
        shown = cli.ok("auth-method", "inspect", "corp")
        assert oidc_provider.issuer in shown
        assert "viewer of shop" in shown
        assert CLIENT_SECRET not in shown
        assert CLIENT_SECRET not in cli.ok("auth-method", "inspect", "corp", "-json")
        assert "cannot be deleted" in cli.fails("auth-method", "delete", "token")
        cli.ok("auth-method", "delete", "corp")
        assert json.loads(cli.ok("auth-method", "list", "-json")) == [{"name": "token", "method": "token"}]
        assert "client_id" in cli.fails("auth-method", "set", "oidc", "x", f"-issuer={oidc_provider.issuer}")

    def test_several_methods_need_a_choice(self, cli: Cli, server: RealServer, other: Cli) -> None:
        flags = ("-issuer=https://id.example.com", "-client-id=x", "-client-secret=y")
        cli.ok("auth-method", "set", "oidc", "second", *flags)
        assert "several auth methods: corp, second" in other.fails("login", *address(server))
        assert "no auth method 'third'" in other.fails("login", "-auth-method=third", *address(server))

    def test_ctrl_c_ends_the_waiting(self, cli: Cli, server: RealServer, other: Cli) -> None:
        command = [*other.command, "login", "-no-browser", *address(server)]
        with subprocess.Popen(
            command, cwd=other.folder, env=other.environ, stderr=subprocess.PIPE, text=True
        ) as waiting:
            assert waiting.stderr is not None
            while "http" not in waiting.stderr.readline():
                assert waiting.poll() is None
            waiting.send_signal(signal.SIGINT)
            assert waiting.wait(DEADLINE) == 130


def test_only_the_answer_to_this_login_counts() -> None:
    with Callback(patience=0.1) as callback:
        callback.expect("https://id.example.com/auth?state=mine")
        for query in ("?code=x", "?code=x&state=theirs", ""):
            assert requests.get(callback.uri + query, timeout=DEADLINE).status_code == 404
        assert (
            requests.get(callback.uri.replace("callback", "else") + "?state=mine", timeout=DEADLINE).status_code == 404
        )
        end = time.monotonic() + DEADLINE
        with pytest.raises(CliError, match="in time"):
            callback.wait()
        assert time.monotonic() < end
        assert requests.get(callback.uri + "?error=access_denied&state=mine", timeout=DEADLINE).ok
        with pytest.raises(CliError, match="refused the login: access_denied"):
            callback.wait()
