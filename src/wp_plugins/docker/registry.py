"""`registry { use "docker" {} }`: names the built image and pushes it where platforms can fetch it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from wp_plugins.docker import credentials, engine, images
from wp_plugins.docker.credentials import Auth, Given
from wp_plugins.docker.engine import ClientConfig, Engine
from wp_plugins.docker.reference import combine
from wp_proto.plugins.docker_pb2 import AccessInfo, Image
from wp_sdk.component import UI, Context, PluginError, Result
from wp_sdk.schema import attr, block
from wp_sdk.terminal import Steps


@dataclass(frozen=True)
class RegistryConfig:
    """Push the image to a registry."""

    image: str = attr(doc="Full name of the repository, with the registry's host when it is not Docker Hub")
    tag: str = attr(doc="Tag the image gets there")
    local: bool = attr(doc="Only tag the image in the engine, push nothing", default=False)
    auth: Auth | None = block(doc="Credentials", default=None)
    encoded_auth: str = attr(
        doc="Credentials as base64 of a JSON object; wins over everything else", default="", sensitive=True
    )
    insecure: bool = attr(doc="The registry speaks plain HTTP (builds without an engine only)", default=False)
    username: str = attr(doc="User name; used together with password", default="")
    password: str = attr(doc="Password", default="", sensitive=True)
    extra_tags: list[str] = attr(doc="More tags the image gets there", default_factory=list)
    client_config: ClientConfig | None = block(doc="Which engine to use; the environment's when left out", default=None)

    def __post_init__(self) -> None:
        if self.auth is not None and self.auth.hostname:
            raise ValueError("hostname is not allowed in a registry's auth block: the host is the one of `image`")

    @property
    def given(self) -> Given:
        """What the configuration says about credentials."""
        return Given(self.encoded_auth, self.auth, self.username, self.password)


def push(config: RegistryConfig, ctx: Context, ui: UI, artifact: Image) -> Result[Image]:
    """Tag and push the artifact; returns it under the name it has in the registry."""
    target = images.reference(config.image, config.tag)
    source = combine(artifact.image, artifact.tag)
    location = artifact.WhichOneof("location")
    if location == "unused_img":
        raise PluginError(
            f"{source} was built by a tool that needs another runner", do="Build it again with this version"
        )
    if location == "registry" and (
        artifact.registry.waypoint_generated or (artifact.image, artifact.tag) == (config.image, config.tag)
    ):
        ui.info(f"{source} is in its registry already")
        return Result(artifact, extra_template={"name": source})
    with ui.steps() as steps:
        with steps.step("Initializing Docker client..."):
            connected = engine.connect(config.client_config)
        with connected, engine.failures(connected.address):
            if location == "registry":
                _fetch(connected, ctx, steps, source)
            names = [target, *(images.reference(config.image, tag) for tag in config.extra_tags)]
            with steps.step(f"Tagging Docker image: {source} => {target}"):
                if connected.inspect_image(source) is None:
                    raise PluginError(f"The engine does not have {source}", do="Build again")
                images.name_image(connected, source, *names)
            value = Image(image=config.image, tag=config.tag, architecture=artifact.architecture)
            digest = ""
            if not config.local:
                with steps.step(f"Pushing Docker image {target}...") as step:
                    login = credentials.resolve(target.registry, config.given)
                    digests = [images.push(connected, ctx, step, name, login) for name in names]
                    digest = digests[0]
                    step.done(f"Docker image pushed: {target}")
                value.registry.SetInParent()
    return Result(value, extra_template={"name": str(target), **({"digest": digest} if digest else {})})


def _fetch(connected: Engine, ctx: Context, steps: Steps, source: str) -> None:
    """Get an image that is only in another registry, so that it can be pushed under its new name."""
    wanted = images.reference(source)
    with steps.step(f"Pulling image {wanted}...") as step:
        images.pull(connected, ctx, step, wanted, credentials.resolve(wanted.registry, Given()))
        step.done(f"Pulled image {wanted}")


def access(config: RegistryConfig) -> AccessInfo:
    """Where and as whom to push, for builders that work without an engine (plugins specification 1.7)."""
    info = AccessInfo(image=config.image, tag=config.tag, insecure=config.insecure)
    if config.encoded_auth:
        info.encoded = config.encoded_auth
    elif config.auth is not None:
        resolved = credentials.resolve("", Given(block=config.auth))
        info.encoded = urlsafe_b64encode(json.dumps(resolved.as_json()).encode()).decode()
    elif config.password:
        info.user_pass.username, info.user_pass.password = config.username, config.password
    return info
