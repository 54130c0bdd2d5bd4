"""What the Go Waypoint 0.11.4 said about expressions, as recorded in the folder `reference` (its README tells how)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

REFERENCE = Path(__file__).parent / "reference"
DIFFERENCES = "differences"
"""The topic of what differs on purpose."""

TOPICS = sorted(path.stem for path in REFERENCE.glob("*.cases"))

Answers = dict[str, str | None]
"""The JSON text of each expression's value; None where it was refused."""


def cases(topic: str) -> list[str]:
    """The expressions of a topic: one a line, continued on lines that begin with `|`; `#` begins a remark."""
    found: list[str] = []
    for line in (REFERENCE / f"{topic}.cases").read_text(encoding="utf-8").split("\n"):
        if line.startswith("|"):
            found[-1] += "\n" + line[1:].removeprefix(" ")
        elif line and not line.startswith("# "):
            found.append(line)
    return found


def answers(name: str) -> Answers:
    """What is recorded under a name."""
    path = REFERENCE / f"{name}.json"
    found: Answers = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def record(name: str, found: Answers) -> None:
    """Write what is recorded under a name."""
    (REFERENCE / f"{name}.json").write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def file_of(expression: str) -> str:
    """A configuration that holds an expression where it is evaluated at once, with its value as JSON text."""
    return f'project = "p"\nrunner {{\n  profile = jsonencode(\n{expression}\n)\n}}\n'


_APP = 'app "web" {\n  build {\n    use "null" {}\n  }\n  deploy {\n    use "null" {}\n  }\n}\n'


def files() -> dict[str, str]:
    """Whole files by name, each behind a line `=== NAME`; a line `@app` stands for an ordinary application."""
    sections = (REFERENCE / "files.txt").read_text(encoding="utf-8").split("=== ")[1:]
    named = (section.partition("\n") for section in sections)
    return {name: text.replace("@app\n", _APP) for name, _, text in named}


def file_name(name: str) -> str:
    """What one of them is called: `json …` are of the JSON form."""
    return "waypoint.hcl.json" if name.startswith("json ") else "waypoint.hcl"


def refused_files() -> list[str]:
    """The names of those files that `waypoint init` of the Go program did not take."""
    found: list[str] = json.loads((REFERENCE / "files.refused.json").read_text(encoding="utf-8"))
    return found


def record_refused_files(names: list[str]) -> None:
    """Write the names of the files that were not taken."""
    (REFERENCE / "files.refused.json").write_text(json.dumps(names, indent=0) + "\n", encoding="utf-8")


class GivenVariable(NamedTuple):
    """A variable's declaration, how it is given a value (`var`: -var x=TEXT, `rawvar`: -var TEXT, `env`: WP_VAR_x,
    `file`: a values file with x = TEXT, `rawfile`: one that is TEXT, `json`: one of JSON that is TEXT, `none`), and the
    JSON text of its value; None where the build was refused.
    """

    declaration: str
    way: str
    text: str
    answer: str | None

    def configuration(self, write: str) -> str:
        """A file whose build runs a hook that hands the value's JSON text to the shell command `write`."""
        command = f'["sh", "-c", {json.dumps(write)}, "sh", jsonencode(var.x)]'
        hook = f'    hook {{\n      when    = "before"\n      command = {command}\n    }}\n'
        app = _APP.replace("  }\n  deploy", f"{hook}  }}\n  deploy", 1)
        return f'project = "variables"\nvariable "x" {{\n{self.declaration}\n}}\n{app}'

    def give(self, folder: Path) -> tuple[list[str], dict[str, str]]:
        """The arguments and environment of a command that give the value; values files are written into a folder."""
        if self.way in ("var", "rawvar"):
            return ["-var", "x=" * (self.way == "var") + self.text], {}
        if self.way == "env":
            return [], {"WP_VAR_x": self.text}
        if self.way == "none":
            return [], {}
        name = "given.wpvars.json" if self.way == "json" else "given.wpvars"
        (folder / name).write_text(f"x = {self.text}\n" if self.way == "file" else self.text, encoding="utf-8")
        return [f"-var-file={name}"], {}


def given_variables() -> list[GivenVariable]:
    """What is recorded about variables."""
    return [GivenVariable(*row) for row in json.loads((REFERENCE / "variables.json").read_text(encoding="utf-8"))]


def record_given_variables(rows: list[GivenVariable]) -> None:
    """Write what is recorded about variables, a row a line."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (REFERENCE / "variables.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
