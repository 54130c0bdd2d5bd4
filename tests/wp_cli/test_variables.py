"""`waypoint up` with variables of every type: what is given, what the application gets, and what is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from tests.wp_cli.projects import app, write_project

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

VARIABLES = """
variable "names" {
  type = list(string)
}
variable "ports" {
  type = map(number)
}
variable "owner" {
  type = object({ name = string, admin = bool })
}
variable "anything" {
  type    = any
  default = null
}
variable "half" {
  type = number
}
variable "password" {
  type      = string
  sensitive = true
}
variable "keys" {
  type      = list(string)
  sensitive = true
}
"""
CONFIG = """
  config {
    env = {
      NAME     = jsonencode([var.names, var.ports, var.owner, var.anything, var.half])
      GREETING = sha256("${var.password}${join(",", var.keys)}")
    }
  }
"""
FLAGS = (
    "-var", 'names=["a b", "c,d"]',
    "-var", "ports={ http = 80, https = 8443 }",
    "-var", 'owner={"name": "x=y", "admin": "true", "extra": 1}',
    "-var", "half=0.5",
    "-var", "password=hunter2",
    "-var", 'keys=["hunter3", "hunter4"]',
)  # fmt: skip


@pytest.fixture
def shop(cli: Cli) -> Cli:
    write_project(cli.folder, VARIABLES, app("web").replace("  build {", CONFIG + "  build {", 1))
    return cli


@pytest.fixture
def running_shop(shop: Cli) -> Iterator[Cli]:
    yield shop
    shop.ok("destroy", *FLAGS, "-auto-approve")


def test_up_takes_values_of_complex_types(running_shop: Cli) -> None:
    shop = running_shop
    shown = shop.ok("up", *FLAGS, "-var", "anything=[1]")
    url = re.findall(r"Release URL: (\S+)", shown)[0]
    with urlopen(url) as answer:
        text = answer.read().decode()
    assert text.startswith('[["a b","c,d"],{"http":80,"https":8443},{"admin":true,"name":"x=y"},[1],0.5] ')
    rows = [re.split(r" {2,}", line.strip()) for line in shown.split("Variables used:\n")[1].splitlines()[1:8]]
    assert [(row[0], *row[-2:]) for row in rows] == [
        ("anything", "complex", "cli"), ("half", "complex", "cli"), ("keys", "sensitive", "cli"),
        ("names", "complex", "cli"), ("owner", "complex", "cli"), ("password", "sensitive", "cli"),
        ("ports", "complex", "cli"),
    ]  # fmt: skip
    assert dict(row[:2] for row in rows)["ports"] == "{http = 80, https = 8443}"


def test_sensitive_values_are_shown_as_one_salted_hash(shop: Cli) -> None:
    first, second = (shop.ok("build", *FLAGS) for _ in range(2))
    hashes = re.findall(r"^\s*(?:keys|password)\s+([0-9a-f]{64})\s+sensitive\s+cli\s*$", first, re.MULTILINE)
    assert len(set(hashes)) == 2
    assert all(text in second for text in hashes)
    other = shop.ok("build", *FLAGS, "-var", "password=hunter5")
    assert sum(text in other for text in hashes) == 1
    listed = shop.ok("job", "list", "-json")
    for secret in ("hunter2", "hunter3", "hunter4"):
        assert secret not in first + second + listed


def test_the_automatic_file_wins_over_the_default_and_loses_to_the_environment(shop: Cli) -> None:
    (shop.folder / "b.auto.wpvars").write_text('names = ["from", "file"]\nports = { http = 1 }\nhalf = 2\n')
    flags = FLAGS[4:6] + FLAGS[8:]
    shown = shop.ok("build", *flags, WP_VAR_ports="{ http = 2 }")
    assert re.search(r'names\s+\["from", "file"\]\s+complex\s+vcs', shown)
    assert re.search(r"ports\s+\{http = 2\}\s+complex\s+env", shown)
    assert re.search(r"half\s+2\s+int\s+vcs", shown)
    assert re.search(r"anything\s.*default", shown)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["-var", "names=[1"], ["-var names", '"names"', "list(string)"]),
        (["-var", "names=7"], ["-var names", '"names"', "list(string)"]),
        (["-var", "half=many"], ["-var half", '"half"', "number"]),
        (["-var", "password=x", "-var", "keys={hunter6.hunter7 = 1}"], ["-var keys", "it is sensitive"]),
        (["-var", "naems=[]"], ["-var naems", 'Did you mean "names"?']),
        (["-var-file=wrong.wpvars"], ["wrong.wpvars:1:1 sets", 'Did you mean "ports"?']),
        (["-var-file=broken.wpvars"], ["broken.wpvars:1:10"]),
        (["-var-file=missing.wpvars"], ["missing.wpvars"]),
    ],
)
def test_a_wrong_value_is_explained_with_its_source(shop: Cli, flags: list[str], words: list[str]) -> None:
    (shop.folder / "wrong.wpvars").write_text("prots = {}\n")
    (shop.folder / "broken.wpvars").write_text("names = [}\n")
    said = shop.fails("build", *FLAGS, *flags)
    for word in words:
        assert word in said
    assert "hunter" not in said


def test_a_missing_value_says_how_to_give_one(shop: Cli) -> None:
    said = shop.fails("up", *FLAGS[:4])
    assert "-var owner=VALUE" in said
    assert Path(shop.folder, "waypoint.hcl").exists()
