"""The language by example: every file in ``corpus`` beside what it means, or the exact message it gets.

``expressions/X.hcl`` → ``X.json``: the values of its arguments. ``projects/X.hcl`` → ``X.json``: the model.
``diagnostics/X.hcl`` → ``X.txt``: what ``validate`` prints. With ``CORPUS_UPDATE=1`` in the environment the answers
are written instead of compared; read them before committing.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

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


def cases(folder: str) -> list[Path]:
    return sorted((CORPUS / folder).glob("*.hcl")) + sorted((CORPUS / folder).glob("*.hcl.json"))


def compare(case: Path, ending: str, answer: str) -> None:
    expected = case.with_name(case.name.partition(".")[0] + ending)
    if os.environ.get("CORPUS_UPDATE"):
        expected.write_text(answer, encoding="utf-8")
    assert answer == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", cases("expressions"), ids=lambda case: case.stem)
def test_expressions(case: Path) -> None:
    scope = Scope({"var": from_python(VARIABLES)}, surroundings=Surroundings(CORPUS, CORPUS), templates=True)
    values = {
        item.name: json.loads(json_text(evaluate(item.value, scope)))
        for item in parse(read(case)).items
        if isinstance(item, tree.Attribute)
    }
    compare(case, ".json", json.dumps(values, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("case", cases("projects"), ids=lambda case: case.stem)
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
            "apps": {name: app(project.app(name)) for name in project.app_names},
            "warnings": [str(item) for item in project.warnings],
        }
    compact = {key: value for key, value in answer.items() if value and value != plain(wp_config.RunnerSettings())}
    compare(case, ".json", json.dumps(compact, indent=2, ensure_ascii=False) + "\n")


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


@pytest.mark.parametrize("case", cases("shapes"), ids=lambda case: case.stem)
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
            "apps": {name: stages(project.app(name), schemas) for name in project.app_names},
        }
    text = json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
    compare(case, ".json", re.sub(rf"{re.escape(tempfile.gettempdir())}/waypoint\w+", "<rendered>", text))


def entry(item: wp_config.ConfigVariable) -> dict[str, object]:
    return {key: value for key, value in plain(item).items() if value not in (False, "", None)}


def app(found: wp_config.App) -> dict[str, object]:
    return stages(found, SCHEMAS)


def stages(found: wp_config.App, schemas: Mapping[PluginRole, Schema]) -> dict[str, object]:
    answer: dict[str, object] = {"path": found.path.relative_to(CORPUS).as_posix().partition("/")[2] or "."}
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
    return json.loads(json.dumps(answer).replace(str(CORPUS / "projects"), "."))  # type: ignore[no-any-return]


@pytest.mark.parametrize("case", cases("diagnostics"), ids=lambda case: case.stem)
def test_diagnostics(case: Path) -> None:
    found = wp_config.validate(case, schema_of=lambda role, _: SCHEMAS[role], plugin_names=["docker", "pack"])
    assert isinstance(found, Diagnostics)
    compare(case, ".txt", found.render() + "\n")
