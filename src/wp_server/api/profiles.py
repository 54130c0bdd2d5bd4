"""Profiles of on-demand runners (server.md §8.6)."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.errors import NotFound
from wp_server.inline_config import check_plugin_config
from wp_server.store import Store, profiles

Context = grpc.aio.ServicerContext[object, object]


class ProfileHandlers:
    """The RPCs about profiles."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def UpsertOnDemandRunnerConfig(
        self, request: pb.UpsertOnDemandRunnerConfigRequest, context: Context
    ) -> pb.UpsertOnDemandRunnerConfigResponse:
        """Creates or replaces a profile. Without a target any runner launches its runners."""
        profile = pb.OnDemandRunnerConfig()
        profile.CopyFrom(request.config)
        if profile.target_runner.WhichOneof("target") is None:
            profile.target_runner.any.SetInParent()
        _check(profile).raise_invalid()
        if profile.plugin_config:
            check_plugin_config(profile.plugin_config, profile.config_format, "config.plugin_config")
        stored = await self._store.write(profiles.upsert, profile)
        return pb.UpsertOnDemandRunnerConfigResponse(config=stored)

    async def GetOnDemandRunnerConfig(
        self, request: pb.GetOnDemandRunnerConfigRequest, context: Context
    ) -> pb.GetOnDemandRunnerConfigResponse:
        """Answers the profile with an id or, whatever its case, a name."""
        return pb.GetOnDemandRunnerConfigResponse(config=await self._store.read(profiles.get, request.config))

    async def GetDefaultOnDemandRunnerConfig(
        self, request: Empty, context: Context
    ) -> pb.GetOnDemandRunnerConfigResponse:
        """Answers the profile of jobs that name none."""
        found = await self._store.read(profiles.default)
        if found is None:
            raise NotFound("No runner profile of this server is the default.")
        return pb.GetOnDemandRunnerConfigResponse(config=found)

    async def ListOnDemandRunnerConfigs(self, request: Empty, context: Context) -> pb.ListOnDemandRunnerConfigsResponse:
        """Answers all profiles."""
        return pb.ListOnDemandRunnerConfigsResponse(configs=await self._store.read(profiles.every))

    async def DeleteOnDemandRunnerConfig(
        self, request: pb.DeleteOnDemandRunnerConfigRequest, context: Context
    ) -> pb.DeleteOnDemandRunnerConfigResponse:
        """Removes a profile; jobs that wait for their runner keep their copy of it."""
        return pb.DeleteOnDemandRunnerConfigResponse(config=await self._store.write(profiles.delete, request.config))


def _check(profile: pb.OnDemandRunnerConfig) -> Checks:
    checks = Checks()
    if profile.name:
        checks.name("config.name", profile.name)
    if not profile.plugin_type:
        checks.fail("config.plugin_type", "is required")
    kind = profile.target_runner.WhichOneof("target")
    if kind == "id" and not profile.target_runner.id.id:
        checks.fail("config.target_runner.id.id", "must not be empty")
    if kind == "labels" and not profile.target_runner.labels.labels:
        checks.fail("config.target_runner.labels", "needs at least one label")
    return checks
