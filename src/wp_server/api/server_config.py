"""The server's own configuration, and what runners tell deployments about reaching it (server.md §10.4, §8.1)."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.store import Store, settings

Context = grpc.aio.ServicerContext[object, object]


class ServerConfigHandlers:
    """The RPCs about where this server is reached."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def GetServerConfig(self, request: Empty, context: Context) -> pb.GetServerConfigResponse:
        """Answers the configuration with the cookie."""
        return pb.GetServerConfigResponse(config=await self._store.read(settings.config))

    async def SetServerConfig(self, request: pb.SetServerConfigRequest, context: Context) -> Empty:
        """Replaces the configuration; there is exactly one advertised address, which may be empty."""
        checks = Checks()
        if checks.present(request, "config") and len(request.config.advertise_addrs) != 1:
            checks.fail("config.advertise_addrs", "must have exactly one address")
        checks.raise_precondition()
        await self._store.write(settings.set_config, request.config)
        return Empty()

    async def RunnerGetDeploymentConfig(
        self, request: pb.RunnerGetDeploymentConfigRequest, context: Context
    ) -> pb.RunnerGetDeploymentConfigResponse:
        """Answers the advertised address; empty when there is none, and then no entrypoint is injected."""
        config = await self._store.read(settings.config)
        if not config.advertise_addrs:
            return pb.RunnerGetDeploymentConfigResponse()
        first = config.advertise_addrs[0]
        return pb.RunnerGetDeploymentConfigResponse(
            server_addr=first.addr, server_tls=first.tls, server_tls_skip_verify=first.tls_skip_verify
        )
