"""The `docker-pull` plugin: an existing image, pulled into the engine and given the Waypoint entrypoint."""

from __future__ import annotations

from wp_plugins.docker_pull.builder import BuilderConfig, build, destroy_workspace
from wp_sdk.component import Builder, Plugin

PLUGIN = Plugin(
    "docker-pull",
    builder=Builder(
        BuilderConfig,
        build=build,
        destroy_workspace=destroy_workspace,
        example='use "docker-pull" {\n  image = "nginx"\n  tag   = "1.27"\n}',
    ),
    doc="Pull an existing image and inject the Waypoint entrypoint",
)
