"""Configuration variables and sources (server.md §4)."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.errors import FailedPrecondition
from wp_server.selectors import check_selector, matches
from wp_server.store import Store, config, config_sources
from wp_server.store.config import Place, Query, Scope

Context = grpc.aio.ServicerContext[object, object]


class ConfigHandlers:
    """The RPCs about what applications and runners find in their environment."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def SetConfig(self, request: pb.ConfigSetRequest, context: Context) -> pb.ConfigSetResponse:
        """Stores variables, all or none; unset or empty ones are deleted."""
        for variable in request.variables:
            check_selector(variable.target.label_selector)
        if request.HasField("from_file"):
            return await self._set_from_file(request)
        for variable in request.variables:
            variable.from_file_in = ""
        await self._store.write(config.set_variables, list(request.variables))
        return pb.ConfigSetResponse()

    async def _set_from_file(self, request: pb.ConfigSetRequest) -> pb.ConfigSetResponse:
        file = request.from_file
        checks = Checks()
        checks.name("from_file.project", file.project)
        checks.name("from_file.application", file.application)
        checks.workspace("from_file.workspace", file.workspace)
        checks.raise_invalid()
        place = Place(Scope.APPLICATION, file.project.lower(), file.application.lower())
        await self._store.write(
            config.set_from_file, list(request.variables), place, file.workspace, keep_vanished=file.keep_vanished
        )
        return pb.ConfigSetResponse()

    async def DeleteConfig(self, request: pb.ConfigDeleteRequest, context: Context) -> pb.ConfigDeleteResponse:
        """Deletes variables; absent ones are fine."""
        await self._store.write(config.delete_variables, list(request.variables))
        return pb.ConfigDeleteResponse()

    async def GetConfig(self, request: pb.ConfigGetRequest, context: Context) -> pb.ConfigGetResponse:
        """Answers the variables of a project side by side, or those of an application merged.

        A project has no labels of its own: without given ones, variables with a selector are part of what it has. An
        application without labels gets none of them.
        """
        match request.WhichOneof("scope"):
            case "application":
                app = request.application
                place = Place(Scope.APPLICATION, app.project.lower(), app.application.lower())
            case "project":
                place = Place(Scope.PROJECT, request.project.project.lower())
            case _:
                raise FailedPrecondition("scope: must be a project or an application")
        query = Query(
            place,
            runner_id=request.runner.id if request.HasField("runner") else None,
            workspace=request.workspace.workspace,
            labels=dict(request.labels) if request.labels or place.scope is Scope.APPLICATION else None,
            prefix=request.prefix,
            merged=place.scope is Scope.APPLICATION,
        )
        return pb.ConfigGetResponse(variables=await self._store.read(config.variables, query, matches))

    async def SetConfigSource(self, request: pb.SetConfigSourceRequest, context: Context) -> Empty:
        """Replaces or removes the settings of a source."""
        _check_source(request)
        await self._store.write(config_sources.put, request.config_source)
        return Empty()

    async def DeleteConfigSource(self, request: pb.DeleteConfigSourceRequest, context: Context) -> Empty:
        """Removes a source; an absent one is fine."""
        _check_source(request)
        await self._store.write(config_sources.delete, request.config_source)
        return Empty()

    async def GetConfigSource(self, request: pb.GetConfigSourceRequest, context: Context) -> pb.GetConfigSourceResponse:
        """Answers sources, the ones that win last."""
        kind = request.WhichOneof("scope")
        if kind is None:
            raise FailedPrecondition("scope: must be global, a project, an application, or all")
        place = None if kind == "all" else config_sources.place_of(request)
        found = await self._store.read(config_sources.sources, place, request.workspace.workspace, request.type)
        return pb.GetConfigSourceResponse(config_sources=found)


def _check_source(request: pb.SetConfigSourceRequest | pb.DeleteConfigSourceRequest) -> None:
    checks = Checks()
    if checks.present(request, "config_source"):
        if not request.config_source.type:
            checks.fail("config_source.type", "must not be empty")
        if request.config_source.WhichOneof("scope") is None:
            checks.fail("config_source.scope", "must be global, a project, or an application")
    checks.raise_invalid()
