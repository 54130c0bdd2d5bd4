"""The configuration language held against the Go Waypoint 0.11.4 itself.

Its answers about expressions are recorded in `tests/wp_config/reference` and compared with ours wherever tests run.
Here the record is compared with the program, or with GO_LANGUAGE_UPDATE=1 written from it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.interop.go_language import GoLanguage
from tests.interop.go_waypoint import go_waypoint
from tests.wp_config.recorded import (
    TOPICS,
    GivenVariable,
    answers,
    cases,
    file_name,
    file_of,
    files,
    given_variables,
    record,
    record_given_variables,
    record_refused_files,
    refused_files,
)
from tests.wp_config.test_syntax import INVALID, VALID

import wp_config
from wp_config import Context, StageKind, VariableInputs
from wp_config.diagnostics import Diagnostics
from wp_config.fmt import format_source
from wp_config.variables import collect

HERE = Path(__file__).parents[1] / "wp_config"
UPDATE = bool(os.environ.get("GO_LANGUAGE_UPDATE"))
AT_ONCE = 2
STRIDE = 16
"""Of the refused expressions every so manieth is asked again; each costs a start of the Go program."""


def ours(folder: Path, context: Context | None = None, inputs: VariableInputs | None = None) -> list[list[str]]:
    """What the hooks of all stages of the file in a folder get as their arguments."""
    with wp_config.load(folder / "waypoint.hcl", context=context, variables=inputs) as project:
        stages = [project.app("web").stage(kind) for kind in StageKind]
        return [list(hook.command) for stage in stages if stage is not None for hook in stage.hooks()]


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoLanguage]:
    with GoLanguage(go_waypoint(), tmp_path_factory.mktemp("go")) as language:
        yield language


def refused(go: GoLanguage, texts: Iterable[str]) -> list[bool]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [bool(reason) for reason in pool.map(go.refusal, texts)]


def test_the_values_are_those_recorded(go: GoLanguage) -> None:
    known = {case: answer for topic in TOPICS for case, answer in answers(topic).items()}
    if UPDATE:
        asked = [case for topic in TOPICS for case in cases(topic) if case not in known]
        taken = [case for case, no in zip(asked, refused(go, map(file_of, asked)), strict=True) if not no]
        known |= dict.fromkeys(asked) | dict(zip(taken, go.values(taken), strict=True))
        for topic in TOPICS:
            record(topic, {case: known[case] for case in cases(topic)})
    else:
        taken = [case for case, answer in known.items() if answer is not None]
        assert dict(zip(taken, go.values(taken), strict=True)) == {case: known[case] for case in taken}


def test_what_is_refused_is_recorded_as_refused(go: GoLanguage) -> None:
    expressions = [case for topic in TOPICS for case, answer in answers(topic).items() if answer is None][::STRIDE]
    assert [case for case, no in zip(expressions, refused(go, map(file_of, expressions)), strict=True) if not no] == []


def test_files_are_taken_and_refused_as_recorded(go: GoLanguage) -> None:
    given = list(files().items()) if UPDATE else list(files().items())[::STRIDE]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        reasons = pool.map(lambda file: go.refusal(file[1], file_name(file[0])), given)
        found = [name for (name, _), reason in zip(given, reasons, strict=True) if reason]
    if UPDATE:
        record_refused_files(found)
    else:
        known = refused_files()
        assert found == [name for name, _ in given if name in known]


def value_of(go: GoLanguage, row: GivenVariable) -> str | None:
    folder = go.folder()
    (folder / "waypoint.hcl").write_text(row.configuration('printf %s "$1" > out'), encoding="utf-8")
    arguments, environment = row.give(folder)
    go.run(folder, "build", "-local", "-plain", *arguments, environ=environment)
    return (folder / "out").read_text(encoding="utf-8") if (folder / "out").exists() else None


def test_variables_get_the_values_recorded(go: GoLanguage) -> None:
    rows = given_variables() if UPDATE else given_variables()[::60]
    folder = go.folder()
    (folder / "waypoint.hcl").write_text(rows[0].configuration("true"), encoding="utf-8")
    assert go.run(folder, "init", "-plain").returncode == 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers_now = list(pool.map(lambda row: value_of(go, row), rows))
    if UPDATE:
        record_given_variables([row._replace(answer=now) for row, now in zip(rows, answers_now, strict=True)])
    else:
        assert answers_now == [row.answer for row in rows]


PRECEDENCE = (
    "".join(f'variable "{name}" {{\n  default = "default"\n}}\n' for name in "abcdefg")
    + """
variable "h" {
  default = "default"
  env     = ["FIRST_H", "SECOND_H"]
}
"""
)
GIVEN = {
    "1.auto.wpvars": 'b = "automatic"\nc = "automatic"\n',
    "one.wpvars": 'd = "one"\ne = "one"\nf = "one"\n',
    "two.wpvars": 'e = "two"\n',
}
FLAGS = ["-var-file=one.wpvars", "-var-file=two.wpvars", "-var", "f=first", "-var", "f=second", "-var", "g="]
ENVIRONMENT = {"WP_VAR_c": "environment", "WP_VAR_d": "environment", "FIRST_H": "", "SECOND_H": "second"}


def test_the_same_source_of_a_variable_wins(go: GoLanguage) -> None:
    folder = go.folder()
    for name, text in GIVEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    there = go.values(["var"], PRECEDENCE, folder, FLAGS, ENVIRONMENT)[0]
    files = [folder / name for name in GIVEN if not name.endswith(".auto.wpvars")]
    given = collect(ENVIRONMENT, files, [text for text in FLAGS if not text.startswith("-")])
    inputs = VariableInputs(environment=ENVIRONMENT, given=given)
    assert json.loads(json.loads(ours(folder, inputs=inputs)[0][-1])[0]) == json.loads(there)


IN_FILES = r"""
file("${path.project}/tpl/plain.txt")
file("${path.project}/tpl/crlf.txt")
file("${path.project}/tpl/bom.txt")
file("${path.project}/tpl/nfc.txt")
filebase64("${path.project}/tpl/bom.txt")
fileexists("${path.project}/tpl/plain.txt")
fileexists("${path.project}/tpl/nope")
file(templatefile("${path.project}/tpl/a.tpl", { x = 1, m = { b = 2, a = "1" } }))
file(templatefile("${path.project}/tpl/a.tpl", { x = "é", m = ["p", "q"] }))
basename(templatefile("${path.project}/tpl/a.tpl", { x = 1, m = {} }))
file(templatefile("${path.project}/tpl/crlf.txt", { x = 1 }))
file(templatefile("${path.project}/tpl/bom.txt", { x = 1 }))
file(templatefile("${path.project}/tpl/ws.tpl"))
file(templatefile("${path.project}/tpl/ws.tpl", {}))
file(templatefile("${path.project}/tpl/empty", {}))
file(templatefile("${path.project}/tpl/nfc.txt", {}))
file("${templatedir("${path.project}/dir", { x = 5 })}/sub/b.txt")
file("${templatedir("${path.project}/dir", { x = 5 })}/a.txt")
file("${templatedir("${path.project}/dir", { x = 5 })}/link")
fileset(templatedir("${path.project}/dir", { x = 5 }), "**")
fileset("${path.project}/dir", "**")
fileset("${path.project}/dir", "*")
fileset("${path.project}/dir", "*.txt")
fileset("${path.project}/dir", "**/*.txt")
fileset("${path.project}/dir", "**/*.{txt,md}")
fileset("${path.project}/dir", "sub/*")
fileset("${path.project}/dir", "sub/**")
fileset("${path.project}/dir", "[a-b].txt")
fileset("${path.project}/dir", "?.txt")
fileset("${path.project}/dir", "nope/*")
fileset("${path.project}/dir", "dlink/*")
fileset("${path.project}/dir", ".*")
fileset("${path.project}/dir", "./a.txt")
fileset("${path.project}/dir", "../tpl/*.txt")
fileset("${path.project}/dir", "[^a]*")
fileset("${path.project}/dir", "sub/../*.txt")
fileset("${path.project}/dir", "")
fileset("${path.project}/dir", "**/deep/*")
fileset("${path.project}/dir", "s*b/**/*.md")
path.app == path.project
app.name
var.v
templatestring("$${app.name} $${x}", { x = var.v })
templatestring("%%{ for k, v in m ~}\n $${k}=$${v}\n%%{ endfor ~}\n", { m = { b = 1, a = 2 } })
jsondecode(templatestring("{\"a\": $${jsonencode(x)}}", { x = [1, var.v] }))
base64gzip("") != ""
replace(abspath("${path.project}/x/../y"), path.project, "P")
""".strip().split("\n")
FILES = {
    "tpl/a.tpl": "x=${x}\n%{ for k, v in m ~}\n  ${k}: ${v}\n%{ endfor ~}\nend $${y} %%{z}\n",
    "tpl/plain.txt": "no newline",
    "tpl/crlf.txt": "a\r\n${x}\r\n",
    "tpl/bom.txt": "\ufeffa${x}",
    "tpl/ws.tpl": "${workspace.name} ${app.name} ${var.v}\n",
    "tpl/nfc.txt": "e\u0301",
    "tpl/empty": "",
    "dir/a.txt": "${x}",
    "dir/sub/b.txt": "b ${x}",
    "dir/sub/é.txt": "é",
    "dir/sub/deep/c.md": "c",
    "dir/.hidden": "h",
}


def test_files_and_templates_are_read_the_same(go: GoLanguage) -> None:
    folder = go.folder()
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    (folder / "dir/link").symlink_to("a.txt")
    there = go.values(IN_FILES, 'variable "v" {\n  default = "val"\n}\n', folder)
    assert [text for command in ours(folder) for text in json.loads(command[-1])] == there


def test_repositories_are_read_the_same(go: GoLanguage) -> None:
    folder = go.folder()
    (folder / "file").write_text("one")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (
        ("init", "-q"), ("add", "file"), (*identity, "commit", "-qm", "x"), ("tag", "rel/1.0"),
        ("remote", "add", "origin", "https://example.com/x.git"),
    ):  # fmt: skip
        subprocess.run(["git", *words], cwd=folder, check=True, env=go.environ)
    (folder / "file").write_text("two")
    subprocess.run(["git", "add", "file"], cwd=folder, check=True, env=go.environ)
    (folder / "untracked").write_text("")
    (folder / "below").mkdir()
    expressions = ["gitrefhash()", "gitreftag()", "gitrefpretty()", 'gitremoteurl("origin")']
    there = go.values(expressions, folder=folder / "below")
    assert json.loads(ours(folder / "below")[0][-1]) == there


def hook(name: str) -> str:
    seen = f'{name} = [labels, app.name, workspace.name, path.app == "${{path.project}}/sub"]'
    return (
        '    hook {\n      when    = "before"\n      command = ["sh", "-c", "printf %s \\"$1\\" > \\"$2\\"", "sh", '
        f'jsonencode({{ {seen} }}), "${{path.project}}/{name}.out"]\n    }}\n'
    )


def stage(kind: str, labels: str, *scopes: str) -> str:
    """A stage with a hook, also in each of its scopes, which are headers of blocks."""
    use = '    use "null" {}\n'
    inner = "".join(f"    {scope} {{\n{use}{hook(f'{kind}{i}')}    }}\n" for i, scope in enumerate(scopes))
    return f"  {kind} {{\n    labels = {labels}\n{use}{hook(kind)}{inner}  }}\n"


STAGES = (
    'project = "stages"\nlabels = { common = "root", team = "root", rootonly = upper("x") }\n'
    'app "web" {\n  path   = "sub"\n  labels = { common = "app", name = app.name }\n'
    + stage("build", '{ common = "build" }', 'workspace "prod"', r'label "region == \"us-east\""',
            r'label "region == \"us-east\" and tier == gold"')
    + stage("deploy", "{}", 'label "team == root"', r'label "region == \"us-east\" and team != root"')
    + stage("release", '{ team = "other" }', 'workspace "prod"', 'label "team == other and tier == gold"')
    + "}\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "workspace", "labels"),
    [
        ("build", "prod", {"region": "us-east", "tier": "gold"}),
        ("up", "default", {"region": "us-east", "tier": "gold", "team": "x"}),
    ],
)
def test_the_same_scopes_are_chosen(go: GoLanguage, verb: str, workspace: str, labels: dict[str, str]) -> None:
    folder = go.folder()
    (folder / "sub").mkdir()
    (folder / "waypoint.hcl").write_text(STAGES, encoding="utf-8")
    assert go.run(folder, "init", "-plain").returncode == 0
    flags = [word for key, value in labels.items() for word in ("-label", f"{key}={value}")]
    done = go.run(folder, verb, "-local", "-plain", "-workspace", workspace, *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    found = ours(folder, Context(workspace=workspace, labels=labels))
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.out")}
    here = {Path(command[-1]).name: command[-2] for command in found}
    assert {name: text for name, text in here.items() if verb == "up" or name.startswith(verb)} == there


FORMATTED_HERE = ("object keyword keys", "heredoc at end of file")
FORMATTED_THERE = ("ambiguous object key",)


def test_files_are_formatted_to_the_same_bytes(go: GoLanguage) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(HERE.glob("corpus/*/*.hcl"))]
    texts += [text for name, text in VALID.items() if name not in FORMATTED_HERE]
    plain = [text.removeprefix("\ufeff").encode() for text in texts if "for = 1" not in text]
    together = b"".join(b"block {\n" + text + b"\n}\n" for text in plain if formatted(text) is not None)
    assert there(go, together) == formatted(together)


def test_what_cannot_be_formatted_is_refused_by_both(go: GoLanguage) -> None:
    texts = [text for name, (text, *_) in INVALID.items() if name not in FORMATTED_THERE]
    wrong = [text.encode() for text in texts[::STRIDE]]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert [answer for answer in pool.map(lambda text: there(go, text), wrong) if answer is not None] == []
    assert [text for text in wrong if formatted(text) is not None] == []


def there(go: GoLanguage, text: bytes) -> bytes | None:
    done = subprocess.run([go.program, "fmt", "-"], input=text, capture_output=True, env=go.environ, check=False)
    return done.stdout if done.returncode == 0 else None


def formatted(text: bytes) -> bytes | None:
    try:
        return format_source(text)
    except Diagnostics:
        return None
