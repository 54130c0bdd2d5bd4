"""What an entrypoint is told about its application (server.md §4.5), exec sessions aside. The server resolves nothing.

The merged configuration is the same for all instances of an application with the same labels: it is read once per
change, not once per instance.
"""

from __future__ import annotations

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.errors import Unavailable
from wp_server.store import Store, projects

TOPICS = ("config", "projects")
"""What changes an application's configuration."""
CACHE_SIZE = 1_000


class AppConfigs:
    """Reads and remembers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, ...], tuple[tuple[int, ...], pb.EntrypointConfig]] = {}

    async def read(self, deployment: pb.Deployment) -> pb.EntrypointConfig:
        """Returns the configuration for a deployment's instances; do not change it.

        Errors: Unavailable when the project is gone.
        """
        key = (
            deployment.application.project.lower(),
            deployment.application.application.lower(),
            deployment.workspace.workspace.lower(),
            *(f"{name}={value}" for name, value in sorted(deployment.labels.items())),
        )
        versions = tuple(self._store.changes.version(topic) for topic in TOPICS)
        known = self._known.get(key)
        if known is None or known[0] != versions:
            if len(self._known) >= CACHE_SIZE:
                self._known.clear()
            known = self._known[key] = (versions, await self._store.read(_read, deployment))
        config = pb.EntrypointConfig()
        config.CopyFrom(known[1])
        config.deployment.component.CopyFrom(deployment.component)
        config.deployment.labels.update(deployment.labels)
        return config


def _read(connection: Connection, deployment: pb.Deployment) -> pb.EntrypointConfig:
    ref = deployment.application
    project = projects.find(connection, ref.project)
    application = projects.find_application(connection, ref.project, ref.application)
    if project is None or application is None:
        raise Unavailable("project has been deleted")
    config = pb.EntrypointConfig()
    config.file_change_signal = application.file_change_signal or project.file_change_signal
    return config
