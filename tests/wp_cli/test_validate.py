"""`waypoint validate`: everything that is wrong at once, for people and for programs (hcl.md §16, §24)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.wp_cli.terminal import Terminal

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

BROKEN = """\
project = "shop"

variable "port" {
  type    = number
  default = "many"
}

app "web" {
  build {
    use "dokcer" {}
  }
  deploy {
    use "docker" {
      servce_port = var.prt
    }
  }
}

app "api" {
  labels = { "waypoint/x" = "y" }
  build {
    use "files" {}
    hook {
      when    = "befor"
      command = ["true"]
    }
  }
  deploy {
    use "docker" {
      static_environment = { A = upperr("x"), B = artifact.image }
    }
    label "a = b" {
      use "docker" {}
    }
  }
}

app "worker" {
  build {
    use "files" {}
  }
  deploy {
    use "local" {
      command = []
    }
  }
}

pipeline "p" {
  step "one" {
  }
}
"""

GOOD = """\
project = "shop"

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {
      service_port = 8080
    }
  }
}
"""

OURS = """\
project = "shop"

app "web" {
  build {
    use "docker" {
      cache_from = ["x"]
      target     = "y"
    }
  }
  deploy {
    use "docker" {
      command = ["true", tostring(length("abc"))]
    }
    workspace "prod" {
      use "docker" {
        worker = true
      }
    }
  }
  release {
    use "docker" {}
  }
}
"""


def write(cli: Cli, text: str, name: str = "waypoint.hcl") -> None:
    (cli.folder / name).write_text(text)


def as_json(cli: Cli, *args: str, code: int) -> dict[str, Any]:
    done = cli.run("validate", "-json", *args)
    assert done.returncode == code, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_everything_that_is_wrong_is_said_at_once_with_its_place(cli: Cli) -> None:
    write(cli, BROKEN)
    said = cli.fails("validate")
    for place, words in {
        "waypoint.hcl:5:": "number",
        "waypoint.hcl:10:9": 'Did you mean "docker"?',
        "waypoint.hcl:14:7": 'Did you mean "service_port"?',
        "waypoint.hcl:14:21": 'Did you mean "port"?',
        "waypoint.hcl:20:": "waypoint/",
        "waypoint.hcl:24:": "befor",
        "waypoint.hcl:30:34": 'Did you mean "upper"?',
        "waypoint.hcl:32:11": "Invalid selector",
        "waypoint.hcl:43:5": "`command` is empty",
        "waypoint.hcl:50:": "step",
    }.items():
        assert place in said, (place, said)
        assert words in said, (words, said)
    assert "! waypoint.hcl is not valid: " in said
    assert not (cli.home / ".local").exists()


def test_a_valid_file_is_valid_from_anywhere_and_named_in_any_way(cli: Cli) -> None:
    write(cli, GOOD)
    assert cli.ok("validate") == "✓ waypoint.hcl is valid\n"
    (cli.folder / "below").mkdir()
    cli.folder = cli.folder / "below"
    assert cli.ok("validate") == "✓ waypoint.hcl is valid\n"
    assert cli.ok("validate", "..") == "✓ waypoint.hcl is valid\n"
    assert cli.ok("validate", "../waypoint.hcl") == "✓ waypoint.hcl is valid\n"
    assert "there is no waypoint.hcl in ." in cli.fails("validate", ".")
    assert "nowhere.hcl" in cli.fails("validate", "nowhere.hcl")
    assert not (cli.home / ".local").exists()


def test_no_file_is_one_sentence(cli: Cli) -> None:
    assert "there is no waypoint.hcl here or in a folder above" in cli.fails("validate")
    assert cli.run("validate", "-json").stdout == ""


def test_the_json_form(cli: Cli) -> None:
    write(cli, GOOD.replace("service_port", "servce_port"))
    found = as_json(cli, code=1)
    assert (found["format_version"], found["valid"]) == ("1.0", False)
    assert (found["error_count"], found["warning_count"]) == (1, 0)
    assert found["file"] == str(cli.folder / "waypoint.hcl")
    assert found["diagnostics"] == [
        {
            "severity": "error",
            "summary": "Unsupported argument",
            "detail": 'An argument named "servce_port" is not expected here. Did you mean "service_port"?',
            "file": "waypoint.hcl",
            "range": {
                "start": {"line": 9, "column": 7, "byte": 100},
                "end": {"line": 9, "column": 18, "byte": 111},
            },
            "snippet": {
                "code": "      servce_port = 8080",
                "context": 'in app "web" → deploy → use "docker"',
            },
        }
    ]
    write(cli, GOOD)
    found = as_json(cli, code=0)
    assert (found["valid"], found["diagnostics"]) == (True, [])
    write(cli, "app {{")
    assert as_json(cli, code=1)["diagnostics"][0]["range"]["start"]["line"] == 1


def test_given_variables_are_checked_and_missing_ones_only_mentioned(cli: Cli) -> None:
    write(cli, GOOD.replace("8080", "var.port") + 'variable "port" {\n  type = number\n}\n')
    done = cli.run("validate")
    assert done.returncode == 0
    assert "is valid (1 warning)" in done.stdout
    assert "No value for variable" in done.stderr
    assert cli.ok("validate", "-var", "port=1") == "✓ waypoint.hcl is valid\n"
    assert "number" in cli.fails("validate", "-var", "port=many")
    assert "prt" in cli.fails("validate", "-var", "prt=1")
    assert "Refused" in cli.fails("validate", "-var", "port=70000")
    write(cli, "port = [\n", "x.wpvars")
    found = as_json(cli, "-var-file", "x.wpvars", code=1)
    assert found["diagnostics"][0]["file"] == "x.wpvars"


def test_compat_lists_what_go_waypoint_would_not_accept(cli: Cli) -> None:
    write(cli, OURS)
    assert cli.ok("validate") == "✓ waypoint.hcl is valid\n"
    found = as_json(cli, "-compat", code=1)
    assert found["valid"] is True
    places = [(d["range"]["start"]["line"], d["severity"]) for d in found["diagnostics"]]
    assert places == [(6, "warning"), (12, "warning"), (12, "warning"), (16, "warning"), (21, "warning")]
    assert "would not accept 5 places" in cli.fails("validate", "-compat")
    write(cli, GOOD)
    assert "Go Waypoint 0.11 would accept it too" in cli.ok("validate", "-compat")


def test_the_json_syntax_is_checked_too(cli: Cli) -> None:
    use = {"app": {"web": {"build": {"use": {"docker": {"cache_frm": []}}}, "deploy": {"use": {"docker": {}}}}}}
    write(cli, json.dumps({"project": "p"} | use, indent=2), "waypoint.hcl.json")
    assert 'Did you mean "cache_from"?' in cli.fails("validate")
    write(cli, json.dumps({"project": "p"} | use, indent=2).replace("frm", "from"), "waypoint.hcl.json")
    assert [d["range"]["start"]["line"] for d in as_json(cli, "-compat", code=1)["diagnostics"]] == [8]


@pytest.mark.parametrize("text", ["\x00" * 50, "a" * 100_000, "{" * 5000, "\ufeff", "((((", '"${', "<<E"])
def test_rubbish_is_refused_quickly_and_plainly(cli: Cli, text: str) -> None:
    write(cli, text)
    assert "Error: " in cli.fails("validate")


def test_names_in_the_file_cannot_command_the_terminal(cli: Cli) -> None:
    write(cli, GOOD.replace('"docker" {}', '"do\\u001b[2Jcker" {}'))
    with Terminal([*cli.command, "validate"], cli.environ, str(cli.folder)) as terminal:
        assert terminal.finish() == 1
    assert b"\x1b[1;31mError:" in terminal.raw
    assert b"\x1b[2J" not in terminal.raw
