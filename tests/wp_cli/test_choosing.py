"""Which workspace, project and apps a command works on (CLI specification 3.6), and what a defect looks like."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.servers import false_server, real_server

from wp_cli import main, target
from wp_cli.context import ContextStore

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


def test_the_workspace_is_the_flags_then_the_environments_then_the_contexts_then_default(cli: Cli) -> None:
    with real_server(cli.home / "server", cli.environ) as server:
        flags = (f"-server-addr={server.address}", "-server-tls-skip-verify", "-context-create=main")
        token = cli.ok("server", "bootstrap", *flags).strip()
        for name in ("default", "from-context", "from-other", "from-env", "from-flag"):
            cli.ok("workspace", "create", name)
        same = (f"-server-addr={server.address}", "-server-tls-skip-verify", f"-server-auth-token={token}")
        cli.ok("context", "create", *same, "-set-default=false", "-workspace=from-other", "other")

        def workspace(*words: str, **environ: str) -> str:
            return json.loads(cli.ok("workspace", "inspect", "-json", *words, **environ))["name"]

        assert workspace() == "default"
        cli.ok("context", "set", "-workspace=from-context")
        assert workspace() == "from-context"
        assert workspace("-context=other") == "from-other"
        assert workspace(WAYPOINT_CONTEXT="other") == "from-other"
        assert workspace(WAYPOINT_WORKSPACE="from-env") == "from-env"
        assert workspace("-w=from-flag", WAYPOINT_WORKSPACE="from-env") == "from-flag"
        elsewhere = {"WAYPOINT_SERVER_TOKEN": token}
        assert workspace(*flags[:2], **elsewhere) == "default"  # a context's workspace belongs to its server


def test_the_file_is_found_in_the_folders_above_and_its_names_are_remembered_until_it_changes(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli.home / "cache"))
    monkeypatch.setattr(target, "SETTLED_NS", -1)
    path = cli.folder / "waypoint.hcl"
    path.write_text('project = "shop"\napp "web" {}\napp "api" {}\n')
    below = cli.folder / "a/b"
    below.mkdir(parents=True)
    assert target.find_file(below) == path
    first = target.read_names(path)
    assert (first.project, first.apps, first.folder) == ("shop", ("web", "api"), cli.folder)
    monkeypatch.setattr(target, "parse_names", lambda path: pytest.fail("it was parsed again"))
    assert target.read_names(path) == first
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cli.home / "cache"))
    path.write_text('project = "shop"\napp "web" {}\n')
    assert target.read_names(path).apps == ("web",)
    path.write_text("app {{")
    with pytest.raises(target.CliError, match=r"waypoint\.hcl:1"):
        target.read_names(path)


def test_the_json_form_counts_but_hcl_comes_first(cli: Cli) -> None:
    (cli.folder / "waypoint.hcl.json").write_text('{"project": "from-json", "app": {"web": {}}}')
    found = target.find_file(cli.folder)
    assert found
    assert target.parse_names(found).project == "from-json"
    (cli.folder / "waypoint.hcl").write_text('project = "from-hcl"\n')
    assert target.find_file(cli.folder) == cli.folder / "waypoint.hcl"


def test_a_defect_is_one_sentence_and_its_trace_is_shown_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(store: ContextStore) -> list[str]:
        raise RuntimeError("boom")

    monkeypatch.setattr(ContextStore, "names", broken)
    assert main.main(["context", "list"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("! internal error: RuntimeError: boom\n")
    assert "Traceback" not in said


def test_sigterm_ends_a_command_like_ctrl_c(cli: Cli) -> None:
    asked, answer = threading.Event(), threading.Event()
    with false_server(1, 1, asked, answer) as address:
        command = [*cli.command, "project", "list", f"-server-addr={address}", "-server-tls=false"]
        with subprocess.Popen(command, cwd=cli.folder, env=cli.environ, stderr=subprocess.PIPE) as waiting:
            assert asked.wait(60)
            waiting.terminate()
            assert waiting.wait(60) == 130
        answer.set()
