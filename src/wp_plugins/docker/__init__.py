"""The `docker` plugin: images, registries, containers and a stable port on one Docker engine."""

from __future__ import annotations

from wp_plugins.docker.builder import BuilderConfig, build
from wp_plugins.docker.builder import destroy_workspace as destroy_builds
from wp_plugins.docker.platform import PlatformConfig, deploy, destroy, destroy_workspace
from wp_plugins.docker.registry import RegistryConfig, access, push
from wp_plugins.docker.release import ReleaseConfig, release
from wp_plugins.docker.release import destroy as destroy_release
from wp_plugins.docker.release import destroy_workspace as destroy_release_workspace
from wp_plugins.docker.release import status as release_status
from wp_plugins.docker.status import status
from wp_plugins.docker.task import TaskConfig
from wp_plugins.docker.task import clean_up as clean_up_task
from wp_plugins.docker.task import start as start_task
from wp_plugins.docker.task import stop as stop_task
from wp_plugins.docker.task import watch as watch_task
from wp_sdk.component import Builder, Platform, Plugin, Registry, ReleaseManager, TaskLauncher

PLUGIN = Plugin(
    "docker",
    builder=Builder(
        BuilderConfig,
        build=build,
        destroy_workspace=destroy_builds,
        example='use "docker" {\n  dockerfile = "Dockerfile"\n}',
        extra_fields={"name": "Image and tag in one"},
    ),
    registry=Registry(
        RegistryConfig,
        push=push,
        access=access,
        example='use "docker" {\n  image = "registry.example.com/web"\n  tag   = gitrefpretty()\n}',
        extra_fields={"name": "Image and tag in one", "digest": "Digest of the pushed manifest, where one is known"},
    ),
    platform=Platform(
        PlatformConfig,
        deploy=deploy,
        destroy=destroy,
        destroy_workspace=destroy_workspace,
        status=status,
        example='use "docker" {\n  service_port = 8080\n}',
    ),
    release=ReleaseManager(
        ReleaseConfig,
        release=release,
        destroy=destroy_release,
        destroy_workspace=destroy_release_workspace,
        status=release_status,
        example='use "docker" {\n  port = 8080\n}',
    ),
    task=TaskLauncher(
        TaskConfig,
        start=start_task,
        stop=stop_task,
        watch=watch_task,
        clean_up=clean_up_task,
        example='resources = {\n  memory = "2GB"\n}',
    ),
    doc="Build images, push them to registries, run them as containers, and give them one stable port",
)
