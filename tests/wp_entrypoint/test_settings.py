"""What is read from the environment, and what is made of values that cannot be read."""

from __future__ import annotations

import pytest

from wp_entrypoint.environment import for_application, parse, without_coercion
from wp_entrypoint.settings import Settings, parse_duration


def settings(**variables: str) -> Settings:
    return Settings({name.encode(): value.encode() for name, value in variables.items()})


@pytest.mark.parametrize("text", ["1", "t", "TRUE", "Yes", "on", " y "])
def test_what_is_true(text: str) -> None:
    assert settings(WAYPOINT_SERVER_TLS=text).tls


@pytest.mark.parametrize("text", ["", "0", "f", "False", "no", "OFF"])
def test_what_is_false(text: str) -> None:
    found = settings(WAYPOINT_SERVER_TLS=text)
    assert not found.tls
    assert not found.warnings


def test_what_is_neither_is_the_default_and_a_warning() -> None:
    found = settings(WAYPOINT_SERVER_TLS="perhaps", WAYPOINT_CEB_LOG_BUFFER="huge", WAYPOINT_CEB_RELOAD="later")
    assert (found.tls, found.log_buffer, found.reload) == (False, 4 << 20, "restart")
    assert len(found.warnings) == 3
    assert all("must be" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("1m30s", 90),
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("7", 7),
        ("", None),
        ("5 s", None),
        ("s", None),
        ("-1s", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("4MiB", 4 << 20), ("512k", 512 << 10), ("1000", 1000), ("2MB", 2_000_000), ("64 KiB", 65536)]
)
def test_sizes(text: str, size: int) -> None:
    found = settings(WAYPOINT_CEB_LOG_BUFFER=text)
    assert found.log_buffer == size
    assert not found.warnings


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("host:1", ["host:1"]),
        ("host", ["host:9701"]),
        ("[::1]:2", ["[::1]:2"]),
        ("[::1]", ["[::1]:9701"]),
        ("fe80::1", ["[fe80::1]:9701"]),
        (" a:1 , b:2,", ["a:1", "b:2"]),
        ("a:none", []),
        (":1", []),
        ("a:99999", []),
    ],
)
def test_addresses(text: str, addresses: list[str]) -> None:
    found = settings(WAYPOINT_SERVER_ADDR=text)
    assert [str(address) for address in found.addresses] == addresses
    assert found.disable == (not addresses)
    assert bool(found.warnings) == (not addresses)


def test_servers_by_srv_record() -> None:
    found = settings(WAYPOINT_SERVER_ADDR="srv:_waypoint._tcp.example.com, other:1")
    assert [(str(address), address.service) for address in found.addresses] == [
        ("srv:_waypoint._tcp.example.com", True),
        ("other:1", False),
    ]
    assert found.warnings == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"WAYPOINT_SERVER_ADDR": "203.0.113.5:9701"}, "not encrypted"),
        (
            {
                "WAYPOINT_SERVER_ADDR": "s.example.com",
                "WAYPOINT_SERVER_TLS": "1",
                "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
            },
            "not verified",
        ),
        ({"WAYPOINT_SERVER_ADDR": "s.example.com", "WAYPOINT_SERVER_TLS": "1"}, ""),
        ({"WAYPOINT_SERVER_ADDR": "172.17.0.1"}, ""),
        ({"WAYPOINT_SERVER_ADDR": "172.40.0.1"}, "not encrypted"),
        ({"WAYPOINT_SERVER_ADDR": "[fd00::1]:1"}, ""),
    ],
)
def test_an_open_connection_is_told(variables: dict[str, str], words: str) -> None:
    found = settings(**variables).exposures()
    assert (words in found[0]) if words else found == []


@pytest.mark.parametrize("part", ["config", "logs", "exec", "url"])
def test_every_part_has_a_switch(part: str) -> None:
    found = settings(**{f"WAYPOINT_CEB_DISABLE_{part.upper()}": "1", "WAYPOINT_SERVER_ADDR": "host:1"})
    assert getattr(found, f"disable_{part}")
    assert not found.disable
    assert not found.warnings


def test_the_obsolete_names_are_ignored() -> None:
    assert settings(WAYPOINT_URL_LABELS="x", WAYPOINT_TOKEN="y", WAYPOINT_CONTROL_ADDR="z").disable


def test_disabled_by_the_sdks_name_too() -> None:
    assert settings(WAYPOINT_SERVER_ADDR="host:1", WAYPOINT_SERVER_DISABLE="1").disable


def test_a_kernel_record_with_odd_entries() -> None:
    assert parse(b"A=1\0B=x=y\0\0novalue\0=odd\0A=2\0E=\0") == {b"A": b"1", b"B": b"x=y", b"E": b""}


def test_only_coerced_locales_are_taken_out() -> None:
    assert without_coercion({b"LC_CTYPE": b"C.UTF-8", b"A": b"1"}) == {b"A": b"1"}
    for kept in ({b"LC_CTYPE": b"de_DE.UTF-8"}, {b"LC_CTYPE": b"C.UTF-8", b"LANG": b"de_DE.UTF-8"}):
        assert without_coercion(kept) == kept


def test_what_the_application_gets() -> None:
    given = {b"WAYPOINT_CEB_INVITE_TOKEN": b"secret", b"PORT": b"80", b"A": b"1"}
    assert for_application(given, {b"A": b"2", b"B": b"3"}) == {b"PORT": b"80", b"A": b"2", b"B": b"3"}
    assert for_application({}, {}) == {b"PORT": b"5000"}
