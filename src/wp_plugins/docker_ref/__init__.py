"""The `docker-ref` plugin: an image that is in a registry already, taken by name and not touched."""

from __future__ import annotations

from dataclasses import dataclass

from wp_plugins.docker import images
from wp_proto.plugins.docker_pb2 import Image
from wp_sdk.component import UI, Builder, Plugin, Result
from wp_sdk.schema import attr


@dataclass(frozen=True)
class BuilderConfig:
    """Use an existing Docker image as it is; nothing is pulled or changed."""

    image: str = attr(doc="Repository, without tag")
    tag: str = attr(doc="Tag or digest")


def build(config: BuilderConfig, ui: UI) -> Result[Image]:
    """Return the reference."""
    wanted = images.reference(config.image, config.tag)
    with ui.step(f"Using Docker image {wanted}"):
        value = Image(image=config.image, tag=config.tag)
        value.registry.SetInParent()
    return Result(value, extra_template={"name": str(wanted)})


PLUGIN = Plugin(
    "docker-ref",
    builder=Builder(
        BuilderConfig,
        build=build,
        build_odr=build,
        example='use "docker-ref" {\n  image = "nginx"\n  tag   = "1.27"\n}',
        extra_fields={"name": "Image and tag in one"},
    ),
    doc="Use an existing image from a registry",
)
