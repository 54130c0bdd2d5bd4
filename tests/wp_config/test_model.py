"""Loading: which file, laziness, scopes, selection, memory, and what callers get."""

from __future__ import annotations

from pathlib import Path

import pytest

import wp_config
from wp_config import Attribute, Context, Diagnostics, Format, PluginRole, Schema, Source, StageKind

SHAPES = Path(__file__).parent / "corpus" / "shapes"

APP = """app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {
      image = %s
    }
  }
}
"""
IMAGE = Schema((Attribute("image"),))


def load(text: str, folder: Path, **context: object) -> wp_config.Project:
    return wp_config.load(Source(text.encode(), folder), context=Context(**context))  # type: ignore[arg-type]


def test_finds_the_nearest_file_upwards_native_before_json(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert wp_config.find_file(deep, "no-such-name.hcl") is None
    (tmp_path / "waypoint.hcl.json").write_text("{}")
    assert wp_config.find_file(deep) == tmp_path / "waypoint.hcl.json"
    (tmp_path / "waypoint.hcl").write_text("")
    assert wp_config.find_file(deep) == tmp_path / "waypoint.hcl"
    (tmp_path / "a" / "waypoint.hcl.json").write_text("{}")
    assert wp_config.find_file(deep) == tmp_path / "a" / "waypoint.hcl.json"
    assert wp_config.file_in(deep) is None


def test_a_folder_of_that_name_or_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "waypoint.hcl").mkdir()
    with pytest.raises(Diagnostics, match="is a folder"):
        wp_config.load(tmp_path / "waypoint.hcl")
    with pytest.raises(Diagnostics, match="No such file"):
        wp_config.load(tmp_path / "other.hcl")
    with pytest.raises(Diagnostics, match="must end in"):
        wp_config.load(tmp_path / "other.toml")


def test_names_are_read_without_evaluating(tmp_path: Path) -> None:
    text = 'project = "p"\nvariable "v" {\n  default = file("missing")\n}\napp "a" {}\napp "b" {}\npipeline "x" {}\n'
    found = wp_config.names(Source(text.encode(), tmp_path))
    assert (found.project, found.apps, found.pipelines, found.variables) == ("p", ("a", "b"), ("x",), ("v",))
    assert wp_config.names(Source(b'project = "x-${workspace.name}"', tmp_path)).project == ""


def test_a_byte_order_mark_is_skipped_and_shifts_bytes_only(tmp_path: Path) -> None:
    with wp_config.load(Source(b'\xef\xbb\xbfproject = "p"\n', tmp_path)) as project:
        assert project.name == "p"
    with pytest.raises(Diagnostics) as caught:
        wp_config.load(Source(b"\xef\xbb\xbfproject = nothing\n", tmp_path))
    place = caught.value.errors[0].subject
    assert place is not None
    assert place.start_position == (1, 11, 13)


def test_bytes_that_are_no_text_are_shown_where_they_stand(tmp_path: Path) -> None:
    with pytest.raises(Diagnostics) as caught:
        wp_config.load(Source(b'project = "p"\n# \xff\n', tmp_path))
    place = caught.value.errors[0].subject
    assert place is not None
    assert place.start_position[:2] == (2, 3)
    assert "0xff" in caught.value.render()


def test_an_error_in_another_application_does_not_matter(tmp_path: Path) -> None:
    text = 'project = "p"\n' + APP % '"x"' + 'app "broken" {\n  path = nothing\n}\n'
    project = load(text, tmp_path)
    assert project.app("web").name == "web"
    with pytest.raises(Diagnostics, match="nothing"):
        project.app("broken")
    with pytest.raises(Diagnostics, match='It has "web", "broken"'):
        project.app("wab")


def test_nothing_of_a_use_body_is_evaluated_before_it_is_decoded(tmp_path: Path) -> None:
    stage = load('project = "p"\n' + APP % 'file("missing")', tmp_path).app("web").deploy
    assert stage is not None
    assert stage.use.plugin == "docker"
    with pytest.raises(Diagnostics, match="No such file"):
        stage.use.decode(IMAGE)


def test_what_is_unknown_yet_stays_unknown_or_is_an_error(tmp_path: Path) -> None:
    app = load('project = "p"\n' + APP % '"x-${artifact.tag}"', tmp_path).app("web")
    stage = app.stage(StageKind.DEPLOY, {"artifact": wp_config.UNKNOWN})
    assert stage is not None
    assert stage.use.decode(IMAGE, partial=True) == {"image": wp_config.UNKNOWN}
    with pytest.raises(Diagnostics, match="not known yet"):
        stage.use.decode(IMAGE)
    assert stage.use.decode(IMAGE, {"artifact": {"tag": "1"}}) == {"image": "x-1"}
    with pytest.raises(Diagnostics, match="not available in this place"):
        plain = app.deploy
        assert plain is not None
        plain.use.decode(IMAGE)


def test_a_plugin_without_configuration_takes_only_an_empty_body(tmp_path: Path) -> None:
    stage = load('project = "p"\n' + APP % '"x"', tmp_path).app("web").deploy
    assert stage is not None
    with pytest.raises(Diagnostics, match="Nothing may stand here"):
        stage.use.decode(None)


def test_labels_come_from_workspace_project_application_stage_and_overrides(tmp_path: Path) -> None:
    text = (
        'project = "p"\nlabels = { a1 = "root", a2 = "root", a3 = "root", a4 = "root" }\n'
        'app "web" {\n  labels = { a2 = "app", a3 = "app", a4 = "app" }\n'
        '  build {\n    labels = { a3 = "${app.name}-build", a4 = "build" }\n    use "docker" {}\n  }\n'
        '  deploy {\n    use "docker" {\n      image = labels.a4\n    }\n  }\n}\n'
    )
    app = load(text, tmp_path, workspace="prod", labels={"a4": "flag"}).app("web")
    stage = app.build
    assert stage is not None
    expected = {"waypoint/workspace": "prod", "a1": "root", "a2": "app", "a3": "web-build", "a4": "flag"}
    assert stage.labels == expected
    deploy = app.deploy
    assert deploy is not None
    assert deploy.use.decode(IMAGE) == {"image": "flag"}
    with pytest.raises(Diagnostics, match="reserved"):
        _ = load(text, tmp_path, labels={"waypoint/workspace": "x"}).app("web").build


def test_the_data_source_is_evaluated_when_asked_for(tmp_path: Path) -> None:
    text = (
        'project = "p"\nrunner {\n  enabled = true\n  profile = "big"\n  data_source "git" {\n'
        '    url = "https://git.example/p.git"\n    key = file("key")\n  }\n}\n' + APP % '"x"'
    )
    project = load(text, tmp_path)
    assert project.app("web").profile == "big"
    with pytest.raises(Diagnostics, match="No such file"):
        _ = project.runner
    (tmp_path / "key").write_text("secret")
    found = load(text, tmp_path).runner
    assert found.enabled
    assert found.git is not None
    assert found.git.key == "secret"
    with pytest.raises(Diagnostics, match='Did you mean "url"'):
        load(text.replace("url", "ulr"), tmp_path)


LATER = """
project = "p"
runner {
  data_source "git" {
    url = gitremoteurl("origin")
  }
}
config {
  env = {
    TAG  = gitrefpretty()
    TEXT = "v-${gitrefpretty()} ${file("x")}"
    BOTH = "${config.env.TAG} ${config.internal.pass}"
    BAD  = gitremoteurl(config.internal.pass)
  }
  internal = { pass = dynamic("vault", {}) }
}
app "web" {
  url {
    auto_hostname = fileexists("x")
  }
  build {
    use "docker" {}
  }
  deploy {
    use "docker" {}
  }
}
pipeline "p" {
  step "s" {
    image_url = file("image")
    use "exec" {
      command = file("command")
    }
  }
}
"""


def test_a_check_finds_no_fault_with_what_only_a_run_can_know(tmp_path: Path) -> None:
    found = wp_config.validate(Source(LATER.encode(), tmp_path))
    assert [str(item).partition(":")[2] for item in found.errors] == [
        '13:12: Value is not known: "gitremoteurl" cannot run in the application, and one of its arguments is known '
        "only there."
    ]


def test_the_workspace_chooses(tmp_path: Path) -> None:
    text = (
        'project = "p"\nvariable "size" {\n  default = { default = "small", prod = "large" }[workspace.name]\n}\n'
        'app "web" {\n  build {\n    use "docker" {}\n  }\n  deploy {\n    use "docker" {}\n    workspace "prod" {\n'
        '      use "kubernetes" {\n        image = var.size\n      }\n    }\n  }\n}\n'
    )
    default, prod = (load(text, tmp_path, workspace=name).app("web").deploy for name in ("default", "prod"))
    assert default is not None
    assert prod is not None
    assert (default.use.plugin, prod.use.plugin) == ("docker", "kubernetes")
    assert prod.use.decode(IMAGE) == {"image": "large"}


def test_a_job_may_say_the_projects_name(tmp_path: Path) -> None:
    assert load("", tmp_path, project="other").name == "other"


def test_the_json_form_from_the_server(tmp_path: Path) -> None:
    text = b'{"project": "p", "app": {"web": {"build": {"use": {"a": {}}}, "deploy": {"use": {"b": {}}}}}}'
    source = Source(text, tmp_path, format=Format.JSON)
    with wp_config.load(source) as project:
        assert project.app_names == ("web",)


def test_diagnostics_have_a_machine_form(tmp_path: Path) -> None:
    found = wp_config.validate(Source(b'project = "p"\napp "web" {\n  biuld {\n  }\n}\n', tmp_path))
    item = next(item for item in found if "biuld" in item.detail)
    assert item.to_json() == {
        "severity": "error",
        "summary": "Unsupported block",
        "detail": 'A block of type "biuld" is not expected here. Did you mean "build"?',
        "file": "waypoint.hcl",
        "range": {
            "start": {"line": 3, "column": 3, "byte": 28},
            "end": {"line": 3, "column": 8, "byte": 33},
        },
        "snippet": {"code": "  biuld {", "context": 'in app "web" → biuld'},
    }


def test_colour_is_only_decoration(tmp_path: Path) -> None:
    found = wp_config.validate(Source(b"project = nothing\n", tmp_path))
    coloured = found.render(colour=True)
    assert "\x1b[1;31m" in coloured
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == found.render()


def test_template_results_live_as_long_as_the_project(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("${app.name}")
    with load('project = "p"\n' + APP % 'templatefile("t")', tmp_path) as project:
        stage = project.app("web").deploy
        assert stage is not None
        path = Path(str(stage.use.decode(IMAGE)["image"]))
        assert path.read_text() == "web"
        assert str(stage.use.decode(IMAGE)["image"]) == str(path)
    assert not path.exists()


class TestShapes:
    """The shapes in which published files are written; what their bodies mean stands in the corpus."""

    def test_all_load_and_validate(self) -> None:
        paths = sorted(SHAPES.glob("*.hcl"))
        assert len(paths) == 4
        for path in paths:
            found = wp_config.validate(path)
            assert not found.errors, found.render()
            with wp_config.load(path) as project:
                for name in project.app_names:
                    app = project.app(name)
                    assert app.build is not None
                    assert app.deploy is not None

    def test_formatting_aligns_and_repeating_it_changes_nothing(self) -> None:
        from wp_config.fmt import format_source

        changed = []
        for path in sorted(SHAPES.glob("*.hcl")):
            formatted = format_source(path.read_bytes(), path.name)
            assert format_source(formatted, path.name) == formatted
            if formatted != path.read_bytes():
                changed.append(path.name)
        assert changed == ["variables.hcl", "workloads.hcl"]  # tabs, and columns that do not fit

    def test_the_plugins_are_those_of_the_use_blocks(self) -> None:
        with wp_config.load(SHAPES / "ingress.hcl") as project:
            roles = {plugin.name: plugin.roles for plugin in project.plugins}
        assert roles == {
            "pack": {PluginRole.MAPPER, PluginRole.BUILD},
            "cluster": {PluginRole.MAPPER, PluginRole.DEPLOY, PluginRole.RELEASE},
        }
