"""Flags of `server run`, in all the ways they can be written (server.md §1.1)."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import wp_cli.version
from wp_server.settings import SettingsError, parse, split_address
from wp_server.version import version


def test_defaults_are_those_of_the_reference():
    settings = parse([], {})
    assert (settings.listen_grpc, settings.listen_http) == ("127.0.0.1:9701", "127.0.0.1:9702")
    assert settings.listen_http_insecure == ""
    assert settings.db == Path("data.db").absolute()
    assert settings.db_is_default
    assert (settings.url_enabled, settings.advertise_tls, settings.disable_ui) == (True, True, False)


@pytest.mark.parametrize("form", [["-listen-grpc=h:1"], ["--listen-grpc=h:1"], ["-listen-grpc", "h:1"]])
def test_flags_parse_in_go_style_and_in_the_usual_style(form):
    assert parse(form, {}).listen_grpc == "h:1"


def test_the_command_line_of_installed_servers_parses():
    line = "-accept-tos -vv -db=/data/data.db -listen-grpc=0.0.0.0:9701 -listen-http=0.0.0.0:9702"
    settings = parse(line.split(), {})
    assert settings.accept_tos
    assert settings.log_level == "debug"
    assert settings.db == Path("/data/data.db")
    assert settings.listen_grpc == "0.0.0.0:9701"


def test_a_variable_sets_what_no_flag_sets():
    environment = {"WAYPOINT_SERVER_RUN_LISTEN_GRPC": "a:1", "WAYPOINT_SERVER_RUN_DISABLE_UI": "true"}
    assert parse([], environment).listen_grpc == "a:1"
    assert parse([], environment).disable_ui
    assert parse(["-listen-grpc=b:2", "-disable-ui=false"], environment).listen_grpc == "b:2"
    assert not parse(["-disable-ui=false"], environment).disable_ui


def test_a_file_sets_what_neither_flag_nor_variable_sets(tmp_path):
    file = tmp_path / "server.toml"
    file.write_text(
        'db = "postgresql://waypoint:secret@db/waypoint"\nlisten_grpc = "a:1"\nlisten-http = "a:2"\n'
        'advertise_addr = "a:3"\ndisable_ui = true\nkeep_audit_for = 0\ndata_dir = "/data"\nlog_format = "json"\n'
    )
    chosen = parse([f"-config={file}", "-listen-grpc=b:1"], {"WAYPOINT_SERVER_RUN_LISTEN_HTTP": "c:2"})
    assert (chosen.listen_grpc, chosen.listen_http, chosen.advertise_addr) == ("b:1", "c:2", "a:3")
    assert (chosen.disable_ui, chosen.keep_audit_for, chosen.directory) == (True, "0", Path("/data"))
    assert (chosen.db_url, chosen.log_format) == ("postgresql://waypoint:secret@db/waypoint", "json")
    assert parse([], {"WAYPOINT_SERVER_RUN_CONFIG": str(file)}).listen_grpc == "a:1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="missing"),
        pytest.param(b"listen_grpc = \n", "is not TOML: Invalid value (at line 1, column 15)", id="syntax"),
        pytest.param(b"\xff\xfe", "is not TOML", id="encoding"),
        pytest.param(b'listen_grcp = "a:1"', "no setting listen_grcp. Did you mean listen_grpc?", id="misspelt"),
        pytest.param(b"[listen]\ngrpc = 1", "no setting listen", id="table"),
        pytest.param(b'config = "b"', "no setting config", id="file in file"),
        pytest.param(b"db = 1.5", "db must be a text, a number, true or false", id="type"),
        pytest.param(b'listen_grpc = "a:1"\nlisten-grpc = "b:1"', "listen_grpc is there twice", id="twice"),
        pytest.param(b'listen_grpc = "here"', "write host:port", id="value"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_sentence(tmp_path, text, told):
    file = tmp_path / "server.toml"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(SettingsError) as caught:
        parse([f"-config={file}"], {})
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_kept_and_how_long():
    assert (parse([], {}).keep_records_for, parse([], {}).keep_audit_for) == ("2160h", "8760h")
    chosen = parse(["-keep-records-for=24h"], {"WAYPOINT_SERVER_RUN_KEEP_AUDIT_FOR": "0"})
    assert (chosen.keep_records_for, chosen.keep_audit_for) == ("24h", "0")
    for text, said in (("soon", "is not a duration"), ("-1h", "cannot be negative")):
        with pytest.raises(SettingsError, match=f"-keep-records-for={text}: .*{said}"):
            parse([f"-keep-records-for={text}"], {})


def test_local_mode_takes_free_ports_and_the_users_data_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = parse(["-local"], {})
    assert (settings.listen_grpc, settings.listen_http) == ("127.0.0.1:0", "127.0.0.1:0")
    assert settings.db == tmp_path / "waypoint" / "server" / "data.db"
    assert not settings.db_is_default


def test_a_database_elsewhere_is_given_by_its_url_and_shown_without_its_password():
    settings = parse(["-db=postgresql://way:se:cret@db.example/way?sslmode=require", "-data-dir=/var/way"], {})
    assert settings.store_url == "postgresql://way:se:cret@db.example/way?sslmode=require"
    assert settings.shown_db == "postgresql://way@db.example/way?sslmode=require"
    assert settings.data_dir == Path("/var/way")
    assert not settings.db_is_default
    assert parse(["-db=postgres://db.example/way"], {}).shown_db == "postgres://db.example/way"
    with pytest.raises(SettingsError, match="-local keeps its state in a file"):
        parse(["-local", "-db=postgresql:///way"], {})


def test_flags_that_are_accepted_without_effect_are_told():
    asked = parse(["-url-enabled", "-telemetry-dd-trace-addr=h:1"], {})
    assert asked.without_effect == ("url-enabled", "telemetry-dd-trace-addr")
    assert parse(["-accept-tos", "-url-enabled=false", "-disable-ui"], {}).without_effect == ()


@pytest.mark.parametrize(
    ("installed", "shown"),
    [("1.2.3", "v1.2.3"), ("1.0.0.dev0", "v1.0.0-dev0"), ("1.0.0rc2", "v1.0.0-rc2"), ("0.12.0b1", "v0.12.0-b1")],
)
def test_versions_are_written_as_go_clients_read_them(monkeypatch, installed, shown):
    monkeypatch.setattr(metadata, "version", lambda _: installed)
    assert version() == shown


def test_command_line_and_server_of_one_release_name_the_same_version(monkeypatch):
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    monkeypatch.setattr(metadata, "version", lambda _: project["version"])
    assert version() == wp_cli.version.VERSION


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-lisen-grpc=h:1"], "-lisen-grpc"),
        (["-listen-grpc=9701"], "host:port"),
        (["-listen-http=h:99999"], "host:port"),
        (["-disable-ui=perhaps"], "true or false"),
        (["-tls-cert-file=c.pem"], "go together"),
        (["stray"], "stray"),
    ],
)
def test_a_mistake_is_named_in_one_sentence(arguments, words):
    with pytest.raises(SettingsError, match=words):
        parse(arguments, {})


@pytest.mark.parametrize(
    ("address", "parts"), [("h:1", ("h", 1)), (":2", ("", 2)), ("[::1]:3", ("::1", 3)), ("1.2.3.4:0", ("1.2.3.4", 0))]
)
def test_addresses_split(address, parts):
    assert split_address(address) == parts
