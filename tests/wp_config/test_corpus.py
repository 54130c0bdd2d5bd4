"""The language by example: every case of ``corpus`` beside what it means, or the exact message it gets.

How the cases are written stands in ``corpus/README.md``. With ``CORPUS_UPDATE=1`` in the environment the answers, and
the list in that file, are written instead of compared; read them before committing.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import wp_config
from wp_config import Attribute, Block, PluginRole, Schema, StageKind
from wp_config.diagnostics import Diagnostics
from wp_config.expr import evaluate
from wp_config.functions.encoding import json_text
from wp_config.scope import Scope, Surroundings
from wp_config.source import parse, read
from wp_config.syntax import tree
from wp_config.values import from_python

CORPUS = Path(__file__).parent / "corpus"

VARIABLES = {
    "number": 3,
    "list": ["a", "b", "c"],
    "object": {"name": "x"},
    "servers": [{"port": 80, "tags": ["a"]}, {"port": 81, "tags": ["a", "b"]}],
}

LATER: Mapping[StageKind, Mapping[str, object]] = {
    StageKind.BUILD: {},
    StageKind.REGISTRY: {"artifact": {"image": "built", "size": 1}},
    StageKind.DEPLOY: {"artifact": {"image": "pushed", "size": 64}, "entrypoint": {"env": {"ID": "1"}}},
    StageKind.RELEASE: {"artifact": {"image": "pushed"}, "deploy": {"id": "D1"}},
}

_AUTH = Schema((Attribute("username"), Attribute("password", required=True)))
SCHEMAS = {
    PluginRole.BUILD: Schema((Attribute("dockerfile"), Attribute("build_args", "map(string)"))),
    PluginRole.REGISTRY: Schema(
        (Attribute("image", required=True), Attribute("tag"), Attribute("local", "bool", default=False)),
        (Block("auth", _AUTH),),
    ),
    PluginRole.DEPLOY: Schema(
        (
            Attribute("service_port", "integer"),
            Attribute("env", "map(string)"),
            Attribute("labels_seen", "map(string)"),
        ),
        (Block("resources", Schema((Attribute("limit", "number"),)), labels=("kind",), many=True),),
    ),
    PluginRole.RELEASE: Schema((Attribute("service_port", "integer"),)),
}


SHAPES = Schema(
    tuple(
        Attribute(name, "any")
        for name in (
            "builder", "command", "default", "filters", "image", "load_balancer", "local", "memory", "namespace",
            "path", "path_type", "port", "ports", "probe_path", "project", "prune_label", "region",
            "static_environment", "tag",
        )
    ),
    (
        Block("auth", _AUTH),
        Block("capacity", Schema((Attribute("memory", "number"), Attribute("cpu_count", "integer")))),
        Block("auto_scaling", Schema((Attribute("max", "integer"),))),
        Block("template", Schema((Attribute("path", required=True),))),
        Block(
            "ingress",
            Schema((Attribute("path_type"), Attribute("path"), Attribute("default", "bool"))),
            labels=("kind",),
            many=True,
        ),
    ),
)  # fmt: skip

UPDATE = bool(os.environ.get("CORPUS_UPDATE"))
CASES = sorted(path for path in CORPUS.glob("*/*") if path.name.endswith((".hcl", ".hcl.json")))
ANSWERS = (".values.json", ".model.json", ".shape.json", ".errors.txt")


def answer_of(case: Path, ending: str) -> Path:
    return case.with_name(case.name.partition(".")[0] + ending)


def cases(ending: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{case.parent.name}/{case.name.partition('.')[0]}")
        for case in CASES
        if answer_of(case, ending).exists()
    ]


def compare(path: Path, answer: str) -> None:
    if UPDATE:
        path.write_text(answer, encoding="utf-8")
    assert answer == path.read_text(encoding="utf-8")


def heading(case: Path) -> str:
    """The first line of a case, which says what it shows."""
    line = case.read_text(encoding="utf-8").partition("\n")[0]
    if case.name.endswith(".json"):
        return re.findall(r'"//": "([^"]*)"', case.read_text(encoding="utf-8"))[0]
    assert line.startswith("# "), f"{case} must begin with a comment that says what it shows"
    return line.removeprefix("# ")


def test_every_case_has_one_answer_and_stands_in_the_list() -> None:
    topics: dict[str, list[str]] = {}
    for case in CASES:
        found = [ending for ending in ANSWERS if answer_of(case, ending).exists()]
        assert len(found) == 1, f"{case} needs one answer of {ANSWERS}"
        place = f"{case.parent.name}/{case.name}"
        answer = f"{case.parent.name}/{answer_of(case, found[0]).name}"
        topics.setdefault(case.parent.name, []).append(
            f"- [{case.name.partition('.')[0]}]({place}) ([{found[0].split('.')[1]}]({answer})): {heading(case)}"
        )
    readme = CORPUS / "README.md"
    text, mark, _ = readme.read_text(encoding="utf-8").partition("<!-- the cases -->\n")
    assert mark
    assert all(f"**{topic}**" in text for topic in topics), "the introduction must name every topic"
    listed = "".join(f"\n## {topic}\n\n" + "\n".join(lines) + "\n" for topic, lines in sorted(topics.items()))
    compare(readme, text + mark + listed)


@pytest.mark.parametrize("case", cases(".values.json"))
def test_expressions(case: Path) -> None:
    scope = Scope({"var": from_python(VARIABLES)}, surroundings=Surroundings(CORPUS, CORPUS), templates=True)
    values = {
        item.name: json.loads(json_text(evaluate(item.value, scope)))
        for item in parse(read(case)).items
        if isinstance(item, tree.Attribute)
    }
    compare(answer_of(case, ".values.json"), json.dumps(values, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("case", cases(".model.json"))
def test_projects(case: Path) -> None:
    with wp_config.load(case) as project:
        answer = {
            "name": project.name,
            "labels": project.labels,
            "runner": plain(project.runner),
            "plugins": {plugin.name: sorted(plugin.roles) for plugin in project.plugins},
            "variables": {
                final.name: [final.form, final.value, final.source.name] for final in project.variables.final()
            },
            "config": [entry(item) for item in project.config()],
            "pipelines": [plain(pipeline) for pipeline in project.pipelines()],
            "apps": {name: app(project.app(name), case.parent) for name in project.app_names},
            "warnings": [str(item) for item in project.warnings],
        }
    compact = {key: value for key, value in answer.items() if value and value != plain(wp_config.RunnerSettings())}
    compare(answer_of(case, ".model.json"), json.dumps(compact, indent=2, ensure_ascii=False) + "\n")


def plain(record: NamedTuple) -> dict[str, object]:
    """A record as a dictionary, with those inside of it."""
    found = record._asdict()
    for name, value in found.items():
        if hasattr(value, "_asdict"):
            found[name] = plain(value)
        elif name == "steps":
            found[name] = [plain(step) for step in value]
        elif isinstance(value, wp_config.DynamicValue):
            found[name] = {"source": value.source, "settings": dict(value.settings)}
    return found


@pytest.mark.parametrize("case", cases(".shape.json"))
def test_shapes(case: Path) -> None:
    """Files as their authors write them, with every body evaluated."""
    values = {"image": "registry.example/web", "username": "robot"}
    declared = [name for name in values if f'variable "{name}"' in case.read_text()]
    given = tuple(wp_config.InputValue(name, values[name]) for name in declared)
    variables = wp_config.VariableInputs(given=given, fetch=lambda source, settings: f"{source}:{settings['key']}")
    schemas = dict.fromkeys(PluginRole, SHAPES)
    with wp_config.load(case, variables=variables) as project:
        answer = {
            "name": project.name,
            "apps": {name: stages(project.app(name), schemas, case.parent) for name in project.app_names},
        }
    text = json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
    compare(
        answer_of(case, ".shape.json"), re.sub(rf"{re.escape(tempfile.gettempdir())}/waypoint\w+", "<rendered>", text)
    )


def entry(item: wp_config.ConfigVariable) -> dict[str, object]:
    return {key: value for key, value in plain(item).items() if value not in (False, "", None)}


def app(found: wp_config.App, folder: Path) -> dict[str, object]:
    return stages(found, SCHEMAS, folder)


def stages(found: wp_config.App, schemas: Mapping[PluginRole, Schema], folder: Path) -> dict[str, object]:
    answer: dict[str, object] = {"path": found.path.relative_to(folder).as_posix()}
    if found.auto_hostname is not None:
        answer["auto_hostname"] = found.auto_hostname
    if found.file_change_signal:
        answer["file_change_signal"] = found.file_change_signal
    if found.config():
        answer["config"] = [entry(item) for item in found.config()]
    for kind in StageKind:
        stage = found.stage(kind, LATER[kind])
        if stage is not None:
            body = stage.use.decode(schemas[PluginRole(str(kind))], LATER[kind])
            hooks = [plain(hook) for hook in stage.hooks(LATER[kind])]
            told = {"use": stage.use.plugin, "labels": dict(stage.labels), "body": body, "hooks": hooks}
            answer[str(kind)] = {key: value for key, value in told.items() if value}
    return json.loads(json.dumps(answer).replace(str(folder), "."))  # type: ignore[no-any-return]


@pytest.mark.parametrize("case", cases(".errors.txt"))
def test_diagnostics(case: Path) -> None:
    found = wp_config.validate(case, schema_of=lambda role, _: SCHEMAS[role], plugin_names=["docker", "pack"])
    assert isinstance(found, Diagnostics)
    compare(answer_of(case, ".errors.txt"), found.render() + "\n")
