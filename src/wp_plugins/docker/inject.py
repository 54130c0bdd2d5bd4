"""Doing what `injection` plans, on an engine: one small build on top of the image, or a commit where that would change
the image otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker.errors

from wp_plugins.docker import build, build_context, injection, labels
from wp_plugins.docker.build import BuildRequest
from wp_plugins.docker.engine import Engine, said
from wp_plugins.docker.injection import ImageConfig, Program
from wp_sdk.component import Context, EntrypointFile, PluginError
from wp_sdk.terminal import RunningStep

_CONSEQUENCE = "`waypoint exec`, `logs` and `config` will not reach this app"


@dataclass(frozen=True)
class Injected:
    """The image to go on with. `warning` says why it has no entrypoint, when it has none."""

    image_id: str
    warning: str = ""


def ensure_entrypoint(
    engine: Engine,
    ctx: Context,
    step: RunningStep,
    image: ImageConfig,
    entrypoint: EntrypointFile,
    own_labels: Mapping[str, str],
) -> Injected:
    """Give the image the entrypoint. Injecting again gives the same image; one that has it already stays as it is.

    An image that no entrypoint at hand can run in is left as it is, with a warning: an application without logs and
    exec is better than none.
    """
    if image.injected:
        return Injected(image.id)
    if entrypoint.path is None or not entrypoint.path.is_file():
        return Injected(
            image.id,
            "There is no Waypoint entrypoint to inject: `waypoint exec`, `logs` and `config` will not reach this app",
        )
    marked = {
        **own_labels,
        labels.BASE_IMAGE: image.id,
        labels.ENTRYPOINT: Program(entrypoint.path.read_bytes()).digest,
    }
    known = _injected_before(engine, marked)
    if known is not None:
        return Injected(known)
    program = injection.executable_for(entrypoint.path, image.architecture) or _zipapp(
        engine, image, entrypoint.path, own_labels
    )
    if program is None:
        return Injected(image.id, _why_not(image, entrypoint.path))
    if image.on_build:
        return Injected(_commit(engine, image, program, marked))
    return Injected(_build(engine, ctx, step, image, program, marked))


def _injected_before(engine: Engine, marked: Mapping[str, str]) -> str | None:
    found = engine.api.images(filters={"label": [f"{name}={value}" for name, value in marked.items()]})
    complete = [str(each["Id"]) for each in found if _is_complete(engine, str(each["Id"]))]
    return complete[0] if complete else None


def _is_complete(engine: Engine, image_id: str) -> bool:
    """Not what an interrupted injection left behind."""
    inspected = engine.inspect_image(image_id)
    return inspected is not None and injection.image_config(inspected).injected


def _zipapp(engine: Engine, image: ImageConfig, artifact: Path, own_labels: Mapping[str, str]) -> Program | None:
    if injection.is_executable(artifact):
        return None
    container = _create(engine, image, own_labels)
    try:
        python = injection.find_python(image.environment, lambda path: engine.path_in_container(container, path))
    finally:
        engine.api.remove_container(container, force=True)
    return injection.zipapp_for(artifact, python) if python is not None else None


def _build(
    engine: Engine, ctx: Context, step: RunningStep, image: ImageConfig, program: Program, marked: Mapping[str, str]
) -> str:
    files = {
        "Dockerfile": (injection.dockerfile(image, marked).encode(), 0o644),
        injection.ENTRYPOINT_PATH[1:]: (program.content, program.mode),
    }
    request = BuildRequest(dockerfile_name="Dockerfile")
    with build_context.pack_files(files) as archive:
        return build.by_api(engine, ctx, step, request, archive, buildkit=False)


def _commit(engine: Engine, image: ImageConfig, program: Program, marked: Mapping[str, str]) -> str:
    """For images with ONBUILD: a build on top would run these instructions now and drop them."""
    inspected = engine.inspect_image(image.id)
    config = dict((inspected or {}).get("Config") or {})
    config["Entrypoint"] = injection.new_entrypoint(image)
    config["Labels"] = {**(config.get("Labels") or {}), **marked}
    container = _create(engine, image, marked)
    try:
        files = {injection.ENTRYPOINT_PATH[1:]: (program.content, program.mode)}
        with build_context.pack_files(files) as archive:
            engine.api.put_archive(container, "/", archive)
        made = engine.api.commit(container, message="Inject the Waypoint entrypoint", conf=config)
    finally:
        engine.api.remove_container(container, force=True)
    return str(made["Id"])


def _create(engine: Engine, image: ImageConfig, own_labels: Mapping[str, str]) -> str:
    """A container to look into; it is never started, and found by its labels when we are killed meanwhile."""
    command = None if image.has_command else ["/waypoint"]
    try:
        return str(engine.api.create_container(image.id, command=command, labels=dict(own_labels))["Id"])
    except docker.errors.APIError as error:
        raise PluginError(f"The image cannot be looked into: {said(error)}", where=image.id) from error


def _why_not(image: ImageConfig, artifact: Path) -> str:
    if injection.is_executable(artifact):
        return f"There is no Waypoint entrypoint for {image.architecture}: {_CONSEQUENCE}"
    return (
        f"The image has no Python 3.{injection.OLDEST_PYTHON} or newer to run the Waypoint entrypoint with: "
        f"{_CONSEQUENCE}. Add Python to the image, or set disable_entrypoint = true to build without this warning"
    )
