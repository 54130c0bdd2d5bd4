"""`build { use "docker-pull" {} }` (plugins specification 1.5). The image it was made from keeps its own name."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty

from wp_plugins.docker import credentials, engine, images, inject, injection, leftovers
from wp_plugins.docker.credentials import Auth, Given
from wp_plugins.docker.engine import ClientConfig, Json
from wp_plugins.docker.reference import local_name
from wp_proto.plugins.docker_pb2 import Image
from wp_sdk.component import UI, Context, EntrypointFile, JobInfo, PluginError, Result, Source
from wp_sdk.schema import attr, block


@dataclass(frozen=True)
class BuilderConfig:
    """Pull an existing Docker image and inject the Waypoint entrypoint."""

    image: str = attr(doc="Repository, without tag")
    tag: str = attr(doc="Tag or digest")
    disable_entrypoint: bool = attr(doc="Do not put the Waypoint entrypoint into the image", default=False)
    encoded_auth: str = attr(doc="Credentials as base64 of a JSON object; wins over auth", default="", sensitive=True)
    auth: Auth | None = block(doc="Credentials; docker's own configuration when left out", default=None)
    platform: str = attr(doc="Platform to pull, such as linux/arm64; the engine's own when left out", default="")
    client_config: ClientConfig | None = block(doc="Which engine to use; the environment's when left out", default=None)


def build(
    config: BuilderConfig,
    ctx: Context,
    ui: UI,
    source: Source,
    job: JobInfo,
    entrypoint: EntrypointFile,
    has_registry: bool,
) -> Result[Image]:
    """Return the image as this engine has it, or only its name when there is nothing to do with it."""
    wanted = images.reference(config.image, config.tag)
    if config.disable_entrypoint and not has_registry:
        with ui.step(f"Using Docker image {wanted}"):
            value = Image(image=config.image, tag=config.tag)
            value.registry.SetInParent()
        return Result(value, extra_template={"name": str(wanted)})
    name = local_name(source.app)
    with ui.steps() as steps:
        with steps.step("Initializing Docker client..."):
            connected = engine.connect(config.client_config)
        with connected, engine.failures(connected.address), leftovers.noted(connected, job):
            with steps.step(f"Pulling image {wanted}...") as step:
                login = credentials.resolve(wanted.registry, Given(config.encoded_auth, config.auth))
                images.pull(connected, ctx, step, wanted, login, config.platform)
                step.done(f"Pulled image {wanted}")
            inspected = connected.inspect_image(str(wanted))
            if inspected is None:
                raise PluginError(f"The engine pulled {wanted} but does not have it", do="Try again")
            _require_platform(config.platform, inspected, str(wanted))
            image = injection.image_config(inspected)
            given = None if config.disable_entrypoint else entrypoint
            finished = inject.finish(connected, ctx, steps, image, given, job, name)
    if finished.warning:
        ui.warn(finished.warning)
    value = Image(image=name, tag=finished.tag, architecture=image.architecture, docker=Empty())
    return Result(value, extra_template={"name": f"{name}:{finished.tag}"})


def _require_platform(wanted: str, inspected: Json, image: str) -> None:
    """An engine takes an image's only variant whatever was asked for."""
    found = f"{inspected.get('Os', '')}/{inspected.get('Architecture', '')}"
    if wanted and wanted.lower().split("/")[:2] != found.split("/"):
        raise PluginError(
            f"There is no {wanted} variant, only {found}", where=image, do="Correct `platform` or the image"
        )


def destroy_workspace(config: BuilderConfig, job: JobInfo) -> None:
    """Remove what killed builds left; images stay."""
    connected = engine.connect(config.client_config)
    with connected, engine.failures(connected.address):
        leftovers.sweep(connected, job)
