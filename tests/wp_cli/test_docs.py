"""`waypoint docs` and the reference pages made from the plugins (CLI specification 4.28)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.wp_cli.projects import app, write_project

from wp_cli.render.documentation import STAGES, example_of
from wp_config import Source, validate
from wp_runner.plugins import ALIASES, PluginHost
from wp_sdk.component import ComponentKind

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

ROOT = Path(__file__).parents[2]
HOST = PluginHost()
COMPONENTS = [
    (name, kind)
    for name in HOST.names()
    for kind in ComponentKind
    if name not in ALIASES and HOST.open(name).documentation(kind) is not None
]


def test_the_reference_pages_are_up_to_date() -> None:
    tool = ROOT / "tools" / "document_plugins.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "kind"), COMPONENTS, ids=lambda value: str(value))
def test_every_argument_is_explained_and_every_example_is_accepted(name: str, kind: ComponentKind) -> None:
    described = HOST.open(name).documentation(kind)
    component = HOST.open(name).component(kind)
    assert described is not None
    assert component is not None
    assert described.description
    waiting = list(described.fields.values())
    while waiting:
        field = waiting.pop()
        assert field.synopsis, (name, kind, field.name)
        waiting += field.sub_fields
    if kind not in STAGES:
        return
    other = 'deploy {\n  use "null" {}\n}\n' if kind is not ComponentKind.PLATFORM else ""
    other += 'build {\n  use "null" {}\n' + "}\n" * (kind is not ComponentKind.REGISTRY)
    text = example_of(name, kind, described)
    app = f"{text}\n{other}" if kind is not ComponentKind.REGISTRY else f"{other}{text}\n}}\n"
    if kind is ComponentKind.BUILDER:
        app = f'{text}\ndeploy {{\n  use "null" {{}}\n}}\n'
    source = Source(f'project = "p"\napp "a" {{\n{app}}}\n'.encode(), ROOT)
    schema = component.schema
    found = validate(
        source,
        schema_of=lambda role, plugin: schema if plugin == name and STAGES[kind] == role.value else None,
        plugin_names=HOST.names(),
    )
    assert not found.items, found.render()


def test_the_list(cli: Cli) -> None:
    head, *rows = (re.split(r"  +", line) for line in cli.ok("docs").splitlines())
    assert head == ["PLUGIN", "TYPES", "DESCRIPTION"]
    assert [row[0] for row in rows] == HOST.names()
    assert ["docker-ref", "builder", "Use an existing image from a registry."] in rows
    assert "docker-pull" not in cli.ok("docs", "-type", "platform")
    listed = json.loads(cli.ok("docs", "-builtin", "-json"))
    assert [entry["name"] for entry in listed] == HOST.names()
    assert not (cli.home / ".local").exists()


def test_one_plugin_as_text_as_markdown_and_as_json(cli: Cli) -> None:
    text = cli.ok("docs", "-plugin", "exec")
    assert '» platform, in a "deploy" block' in text
    assert "    command  (list of string, required)\n        Program and arguments.\n" in text
    assert "        path  (string, required)\n" in text
    page = cli.ok("docs", "-plugin", "docker", "-markdown")
    assert page == (ROOT / "docs/reference/plugins/docker.md").read_text()
    part = json.loads(cli.ok("docs", "-plugin", "docker", "-type", "registry", "-json"))
    assert list(part["components"]) == ["registry"]
    fields = {field["name"]: field for field in part["components"]["registry"]["fields"]}
    assert fields["password"]["summary"] == "Never shown."
    assert fields["auth"]["subFields"][0]["name"] == "hostname"
    assert "optional" not in fields["image"]
    assert "artifact.digest" in cli.ok("docs", "-plugin", "docker", "-type", "registry")


def test_what_does_not_exist_is_one_sentence(cli: Cli) -> None:
    assert 'Did you mean "docker"?' in cli.fails("docs", "-plugin", "dokcer")
    assert "has no registry" in cli.fails("docs", "-plugin", "local", "-type", "registry")
    assert "expected one of builder" in cli.fails("docs", "-type", "thing")


def test_in_a_project_its_own_plugins_are_shown(cli: Cli) -> None:
    write_project(cli.folder, app("web"), app("api"))
    shown = cli.ok("docs")
    headers = [line for line in shown.splitlines() if line.startswith("»")]
    assert headers == [
        f'» app "{name}", {stage}: use "{plugin}"'
        for name in ("web", "api")
        for stage, plugin in (("build", "files"), ("deploy", "local"), ("release", "local"))
    ]
    assert "command  (list of string, required)" in shown
    one = cli.ok("docs", "-app=api", "-type", "platform")
    assert [line for line in one.splitlines() if line.startswith("»")] == ['» app "api", deploy: use "local"']
    assert "Did you mean 'web'?" in cli.fails("docs", "-app=wbe")
    assert cli.ok("docs", "-builtin").startswith("PLUGIN")
    (cli.folder / "waypoint.hcl").write_text('project = "p"\napp "a" {\n  build {}\n  deploy {}\n}\n')
    assert "waypoint.hcl:3" in cli.fails("docs")
    write_project(cli.folder, app("web").replace('"files"', '"flies"'))
    said = cli.fails("docs")
    assert "waypoint.hcl:6" in said
    assert 'Did you mean "files"?' in said
    assert not (cli.home / ".local").exists()
