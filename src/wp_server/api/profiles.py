"""Profiles of on-demand runners (server.md §8.6)."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.store import Store, profiles

Context = grpc.aio.ServicerContext[object, object]


class ProfileHandlers:
    """The RPCs about profiles that are served."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ListOnDemandRunnerConfigs(self, request: Empty, context: Context) -> pb.ListOnDemandRunnerConfigsResponse:
        """Answers all profiles."""
        return pb.ListOnDemandRunnerConfigsResponse(configs=await self._store.read(profiles.every))
