"""The local platform: applications as supervised processes on this machine, released through a traffic switch."""

from __future__ import annotations

from wp_plugins.local import deployment, release, task
from wp_sdk.component import Platform, Plugin, ReleaseManager, TaskLauncher

_RELEASE = ReleaseManager(
    release.ReleaseConfig,
    release=release.release,
    destroy=release.destroy,
    destroy_workspace=release.destroy_workspace,
    status=release.status,
    example='release {\n  use "local" {\n    port = 8080\n  }\n}',
)

PLUGIN = Plugin(
    "local",
    platform=Platform(
        deployment.PlatformConfig,
        deploy=deployment.deploy,
        destroy=deployment.destroy,
        status=deployment.status,
        default_releaser=_RELEASE,
        example='deploy {\n  use "local" {\n    command = ["python3", "app.py"]\n  }\n}',
    ),
    release=_RELEASE,
    task=TaskLauncher(
        task.TaskConfig,
        start=task.start,
        stop=task.stop,
        watch=task.watch,
        clean_up=task.clean_up,
        example='static_environment = {\n  HTTP_PROXY = "proxy.example.com:3128"\n}',
    ),
    doc="Run applications as processes on this machine.",
)
