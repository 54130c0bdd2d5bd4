"""exec runs real commands with rendered arguments and templates."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from wp_plugins.exec.platform import (
    PlatformConfig,
    Template,
    deploy,
    destroy,
    files_to_input,
    image_to_input,
    status,
)
from wp_proto.plugins import docker_pb2, exec_pb2, files_pb2
from wp_proto.sdk import plugin_pb2
from wp_sdk.component import Cancelled, Context, DeploymentConfig, PluginError, Source
from wp_sdk.testing import Harness

IMAGE = image_to_input(docker_pb2.Image(image="registry/web", tag="7"))


def run(folder: Path, config: PlatformConfig, artifact: exec_pb2.Input = IMAGE, ctx: Context | None = None) -> Harness:
    harness = Harness(
        config=config,
        source=Source("web", folder),
        deployment=DeploymentConfig("01DEPLOY", "server:9701"),
        data_root=folder / "harness",
        ctx=ctx or Context(),
    )
    harness.call(deploy, artifact)
    return harness


def test_arguments_are_rendered_and_output_is_shown(tmp_path: Path) -> None:
    command = ["echo", "{{.Input.DockerImageFull}}", "{{.Env.WAYPOINT_DEPLOYMENT_ID}}", "{{.Workspace}}"]
    assert "registry/web:7 01DEPLOY default" in run(tmp_path, PlatformConfig(command=command)).text()


def test_a_template_file_is_rendered_to_a_file_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "app.yml").write_text("image: {{.Input.DockerImageName}}\n")
    config = PlatformConfig(command=["sh", "-c", "cat <TPL>; basename <TPL>"], template=Template(path="app.yml"))
    text = run(tmp_path, config).text()
    assert "image: registry/web" in text
    assert "app.yml" in text


def test_a_template_folder_is_rendered_as_a_tree(tmp_path: Path) -> None:
    (tmp_path / "k8s" / "sub").mkdir(parents=True)
    (tmp_path / "k8s" / "a").write_text("{{.Workspace}}-a ")
    (tmp_path / "k8s" / "sub" / "b").write_text("{{.Workspace}}-b")
    config = PlatformConfig(command=["sh", "-c", "cat <TPL>/a <TPL>/sub/b"], template=Template(path="k8s"))
    text = run(tmp_path, config).text()
    assert "default-a" in text
    assert "default-b" in text


def test_the_command_has_the_entrypoints_variables(tmp_path: Path) -> None:
    config = PlatformConfig(command=["sh", "-c", "echo $WAYPOINT_SERVER_ADDR $OWN"], env={"OWN": "mine"})
    assert "server:9701 mine" in run(tmp_path, config).text()


def test_a_failing_command_fails_with_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"sh ended with status 4\n(.|\n)*no cluster"):
        run(tmp_path, PlatformConfig(command=["sh", "-c", "echo no cluster; exit 4"]))


def test_a_missing_program_and_a_missing_template_are_named(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="'no-such-program' was not found on PATH"):
        run(tmp_path, PlatformConfig(command=["no-such-program"]))
    with pytest.raises(PluginError, match=r"none\.yml: The template does not exist"):
        run(tmp_path, PlatformConfig(command=["true"], template=Template(path="none.yml")))
    with pytest.raises(PluginError, match="<TPL> needs a `template` block"):
        run(tmp_path, PlatformConfig(command=["cat", "<TPL>"]))


def test_an_error_in_a_template_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "app.yml").write_text("ok\n{{ .Broken")
    with pytest.raises(PluginError, match=r"app\.yml:2: the action is not closed"):
        run(tmp_path, PlatformConfig(command=["true"], template=Template(path="app.yml")))


def test_cancelling_ends_the_command(tmp_path: Path) -> None:
    ctx = Context()
    threading.Timer(0.3, ctx.cancel).start()
    with pytest.raises(Cancelled):
        run(tmp_path, PlatformConfig(command=["sleep", "60"]), ctx=ctx)


def test_destroy_and_status_run_their_commands(tmp_path: Path) -> None:
    config = PlatformConfig(
        command=["true"],
        destroy_command=["touch", "destroyed-{{.Workspace}}"],
        status_command=["echo", '{"health": "PARTIAL", "message": "half"}'],
    )
    harness = Harness(config=config, source=Source("web", tmp_path), data_root=tmp_path / "harness")
    harness.call(destroy)
    report = harness.call(status).value
    assert (tmp_path / "destroyed-default").exists()
    assert isinstance(report, plugin_pb2.StatusReport)
    assert (report.health, report.health_message) == (plugin_pb2.StatusReport.PARTIAL, "half")


def test_a_status_command_that_talks_nonsense_is_an_error(tmp_path: Path) -> None:
    config = PlatformConfig(command=["true"], status_command=["echo", "fine"])
    with pytest.raises(PluginError, match="gave no usable answer"):
        Harness(config=config, source=Source("web", tmp_path), data_root=tmp_path / "harness").call(status)


def test_folders_can_be_deployed_too(tmp_path: Path) -> None:
    artifact = files_to_input(files_pb2.Files(path="/srv/site"))
    assert "/srv/site" in run(tmp_path, PlatformConfig(command=["echo", "{{.Input.Path}}"]), artifact).text()
