"""`build { use "docker" {} }`: an image from a Dockerfile, with the Waypoint entrypoint in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty

from wp_plugins.docker import build as builds
from wp_plugins.docker import credentials, dockerfile, engine, inject, injection, labels, leftovers
from wp_plugins.docker.build import BuildRequest
from wp_plugins.docker.build_context import BuildContext, locate
from wp_plugins.docker.credentials import Auth
from wp_plugins.docker.engine import Engine
from wp_plugins.docker.reference import local_name, parse
from wp_proto.plugins.docker_pb2 import Image
from wp_sdk.component import UI, Context, EntrypointFile, JobInfo, PluginError, Result, Source
from wp_sdk.schema import attr, block
from wp_sdk.terminal import RunningStep


@dataclass(frozen=True)
class BuilderConfig:
    """Build a Docker image from a Dockerfile."""

    dockerfile: str = attr(doc="Path of the Dockerfile, relative to the application's folder", default="")
    context: str = attr(
        doc="Folder to build, relative to the project's folder; the application's folder when left out", default=""
    )
    build_args: dict[str, str | None] = attr(
        doc="Build arguments; null takes the value from the environment", default_factory=dict
    )
    target: str = attr(doc="Stage of a multi-stage Dockerfile to build", default="")
    platform: str = attr(doc="Platform to build for, such as linux/arm64; needs BuildKit", default="")
    no_cache: bool = attr(doc="Do not use cached layers", default=False)
    buildkit: bool | None = attr(
        doc="Build with BuildKit; when left out, if the engine prefers it and the docker program can drive it",
        default=None,
    )
    disable_entrypoint: bool = attr(doc="Do not put the Waypoint entrypoint into the image", default=False)
    disable_ceb: bool = attr(
        doc="Earlier name of disable_entrypoint",
        default=False,
        deprecated="Use disable_entrypoint in place of disable_ceb",
    )
    auth: Auth | None = block(
        doc="Credentials for pulling base images, on top of docker's own configuration", default=None
    )
    pull: bool = attr(doc="Always look for newer base images", default=False)
    network: str = attr(doc="Network mode of the steps, such as host or none", default="")
    labels: dict[str, str] = attr(doc="Labels of the image", default_factory=dict)
    cache_from: list[str] = attr(doc="Images whose layers may be used as cache", default_factory=list)
    extra_tags: list[str] = attr(doc="More tags of the image in the engine", default_factory=list)
    secrets: list[str] = attr(
        doc="BuildKit secrets, such as id=token,src=token.txt or id=token,env=TOKEN", default_factory=list
    )
    ssh: list[str] = attr(doc="BuildKit ssh forwardings, such as default", default_factory=list)
    cache_to: list[str] = attr(doc="Where BuildKit keeps its cache", default_factory=list)
    outputs: list[str] = attr(
        doc="What the build gives besides the image, such as type=local,dest=out; needs BuildKit", default_factory=list
    )


def build(
    config: BuilderConfig, ctx: Context, ui: UI, source: Source, job: JobInfo, entrypoint: EntrypointFile
) -> Result[Image]:
    """Build the application's image in the engine; returns it under a tag of its own, that no later build takes."""
    name = local_name(source.app)
    context = locate(source.path, config.context, config.dockerfile)
    with ui.steps() as steps:
        with steps.step("Initializing Docker client..."):
            connected = engine.connect()
        with connected, engine.failures(connected.address), leftovers.noted(connected, job):
            with steps.step("Building image...") as step:
                request = _request(config, context, job)
                built = _build(connected, ctx, step, config, request, context)
            image = _inspect(connected, built)
            wanted = None if config.disable_entrypoint or config.disable_ceb else entrypoint
            finished = inject.finish(connected, ctx, steps, image, wanted, job, name, tuple(config.extra_tags))
    if finished.warning:
        ui.warn(finished.warning)
    if not image.has_command:
        ui.warn("The image has no command; it can only run with `command` set in the deploy stanza")
    ui.info(f"Image built: {name}:{finished.tag} ({image.architecture})")
    value = Image(image=name, tag=finished.tag, architecture=image.architecture, docker=Empty())
    return Result(value, extra_template={"name": f"{name}:{finished.tag}"})


def destroy_workspace(job: JobInfo) -> None:
    """Remove what killed builds left; images stay."""
    connected = engine.connect()
    with connected, engine.failures(connected.address):
        leftovers.sweep(connected, job)


def _request(config: BuilderConfig, context: BuildContext, job: JobInfo) -> BuildRequest:
    text = context.dockerfile.read_text(errors="replace")
    request = BuildRequest(
        dockerfile_name=context.dockerfile_name,
        build_args=config.build_args,
        target=config.target,
        platform=config.platform,
        no_cache=config.no_cache,
        pull=config.pull,
        network=config.network,
        labels={**config.labels, **labels.of(job)},
        cache_from=tuple(config.cache_from),
    )
    registries: dict[str, None] = {}
    for used in dockerfile.images_used(text, request.resolved_args()):
        try:
            registries[parse(used).registry] = None
        except ValueError:
            continue  # the engine will say what is wrong with it, and where
    return dataclasses.replace(request, registry_config=credentials.for_build(registries, config.auth))


def _build(
    connected: Engine,
    ctx: Context,
    step: RunningStep,
    config: BuilderConfig,
    request: BuildRequest,
    context: BuildContext,
) -> str:
    needs_program = [name for name in ("secrets", "ssh", "cache_to", "outputs") if getattr(config, name)]
    if config.buildkit is False and (config.platform or needs_program):
        raise PluginError(f"{', '.join(needs_program) or 'platform'} needs BuildKit", do="Remove buildkit = false")
    wanted = config.buildkit or bool(config.platform or needs_program)
    if not wanted and not (config.buildkit is None and connected.prefers_buildkit):
        return builds.pack_and_build(connected, ctx, step, request, context, buildkit=False)
    if builds.has_buildx():
        if config.auth is None:
            request = dataclasses.replace(request, registry_config={})
        return builds.by_buildx(ctx, step, request, context, _program_arguments(config), tuple(config.outputs))
    if not wanted:
        return builds.pack_and_build(connected, ctx, step, request, context, buildkit=False)
    if needs_program:
        raise PluginError(
            f"{', '.join(needs_program)} needs the docker program with its buildx plugin, and there is none here",
            do="Install docker-buildx, or build without",
        )
    step.output("The docker program has no buildx plugin: building with the engine's own BuildKit, without a session\n")
    return builds.pack_and_build(connected, ctx, step, request, context, buildkit=True)


def _program_arguments(config: BuilderConfig) -> tuple[str, ...]:
    return (
        *(f"--secret={each}" for each in config.secrets),
        *(f"--ssh={each}" for each in config.ssh),
        *(f"--cache-to={each}" for each in config.cache_to),
    )


def _inspect(connected: Engine, image: str) -> injection.ImageConfig:
    inspected = connected.inspect_image(image)
    if inspected is None:
        raise PluginError("The image that was just built is gone", where=image, do="Build again")
    return injection.image_config(inspected)
