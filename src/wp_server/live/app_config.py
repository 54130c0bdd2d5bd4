"""What an entrypoint is told about its application (server.md §4.5), exec sessions aside. The server resolves nothing.

All instances of a deployment share one message: a change is read and merged once, not once per instance.
"""

from __future__ import annotations

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.errors import Unavailable
from wp_server.selectors import matches
from wp_server.store import Store, config, config_sources, projects

_COUNTED = ("config", "projects")
"""Topics whose versions tell whether what is remembered is still true."""
CACHE_SIZE = 1_000


def topics(deployment: pb.Deployment) -> tuple[str, ...]:
    """Returns the topics that announce changes of what `AppConfigs.read` returns."""
    project = deployment.application.project.lower()
    return (f"config/{project}", "config/*", f"project/{project}")


class AppConfigs:
    """Reads and remembers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[tuple[int, ...], pb.EntrypointConfig]] = {}

    async def read(self, deployment: pb.Deployment) -> pb.EntrypointConfig:
        """Returns the configuration for a deployment's instances; do not change it.

        Errors: Unavailable when the project is gone.
        """
        versions = tuple(self._store.changes.version(topic) for topic in _COUNTED)
        known = self._known.get(deployment.id)
        if known is None or known[0] != versions:
            if len(self._known) >= CACHE_SIZE:
                self._known.clear()
            known = self._known[deployment.id] = (versions, await self._store.read(_read, deployment))
        return known[1]


def _read(connection: Connection, deployment: pb.Deployment) -> pb.EntrypointConfig:
    ref = deployment.application
    project = projects.find(connection, ref.project)
    application = projects.find_application(connection, ref.project, ref.application)
    if project is None or application is None:
        raise Unavailable("project has been deleted")
    place = config.Place(config.Scope.APPLICATION, ref.project.lower(), ref.application.lower())
    workspace = deployment.workspace.workspace
    query = config.Query(place, workspace=workspace, labels=dict(deployment.labels))
    variables = config.variables(connection, query, matches)
    dynamic = any(variable.HasField("dynamic") for variable in variables)
    return pb.EntrypointConfig(
        env_vars=variables,
        config_sources=config_sources.sources(connection, place, workspace) if dynamic else (),
        file_change_signal=application.file_change_signal or project.file_change_signal,
        deployment=pb.EntrypointConfig.DeploymentInfo(component=deployment.component, labels=deployment.labels),
    )
