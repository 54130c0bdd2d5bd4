"""Making an image the application's: the entrypoint in it, our labels on it, a name. Does what `injection` plans, on an
engine: one small build on top of the image, or a commit where that would change the image otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker.errors

from wp_plugins.docker import build, build_context, images, injection, labels
from wp_plugins.docker.build import BuildRequest
from wp_plugins.docker.engine import Engine, said
from wp_plugins.docker.injection import ImageConfig, Program
from wp_sdk.component import Context, EntrypointFile, JobInfo, PluginError
from wp_sdk.terminal import Steps

_CONSEQUENCE = "`waypoint exec`, `logs` and `config` will not reach this app"


TAG_LENGTH = 12
"""Hexadecimal digits of an image's id that become its own, never reused tag."""


@dataclass(frozen=True)
class Finished:
    """The application's image: `tag` is its own, no later build takes it. `warning` says why it has no entrypoint,
    when it should have one."""

    tag: str
    warning: str = ""


def finish(
    engine: Engine,
    ctx: Context,
    steps: Steps,
    image: ImageConfig,
    entrypoint: EntrypointFile | None,
    job: JobInfo,
    name: str,
    extra_tags: tuple[str, ...] = (),
) -> Finished:
    """Make a built or pulled image the application's: the entrypoint in it (None: not wanted), our labels on it, and
    the name `name`, with a tag made of its content, `latest`, and `extra_tags`."""
    image_id, warning = image.id, ""
    if entrypoint is not None:
        with steps.step("Injecting Waypoint Entrypoint...") as step:
            image_id, warning = _ensure_entrypoint(engine, ctx, image, entrypoint, labels.of(job))
            if warning:
                step.warn("The Waypoint Entrypoint was not injected")
    if image_id == image.id:
        image_id = _ensure_labels(engine, ctx, image, labels.of(job))
    tag = image_id.removeprefix("sha256:")[:TAG_LENGTH]
    images.name_image(engine, image_id, *(images.reference(name, each) for each in (tag, "latest", *extra_tags)))
    return Finished(tag, warning)


def _ensure_entrypoint(
    engine: Engine, ctx: Context, image: ImageConfig, entrypoint: EntrypointFile, own_labels: Mapping[str, str]
) -> tuple[str, str]:
    """Id of the image with the entrypoint, and a warning. Injecting again gives the same image; one that has it already
    stays as it is.

    An image that no entrypoint at hand can run in is left as it is, with a warning: an application without logs and
    exec is better than none.
    """
    if image.injected:
        return image.id, ""
    if entrypoint.path is None or not entrypoint.path.is_file():
        return image.id, f"There is no Waypoint entrypoint to inject: {_CONSEQUENCE}"
    executable = injection.executable_for(entrypoint.path, image.architecture)
    given = executable or Program(entrypoint.path.read_bytes())
    marked = {**own_labels, labels.BASE_IMAGE: image.id, labels.ENTRYPOINT: given.digest}
    known = _injected_before(engine, marked)
    if known is not None:
        return known, ""
    program = executable or _zipapp(engine, image, entrypoint.path, own_labels)
    if program is None:
        return image.id, _why_not(image, entrypoint.path)
    return _add_layer(engine, ctx, image, program, marked), ""


def _ensure_labels(engine: Engine, ctx: Context, image: ImageConfig, own_labels: Mapping[str, str]) -> str:
    if own_labels.items() <= dict(image.labels).items():
        return image.id
    return _add_layer(engine, ctx, image, None, own_labels)


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
        engine.api.remove_container(container, force=True, v=True)
    return injection.zipapp_for(artifact, python) if python is not None else None


def _add_layer(
    engine: Engine, ctx: Context, image: ImageConfig, program: Program | None, marked: Mapping[str, str]
) -> str:
    """The image with the program (None: only the labels) on top. Images with ONBUILD are committed: a build would run
    these instructions now and drop them."""
    files = {injection.ENTRYPOINT_PATH[1:]: (program.content, program.mode)} if program is not None else {}
    if image.on_build:
        return _commit(engine, image, files, marked)
    text = injection.dockerfile(image, marked, with_program=program is not None)
    request = BuildRequest(dockerfile_name="Dockerfile")
    with build_context.pack_files({"Dockerfile": (text.encode(), 0o644), **files}) as archive:
        return build.by_api(engine, ctx, None, request, archive, buildkit=False)


def _commit(engine: Engine, image: ImageConfig, files: dict[str, tuple[bytes, int]], marked: Mapping[str, str]) -> str:
    inspected = engine.inspect_image(image.id)
    config = dict((inspected or {}).get("Config") or {})
    config["Entrypoint"] = injection.new_entrypoint(image) if files else list(image.entrypoint)
    config["Labels"] = {**image.labels, **marked}
    container = _create(engine, image, marked)
    try:
        with build_context.pack_files(files) as archive:
            engine.api.put_archive(container, "/", archive)
        made = engine.api.commit(container, message="Inject the Waypoint entrypoint", conf=config)
    finally:
        engine.api.remove_container(container, force=True, v=True)
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
