"""Running one build: by the engine's API (classic or BuildKit), or by the docker program's buildx.

What a failing build leaves behind in the engine is removed again: the containers by the engine itself, the layers of
the steps that had succeeded by us (only those this build made; layers from the cache belong to somebody else).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import docker.errors

from wp_plugins.docker import engine as engines
from wp_plugins.docker import layers
from wp_plugins.docker.build_context import BuildContext, pack
from wp_plugins.docker.buildkit import BuildKitBuild, BuildxOutput
from wp_plugins.docker.engine import Engine
from wp_plugins.docker.progress import ClassicBuild
from wp_sdk.component import Context, PluginError
from wp_sdk.terminal import RunningStep


@dataclass(frozen=True)
class BuildRequest:
    """What to build, engine-independent. A build argument of None takes its value from our environment.

    The image gets no name here: it is named when everything has worked.
    """

    dockerfile_name: str
    build_args: Mapping[str, str | None] = field(default_factory=dict)
    target: str = ""
    platform: str = ""
    no_cache: bool = False
    pull: bool = False
    network: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    cache_from: tuple[str, ...] = ()
    registry_config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def resolved_args(self, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Build arguments with values; one that neither the configuration nor the environment gives is left out."""
        given = {name: environment.get(name) if value is None else value for name, value in self.build_args.items()}
        return {name: value for name, value in given.items() if value is not None}


def by_api(
    engine: Engine, ctx: Context, step: RunningStep | None, request: BuildRequest, archive: IO[bytes], *, buildkit: bool
) -> str:
    """Build from a tar, showing it in `step`; returns the image's id.

    Raises PluginError with the failing step and its last lines.
    """
    output = BuildKitBuild() if buildkit else ClassicBuild()
    header = urlsafe_b64encode(json.dumps(request.registry_config).encode()).decode()
    done = False
    try:
        for record in engine.stream(
            ctx,
            "/build",
            params=_parameters(request, buildkit=buildkit),
            headers={"Content-Type": "application/x-tar", "X-Registry-Config": header},
            body=archive,
        ):
            known = len(output.made)
            text = output.read(record)
            for layer in output.made[known:]:
                engine.on_layer(layer)
            if step is not None:
                step.output(text)
        if output.error:
            raise _failed(output.step, output.error, list(output.lines))
        done = True
    except docker.errors.APIError as error:
        raise _failed("", engines.said(error), []) from error
    finally:
        if not done:
            layers.remove(engine, output.made)
    if not output.image_id:
        raise _failed(output.step, "the engine did not say which image it made", list(output.lines))
    return output.image_id


def has_buildx() -> bool:
    """True when the docker program is here and has the buildx plugin."""
    program = shutil.which("docker")
    if program is None:
        return False
    try:
        found = subprocess.run([program, "buildx", "version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0


def by_buildx(
    ctx: Context,
    step: RunningStep,
    request: BuildRequest,
    context: BuildContext,
    extra: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
) -> str:
    """Build with the docker program; returns the image's id. `extra` are further arguments of `docker buildx build`,
    `outputs` what it shall give besides the image. Relative paths in them start at the project's folder.

    The program finds credentials in its own configuration; `request.registry_config`, when there is one, is put in
    their place. Raises PluginError as `by_api` does.
    """
    with tempfile.TemporaryDirectory(prefix="waypoint-build-") as folder:
        answer = Path(folder) / "image-id"
        environment = {**os.environ}
        if request.registry_config:
            environment["DOCKER_CONFIG"] = str(_configuration(Path(folder) / "config", request.registry_config))
        command = [
            "docker",
            "buildx",
            "build",
            "--progress=plain",
            f"--file={context.dockerfile.absolute()}",
            *_arguments(request),
        ]
        # Only one output of a build is what all versions can, so each is a build of its own; only the first one works,
        # the others find everything in its cache. The image comes last: it is not there when an output failed.
        fresh = (["--no-cache"] if request.no_cache else []) + (["--pull"] if request.pull else [])
        for output in outputs:
            _run_buildx(ctx, step, [*command, *fresh, *extra, f"--output={output}"], context, environment)
            fresh = []
        _run_buildx(ctx, step, [*command, *fresh, *extra, "--load", f"--iidfile={answer}"], context, environment)
        return answer.read_text().strip()


def _run_buildx(
    ctx: Context, step: RunningStep, command: list[str], context: BuildContext, environment: Mapping[str, str]
) -> None:
    output = BuildxOutput()
    with (
        subprocess.Popen(
            [*command, str(context.folder.absolute())],
            cwd=context.project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
        ) as process,
        ctx.on_cancel(process.terminate),
    ):
        if process.stdout is None:
            raise RuntimeError("the program's output is a pipe")
        for line in process.stdout:
            step.output(line)
            output.read(line.decode("utf-8", "replace").rstrip("\r\n"))
    ctx.raise_if_cancelled()
    if process.returncode != 0:
        raise _failed(
            output.step, output.error or f"docker buildx ended with status {process.returncode}", list(output.lines)
        )


def _configuration(folder: Path, registry_config: Mapping[str, Mapping[str, str]]) -> Path:
    """A folder that is the docker program's own configuration, but with these credentials and no others."""
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    folder.mkdir(mode=0o700)
    settings: dict[str, object] = {}
    if own.is_dir():
        for entry in own.iterdir():
            if entry.name != "config.json":
                (folder / entry.name).symlink_to(entry.absolute())
        with contextlib.suppress(OSError, ValueError):
            settings = dict(json.loads((own / "config.json").read_text()))
    settings = {name: value for name, value in settings.items() if name not in {"credsStore", "credHelpers"}}
    settings["auths"] = {name: _as_in_file(each) for name, each in registry_config.items()}
    file = folder / "config.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(settings))
    return folder


def _as_in_file(credentials: Mapping[str, str]) -> dict[str, str]:
    """Credentials as the configuration file has them: name and password in base64, tokens by name."""
    kept = {name: credentials[name] for name in ("identitytoken", "registrytoken") if name in credentials}
    pair = f"{credentials.get('username', '')}:{credentials.get('password', '')}"
    return kept or {"auth": b64encode(pair.encode()).decode()}


def pack_and_build(
    engine: Engine, ctx: Context, step: RunningStep, request: BuildRequest, context: BuildContext, *, buildkit: bool
) -> str:
    """Send the context to the engine and build it there."""
    with pack(context) as archive:
        return by_api(engine, ctx, step, request, archive, buildkit=buildkit)


def _parameters(request: BuildRequest, *, buildkit: bool) -> list[tuple[str, str]]:
    parameters = [
        ("dockerfile", request.dockerfile_name),
        ("rm", "1"),
        ("forcerm", "1"),
        ("version", "2" if buildkit else "1"),
        ("target", request.target),
        ("platform", request.platform),
        ("nocache", "1" if request.no_cache else ""),
        ("pull", "1" if request.pull else ""),
        ("networkmode", request.network),
        ("buildargs", json.dumps(request.resolved_args())),
        ("labels", json.dumps(dict(sorted(request.labels.items())))),
        ("cachefrom", json.dumps(list(request.cache_from)) if request.cache_from else ""),
    ]
    return [(name, value) for name, value in parameters if value]


def _arguments(request: BuildRequest) -> list[str]:
    arguments = [f"--build-arg={name}={value}" for name, value in request.resolved_args().items()]
    arguments += [f"--label={name}={value}" for name, value in sorted(request.labels.items())]
    arguments += [f"--cache-from={source}" for source in request.cache_from]
    for flag, value in (("target", request.target), ("platform", request.platform), ("network", request.network)):
        arguments += [f"--{flag}={value}"] if value else []
    return arguments


def _failed(step: str, error: str, lines: list[str]) -> PluginError:
    return PluginError(
        f"The build failed: {error}",
        where=step,
        do="Correct the Dockerfile or what the step runs",
        output="\n".join(lines),
    )
