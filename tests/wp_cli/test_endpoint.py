"""Which server and which token.

Precedence, and that a token never leaves for another address (CLI specification 2.7).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from wp_cli.context import Context, ContextStore, Server
from wp_cli.endpoint import Wanted, resolve, with_port
from wp_cli.errors import CliError


@pytest.fixture
def store(tmp_path: Path) -> ContextStore:
    store = ContextStore({"XDG_CONFIG_HOME": str(tmp_path)})
    store.save("main", Context(Server("main:9701", tls=True, require_auth=True, auth_token="main-token")))
    store.save("other", Context(Server("other:9701", tls=True, auth_token="other-token")))
    return store


def test_nothing_configured_is_no_endpoint(tmp_path: Path) -> None:
    assert resolve(ContextStore({"XDG_CONFIG_HOME": str(tmp_path)}), Wanted(), {}) is None


def test_the_default_context_applies(store: ContextStore) -> None:
    found = resolve(store, Wanted(), {})
    assert found
    assert (found.address, found.tls, found.token) == ("main:9701", True, "main-token")


def test_a_named_context_replaces_the_default_and_a_dash_means_none(store: ContextStore) -> None:
    found = resolve(store, Wanted(context="other"), {})
    assert found
    assert (found.address, found.token) == ("other:9701", "other-token")
    assert resolve(store, Wanted(context="-"), {}) is None


def test_the_environment_replaces_address_and_tls(store: ContextStore) -> None:
    found = resolve(store, Wanted(), {"WAYPOINT_SERVER_ADDR": "env"})
    assert found
    assert (found.address, found.tls, found.token) == ("env:9701", False, "")
    tls = {"WAYPOINT_SERVER_TLS": "True", "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1", "WAYPOINT_SERVER_TOKEN": "t"}
    found = resolve(store, Wanted(), {"WAYPOINT_SERVER_ADDR": "env:1"} | tls)
    assert found
    assert (found.tls, found.trust.anything, found.token) == (True, True, "t")


def test_an_unclear_tls_variable_is_an_error(store: ContextStore) -> None:
    with pytest.raises(CliError, match="WAYPOINT_SERVER_TLS is 'yes'"):
        resolve(store, Wanted(), {"WAYPOINT_SERVER_ADDR": "env", "WAYPOINT_SERVER_TLS": "yes"})


def test_the_token_variable_overrides_the_contexts_token(store: ContextStore) -> None:
    found = resolve(store, Wanted(), {"WAYPOINT_SERVER_TOKEN": "env-token"})
    assert found
    assert (found.token, found.token_source) == ("env-token", "WAYPOINT_SERVER_TOKEN")
    found = resolve(store, Wanted(context="other"), {"WAYPOINT_SERVER_TOKEN": "-"})
    assert found
    assert found.token == ""


def test_a_contexts_token_is_not_sent_to_an_address_from_a_flag(store: ContextStore) -> None:
    found = resolve(store, Wanted(address="elsewhere:1"), {})
    assert found
    assert found.token == ""


def test_a_token_for_the_variables_address_is_not_sent_to_a_flags_address(store: ContextStore) -> None:
    environ = {"WAYPOINT_SERVER_ADDR": "env:1", "WAYPOINT_SERVER_TOKEN": "env-token"}
    found = resolve(store, Wanted(address="elsewhere:1"), environ)
    assert found
    assert found.token == ""
    found = resolve(store, Wanted(address="env:1"), environ)
    assert found
    assert found.token == "env-token"


def test_a_context_that_wants_a_token_and_has_none_is_an_error(tmp_path: Path) -> None:
    store = ContextStore({"XDG_CONFIG_HOME": str(tmp_path)})
    store.save("x", Context(Server("x:1", require_auth=True)))
    with pytest.raises(CliError, match="wants a token") as caught:
        resolve(store, Wanted(), {})
    assert "WAYPOINT_SERVER_TOKEN" in caught.value.do


@pytest.mark.parametrize(
    ("text", "address"),
    [("h", "h:9701"), ("h:1", "h:1"), ("::1", "[::1]:9701"), ("[::1]", "[::1]:9701"), ("[::1]:5", "[::1]:5")],
)
def test_the_default_port(text: str, address: str) -> None:
    assert with_port(text) == address


@pytest.mark.parametrize("text", ["https://h", "h/x", "h:x", "h:0", "h:70000"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(CliError, match="not a server address"):
        with_port(text)
