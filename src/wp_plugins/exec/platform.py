"""Running the configured command, with its arguments and template files rendered for this deployment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from wp_plugins.exec.gofunctions import Value
from wp_plugins.exec.gorender import render
from wp_plugins.exec.gotemplate import TemplateError
from wp_proto.plugins import docker_pb2, exec_pb2, files_pb2
from wp_proto.sdk import plugin_pb2
from wp_sdk.component import UI, Context, DeploymentConfig, JobInfo, PluginError, Source
from wp_sdk.schema import attr, block
from wp_sdk.terminal import RunningStep

TEMPLATE_MARK = "<TPL>"  # in an argument: the path of the rendered template
LAST_LINES = 30
STOP_SECONDS = 5.0  # between the polite and the forced end of a cancelled command


@dataclass(frozen=True)
class Template:
    """A file, or a folder of files, rendered before the command runs."""

    path: str = attr(doc="File or folder; relative to the application's folder.")


@dataclass(frozen=True)
class PlatformConfig:
    """Deploy by running a command; its arguments and a template file may refer to the artifact and the deployment.

    Arguments and files are Go templates with `.Input` (fields of the artifact), `.Env` (the entrypoint's variables) and
    `.Workspace`. `<TPL>` in an argument is the path of the rendered template.
    """

    command: list[str] = attr(doc="Program and arguments.")
    dir: str = attr(doc="Working directory; the application's folder when not set.", default="")
    template: Template | None = block(doc="File or folder to render.", default=None)
    env: dict[str, str] = attr(doc="Environment variables of the command.", default_factory=dict)
    destroy_command: list[str] = attr(doc="Program and arguments that undo the deployment.", default_factory=list)
    status_command: list[str] = attr(
        doc='Program that prints the status as JSON: `{"health": "READY", "message": "…"}`.', default_factory=list
    )

    def __post_init__(self) -> None:
        """Refuse a configuration without a command."""
        if not self.command:
            raise ValueError("`command` is empty: name the program that deploys the application")


def deploy(
    config: PlatformConfig,
    ctx: Context,
    ui: UI,
    artifact: exec_pb2.Input,
    source: Source,
    job: JobInfo,
    deployment: DeploymentConfig,
) -> exec_pb2.Deployment:
    """Run the command; raises ``PluginError`` with its last lines when it fails."""
    data: dict[str, Value] = {
        "Input": {name: value.text for name, value in artifact.data.items()},
        "Env": deployment.env(),
        "Workspace": job.workspace,
    }
    with _rendered(config.template, source.path, data) as template:
        arguments = _arguments(config.command, template, data)
        _run(ctx, ui, arguments, _folder(config, source), {**config.env, **deployment.env()})
    return exec_pb2.Deployment()


def destroy(config: PlatformConfig, ctx: Context, ui: UI, source: Source, job: JobInfo) -> None:
    """Run ``destroy_command``; without one, say that what the command made stays."""
    if not config.destroy_command:
        ui.warn("exec has no `destroy_command`: what the command created is still there")
        return
    arguments = _arguments(config.destroy_command, None, {"Input": {}, "Env": {}, "Workspace": job.workspace})
    _run(ctx, ui, arguments, _folder(config, source), config.env)


def status(config: PlatformConfig, source: Source, job: JobInfo) -> plugin_pb2.StatusReport:
    """What ``status_command`` prints; without one the health is unknown."""
    report = plugin_pb2.StatusReport(external=True)
    report.generated_time.GetCurrentTime()
    if not config.status_command:
        report.health_message = "exec has no `status_command`"
        return report
    arguments = _arguments(config.status_command, None, {"Input": {}, "Env": {}, "Workspace": job.workspace})
    try:
        run = subprocess.run(
            arguments,
            cwd=_folder(config, source),
            env={**os.environ, **config.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=60,
        )
        said = json.loads(run.stdout)
        report.MergeFrom(plugin_pb2.StatusReport(health=said["health"]))
        report.health_message = str(said.get("message", ""))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, KeyError) as error:
        raise PluginError(
            f"`status_command` gave no usable answer: {error}",
            where=" ".join(config.status_command),
            do='Let it print JSON such as {"health": "READY"}',
        ) from error
    return report


def image_to_input(image: docker_pb2.Image) -> exec_pb2.Input:
    """A Docker image as template input: full reference, name and tag."""
    full = f"{image.image}:{image.tag}" if image.tag else image.image
    return _input({"DockerImageFull": full, "DockerImageName": image.image, "DockerImageTag": image.tag})


def files_to_input(files: files_pb2.Files) -> exec_pb2.Input:
    """A folder as template input (own addition)."""
    return _input({"Path": files.path})


def _input(texts: Mapping[str, str]) -> exec_pb2.Input:
    return exec_pb2.Input(data={name: exec_pb2.Input.Value(text=text) for name, text in texts.items()})


def _folder(config: PlatformConfig, source: Source) -> Path:
    folder = source.path / config.dir
    if not folder.is_dir():
        raise PluginError(f"The folder {folder} does not exist", where="dir")
    return folder


def _arguments(command: Sequence[str], template: Path | None, data: Mapping[str, Value]) -> list[str]:
    rendered = []
    for number, argument in enumerate(command):
        if template is not None:
            argument = argument.replace(TEMPLATE_MARK, str(template))
        elif TEMPLATE_MARK in argument:
            raise PluginError(f"{TEMPLATE_MARK} needs a `template` block", where=f"command[{number}]")
        rendered.append(_render(argument, data, f"command[{number}]"))
    if shutil.which(rendered[0]) is None:
        raise PluginError(f"The program {rendered[0]!r} was not found on PATH", where="command[0]")
    return rendered


def _render(text: str, data: Mapping[str, Value], name: str) -> str:
    try:
        return render(text, data, name)
    except TemplateError as error:
        raise PluginError(str(error)) from error


@contextmanager
def _rendered(template: Template | None, base: Path, data: Mapping[str, Value]) -> Iterator[Path | None]:
    """The rendered file or folder in a temporary place that goes away afterwards."""
    if template is None:
        yield None
        return
    origin = base / template.path
    if not origin.exists():
        raise PluginError("The template does not exist", where=str(origin), do="Correct `template.path`")
    with tempfile.TemporaryDirectory(prefix="waypoint-exec-") as folder:
        target = Path(folder) / origin.name
        files = [origin] if origin.is_file() else [path for path in origin.rglob("*") if path.is_file()]
        if origin.is_dir():
            target.mkdir()
        for file in files:
            goal = target / file.relative_to(origin) if origin.is_dir() else target
            goal.parent.mkdir(parents=True, exist_ok=True)
            try:
                text = file.read_text("utf-8")
            except UnicodeDecodeError as error:
                raise PluginError("The template is not UTF-8 text", where=str(file)) from error
            goal.write_text(_render(text, data, str(file)), "utf-8")
            shutil.copymode(file, goal)
        yield target


def _run(ctx: Context, ui: UI, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    program = Path(arguments[0]).name
    with ui.step(f"Running {program}...") as step:
        try:
            process = subprocess.Popen(
                arguments,
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise PluginError(f"{program} cannot be started: {error.strerror}", where=arguments[0]) from error
        with process, ctx.on_cancel(_ender(process)):
            last = _copy(process, step)
        ctx.raise_if_cancelled()
        if process.returncode:
            raise PluginError(f"{program} ended with status {process.returncode}", output="\n".join(last))
        step.done(f"{program} finished")


def _copy(process: subprocess.Popen[bytes], step: RunningStep) -> list[str]:
    """Show the output as it comes; returns its last lines."""
    assert process.stdout is not None
    tail = b""
    while chunk := os.read(process.stdout.fileno(), 65536):
        step.output(chunk)
        tail = (tail + chunk)[-64 * 1024 :]
    process.wait()
    return tail.decode("utf-8", "replace").splitlines()[-LAST_LINES:]


def _ender(process: subprocess.Popen[bytes]) -> Callable[[], None]:
    """What ends the command's process group: politely, and by force when that takes too long."""

    def end() -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

    return end
