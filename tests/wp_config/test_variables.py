"""Where variables get their values, which source wins, and what is reported (hcl.md §7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

import wp_config
from wp_config import Diagnostics, FinalValue, InputValue, ValueForm, VariableInputs, VariableSource
from wp_config.values import to_python
from wp_config.variables import collect, read_values_file

DECLARED = 'project = "p"\nvariable "x" {\n  default = "default"\n  env = ["OTHER_X", "THIRD_X"]\n}\n'


def load(text: str, folder: Path, **inputs: object) -> wp_config.Project:
    source = wp_config.Source(text.encode(), folder)
    return wp_config.load(source, variables=VariableInputs(**inputs))  # type: ignore[arg-type]


def value(project: wp_config.Project, name: str = "x") -> object:
    project.check_variables()
    return to_python(project.variables.value().entries[name])


SOURCES = ["default", "server", "environment", "auto file", "cli environment", "file", "flag"]


def inputs_up_to(count: int, folder: Path) -> dict[str, object]:
    """The arguments when the first ``count`` sources in order of precedence give a value."""
    present = SOURCES[: count + 1]
    environment: Mapping[str, str] = {"WP_VAR_x": "cli environment"} if "cli environment" in present else {}
    if "auto file" in present:
        (folder / "a.auto.wpvars").write_text('x = "auto file"\n')
    if "file" in present:
        (folder / "some.wpvars").write_text('x = "file"\n')
    return {
        "server": (InputValue("x", "server", source=VariableSource.SERVER),) if "server" in present else (),
        "environment": {"WP_VAR_x": "environment"} if "environment" in present else {},
        "given": collect(
            environment,
            [folder / "some.wpvars"] if "file" in present else [],
            ["x=first", "x=flag"] if "flag" in present else [],
        ),
    }


@pytest.mark.parametrize("highest", range(len(SOURCES)))
def test_a_later_source_wins(highest: int, tmp_path: Path) -> None:
    project = load(DECLARED, tmp_path, **inputs_up_to(highest, tmp_path))
    assert value(project) == SOURCES[highest]


def test_all_automatic_files_count_in_alphabetical_order(tmp_path: Path) -> None:
    (tmp_path / "b.auto.wpvars").write_text('x = "b"\ny = "only b"\n')
    (tmp_path / "a.auto.wpvars.json").write_text('{"x": "a", "z": "${only a}"}')
    (tmp_path / "c.wpvars").write_text('x = "not automatic"\n')
    text = DECLARED + 'variable "y" {\n}\nvariable "z" {\n  type = string\n}\n'
    project = load(text, tmp_path)
    assert [value(project, name) for name in "xyz"] == ["b", "only b", "${only a}"]


def test_names_of_the_environment_in_order_and_not_empty(tmp_path: Path) -> None:
    project = load(DECLARED, tmp_path, environment={"OTHER_X": "", "THIRD_X": "third"})
    assert value(project) == "third"
    assert value(load(DECLARED, tmp_path, environment={"WP_VAR_x": "", "OTHER_X": "o", "THIRD_X": "t"})) == "o"


def test_an_empty_string_from_the_command_lines_environment_is_a_value(tmp_path: Path) -> None:
    assert value(load(DECLARED, tmp_path, given=collect({"WP_VAR_x": ""}, [], []))) == ""


@pytest.mark.parametrize(
    ("declaration", "text", "expected"),
    [
        ("type = string", "8080", "8080"),
        ("type = number", "8080", 8080),
        ("type = bool", "true", True),
        ("type = bool", "1", True),
        ("type = list(string)", '["a", "b"]', ["a", "b"]),
        ("type = map(number)", "{ a = 1 }", {"a": 1}),
        ("type = object({ a = string })", '{"a": "x", "b": 1}', {"a": "x"}),
        ("type = any", "abc", "abc"),
        ("type = any", "[1]", [1]),
        ("", "5", "5"),
        ('default = ["a"]', '["a", "b"]', ["a", "b"]),
        ("default = null", "abc", "abc"),
        ("default = 1", "2", 2),
    ],
)
def test_text_becomes_the_declared_type(declaration: str, text: str, expected: object, tmp_path: Path) -> None:
    project = load(
        f'project = "p"\nvariable "x" {{\n  {declaration}\n}}\n', tmp_path, given=collect({}, [], [f"x={text}"])
    )
    assert value(project) == expected


def test_a_value_of_the_wrong_type_names_variable_source_and_types(tmp_path: Path) -> None:
    project = load('project = "p"\nvariable "x" {\n  type = number\n}\n', tmp_path, given=collect({}, [], ["x=many"]))
    with pytest.raises(Diagnostics) as caught:
        project.check_variables()
    text = caught.value.render()
    assert "Flag -var x" in text
    assert '"x"' in text
    assert "number" in text


def test_an_undeclared_variable_is_an_error_for_flags_and_a_warning_elsewhere(tmp_path: Path) -> None:
    stray = InputValue("typo", "1", source=VariableSource.SERVER)
    project = load(DECLARED, tmp_path, server=(stray,), given=collect({"WP_VAR_y": "1"}, [], []))
    project.check_variables()
    assert len(project.warnings) == 2
    project = load(DECLARED, tmp_path, given=collect({}, [], ["xx=1"]))
    with pytest.raises(Diagnostics, match='Did you mean "x"'):
        project.check_variables()


def test_a_missing_value_is_an_error_only_where_it_is_used(tmp_path: Path) -> None:
    text = (
        'project = "p"\nvariable "x" {\n}\n'
        'app "a" {\n  build {\n    use "docker" {}\n  }\n  deploy {\n    use "docker" {\n'
        "      image = var.x\n    }\n  }\n}\n"
    )
    app = load(text, tmp_path).app("a")
    assert app.build is not None
    stage = app.deploy
    assert stage is not None
    with pytest.raises(Diagnostics, match="-var x=VALUE"):
        stage.use.decode(wp_config.Schema((wp_config.Attribute("image"),)))


def test_values_are_reported_with_source_and_form(tmp_path: Path) -> None:
    text = (
        'project = "p"\n'
        'variable "secret" {\n  default = "s3cret"\n  sensitive = true\n}\n'
        'variable "list" {\n  default = [1]\n  sensitive = true\n}\n'
        'variable "nothing" {\n  type = number\n  default = null\n}\n'
        'variable "half" {\n  default = 0.5\n}\n'
        'variable "flag" {\n  default = true\n}\n'
    )
    project = load(text, tmp_path, cookie="salt", given=collect({}, [], ["flag=false"]))
    digest = lambda text: hashlib.sha256(b"salt" + text).hexdigest()  # noqa: E731
    assert project.variables.final() == (
        FinalValue("flag", False, ValueForm.BOOL, VariableSource.CLI),
        FinalValue("half", "0.5", ValueForm.HCL, VariableSource.DEFAULT),
        FinalValue("list", digest(b"[1]"), ValueForm.STR, VariableSource.DEFAULT, sensitive=True),
        FinalValue("nothing", None, ValueForm.STR, VariableSource.DEFAULT),
        FinalValue("secret", digest(b"s3cret"), ValueForm.STR, VariableSource.DEFAULT, sensitive=True),
    )


def test_a_dynamic_default_is_asked_for_only_when_nothing_else_gives_a_value(tmp_path: Path) -> None:
    text = (
        'project = "p"\nvariable "x" {\n  default = dynamic("vault", { path = "p" })\n  type = string\n}\n'
        'variable "y" {\n  default = configdynamic("vault", { path = "q" })\n  type = list(string)\n}\n'
    )
    asked: list[tuple[str, Mapping[str, str]]] = []

    def fetch(source: str, settings: Mapping[str, str]) -> str:
        asked.append((source, settings))
        return '["a"]'

    project = load(text, tmp_path, fetch=fetch, given=collect({}, [], ["x=given"]))
    assert value(project) == "given"
    assert value(project, "y") == ["a"]
    assert asked == [("vault", {"path": "q"})]
    local = load(text, tmp_path)
    local.check_variables()
    assert "-local=false" in local.variables.missing["x"]


def test_validation_blocks(tmp_path: Path) -> None:
    text = (
        'project = "p"\nvariable "x" {\n  default = 5\n  validation {\n    condition     = var.x > 3\n'
        '    error_message = "must be more than 3"\n  }\n}\n'
    )
    assert value(load(text, tmp_path)) == 5
    with pytest.raises(Diagnostics, match="must be more than 3"):
        value(load(text, tmp_path, given=collect({}, [], ["x=2"])))


def test_values_files_hold_only_values(tmp_path: Path) -> None:
    path = tmp_path / "a.wpvars"
    path.write_text('x = 1\nvariable "y" {\n}\nblock {\n}\nz = upper("a")\n')
    with pytest.raises(Diagnostics) as caught:
        read_values_file(path, VariableSource.FILE)
    assert [item.summary for item in caught.value.errors] == [
        "Variable declaration in a values file",
        "Unexpected block",
        "Function calls not allowed",
    ]
    with pytest.raises(Diagnostics, match=r"missing\.wpvars"):
        collect({}, [tmp_path / "missing.wpvars"], [])
    with pytest.raises(Diagnostics, match="name=value"):
        collect({}, [], ["novalue"])
