"""Context files: readable by and for the Go command line, private, and harmless when broken (CLI specification 3.1)."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

from wp_cli.context import Context, ContextStore, Server, parse, render
from wp_cli.errors import CliError

GO_FILE = """server {
  address          = "example.com:9701"
  tls              = true
  tls_skip_verify  = true
  address_internal = ""
  require_auth     = true
  auth_token       = "abc"
  platform         = "docker"
}

workspace = ""
"""


def folder(cli: Cli) -> Path:
    return cli.home / ".config/waypoint/context"


def test_a_file_of_the_go_command_line_is_read_and_written_unchanged() -> None:
    context = parse(GO_FILE, "x.hcl")
    assert context.server == Server("example.com:9701", True, True, "", True, "abc", "docker")
    assert render(context) == GO_FILE


@pytest.mark.parametrize("text", ["", 'quote " and \\ back', "line\nline", "${not} %{template}", "ünï", "\t"])
def test_any_token_survives_writing_and_reading(text: str) -> None:
    context = Context(Server("a:1", auth_token=text), "dev")
    assert parse(render(context), "x.hcl") == context


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('server {\n  adress = "x"\n}\n', "x.hcl:2"),
        ('server {\n  tls = "yes"\n}\n', "x.hcl:2"),
        ("server {\n", "x.hcl:1"),
        ("{{{", "x.hcl:1"),
        ('address = "x"', "x.hcl:1"),
    ],
)
def test_a_broken_file_is_reported_with_its_line(text: str, place: str) -> None:
    with pytest.raises(CliError, match=place):
        parse(text, "x.hcl")


def test_files_and_folder_are_private_and_old_ones_are_tightened(cli: Cli) -> None:
    cli.ok("context", "create", "-server-addr=example.com", "-server-auth-token=secret", "prod")
    path = folder(cli) / "prod.hcl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    cli.ok("context", "inspect", "prod")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_default_is_an_absolute_symlink_and_follows_use_rename_and_delete(cli: Cli) -> None:
    link = folder(cli) / "_default.hcl"
    cli.ok("context", "create", "-server-addr=a:1", "-set-default=false", "one")
    assert os.readlink(link) == str(folder(cli) / "one.hcl")  # the first one becomes the default in any case
    cli.ok("context", "create", "-server-addr=b:2", "-set-default=false", "two")
    assert os.readlink(link).endswith("/one.hcl")
    cli.ok("context", "use", "two")
    assert os.readlink(link).endswith("/two.hcl")
    cli.ok("context", "rename", "two", "three")
    assert os.readlink(link).endswith("/three.hcl")
    assert "*  three" in cli.ok("context", "list")
    cli.ok("context", "delete", "three")
    assert not os.path.lexists(link)
    cli.ok("context", "delete", "three")
    cli.ok("context", "delete", "-all")
    assert cli.ok("context", "list") == ""


def test_a_default_stored_as_a_plain_name_is_understood(cli: Cli) -> None:
    cli.ok("context", "create", "-server-addr=a:1", "one")
    link = folder(cli) / "_default.hcl"
    link.unlink()
    link.write_text("one")
    assert json.loads(cli.ok("context", "inspect", "-json"))["default_context"] == "one"


def test_context_commands_work_with_a_broken_default(cli: Cli) -> None:
    cli.ok("context", "create", "-server-addr=a:1", "bad")
    (folder(cli) / "bad.hcl").write_text("server {")
    assert "(broken:" in cli.ok("context", "list")
    cli.ok("context", "create", "-server-addr=b:1", "-set-default=false", "good")
    cli.ok("context", "use", "good")
    cli.ok("context", "delete", "bad")


def test_a_missing_context_is_named_with_the_nearest_one(cli: Cli) -> None:
    cli.ok("context", "create", "-server-addr=a:1", "production")
    assert "did you mean 'production'" in cli.fails("context", "use", "prodution")
    assert "there is no context 'prodction'" in cli.fails("project", "list", WAYPOINT_CONTEXT="prodction")


@pytest.mark.parametrize("name", ["_x", "a/b", "..", ""])
def test_names_that_are_no_file_names_are_refused(cli: Cli, name: str) -> None:
    cli.fails("context", "create", "-server-addr=a:1", name)
    assert not (cli.home / ".config/waypoint/context").exists()


def test_tokens_are_shown_only_on_request(cli: Cli) -> None:
    cli.ok("context", "create", "-server-addr=a:1", "-server-auth-token=secret", "one")
    assert "secret" not in cli.ok("context", "inspect", "one") + cli.ok("context", "inspect", "-json", "one")
    assert json.loads(cli.ok("context", "inspect", "-json", "-show-secrets", "one"))["auth_token"] == "secret"


def test_a_workspace_is_stored_in_the_default_context(cli: Cli) -> None:
    cli.ok("context", "create", "-server-addr=a:1", "one")
    cli.ok("context", "set", "-workspace", "dev")
    store = ContextStore({"HOME": str(cli.home)})
    assert store.load("one").workspace == "dev"
    cli.ok("context", "set", "-workspace=default")
    assert store.load("one").workspace == ""
    assert "which workspace?" in cli.fails("context", "set")


def test_every_flag_of_create_is_stored_and_clear_unsets_only_the_default(cli: Cli) -> None:
    flags = ("-server-addr=a", "-server-require-auth", "-server-tls-skip-verify", "-server-platform=nomad", "-w=dev")
    cli.ok("context", "create", *flags, "one")
    stored = json.loads(cli.ok("context", "inspect", "-json", "one"))
    assert stored == {
        "address": "a:9701", "tls": True, "tls_skip_verify": True, "address_internal": "", "require_auth": True,
        "auth_token": "", "platform": "nomad", "workspace": "dev",
    }  # fmt: skip
    assert "wants a token and there is none" in cli.fails("project", "list")
    cli.ok("context", "clear")
    assert json.loads(cli.ok("context", "list", "-json")) == [
        {"name": "one", "default": False, "platform": "nomad", "address": "a:9701"}
    ]
    assert "no context is the default" in cli.fails("context", "verify")


def test_reading_creates_nothing(cli: Cli) -> None:
    cli.ok("context", "list")
    cli.ok("context", "inspect")
    assert not (cli.home / ".config").exists()
