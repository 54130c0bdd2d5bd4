"""Builds, pushed artifacts, deployments and releases (server.md §3.5)."""

from __future__ import annotations

import grpc
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.auth.identity import current
from wp_server.jobs import access
from wp_server.store import Store, operations, preload
from wp_server.store.operations import ARTIFACT, BUILD, DEPLOYMENT, RELEASE, Search

Context = grpc.aio.ServicerContext[object, object]


class OperationHandlers:
    """The RPCs about what jobs made."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def UpsertBuild(self, request: pb.UpsertBuildRequest, context: Context) -> pb.UpsertBuildResponse:
        """Inserts or replaces a build."""
        await self._check(request, "build", request.build)
        return pb.UpsertBuildResponse(build=await self._store.write(_upsert_build, request.build))

    async def UpsertPushedArtifact(
        self, request: pb.UpsertPushedArtifactRequest, context: Context
    ) -> pb.UpsertPushedArtifactResponse:
        """Inserts or replaces a pushed artifact."""
        await self._check(request, "artifact", request.artifact)
        return pb.UpsertPushedArtifactResponse(artifact=await self._store.write(_upsert_artifact, request.artifact))

    async def UpsertDeployment(
        self, request: pb.UpsertDeploymentRequest, context: Context
    ) -> pb.UpsertDeploymentResponse:
        """Inserts or replaces a deployment."""
        await self._check(request, "deployment", request.deployment)
        return pb.UpsertDeploymentResponse(deployment=await self._store.write(_upsert_deployment, request.deployment))

    async def UpsertRelease(self, request: pb.UpsertReleaseRequest, context: Context) -> pb.UpsertReleaseResponse:
        """Inserts or replaces a release."""
        await self._check(request, "release", request.release)
        return pb.UpsertReleaseResponse(release=await self._store.write(_upsert_release, request.release))

    async def _check(self, request: Upserting, field: str, record: access.Record) -> None:
        """Errors: InvalidArgument without the record, PermissionDenied for a runner that writes for others' jobs."""
        checks = Checks()
        checks.present(request, field)
        checks.raise_invalid()
        await self._store.read(access.check_record, current(), record)

    async def GetBuild(self, request: pb.GetBuildRequest, context: Context) -> pb.Build:
        """Answers one build."""
        return await self._store.read(_get_build, request.ref)

    async def GetPushedArtifact(self, request: pb.GetPushedArtifactRequest, context: Context) -> pb.PushedArtifact:
        """Answers one pushed artifact."""
        return await self._store.read(_get_artifact, request.ref)

    async def GetDeployment(self, request: pb.GetDeploymentRequest, context: Context) -> pb.Deployment:
        """Answers one deployment."""
        return await self._store.read(get_deployment, request.ref, request.load_details)

    async def GetRelease(self, request: pb.GetReleaseRequest, context: Context) -> pb.Release:
        """Answers one release."""
        return await self._store.read(_get_release, request.ref, request.load_details)

    async def GetLatestBuild(self, request: pb.GetLatestBuildRequest, context: Context) -> pb.Build:
        """Answers the successful build that completed last."""
        _application(request)
        return await self._store.read(_latest_build, request.application, request.workspace.workspace)

    async def GetLatestPushedArtifact(
        self, request: pb.GetLatestPushedArtifactRequest, context: Context
    ) -> pb.PushedArtifact:
        """Answers the successful pushed artifact that completed last."""
        _application(request)
        return await self._store.read(_latest_artifact, request.application, request.workspace.workspace)

    async def GetLatestDeployment(
        self, request: pb.GetLatestDeploymentRequest, context: Context
    ) -> pb.GetDeploymentResponse:
        """Answers the successful deployment that completed last."""
        _application(request)
        found = await self._store.read(
            _latest_deployment, request.application, request.workspace.workspace, request.load_details
        )
        return pb.GetDeploymentResponse(deployment=found)

    async def GetLatestRelease(self, request: pb.GetLatestReleaseRequest, context: Context) -> pb.Release:
        """Answers the successful release that completed last."""
        _application(request)
        return await self._store.read(
            _latest_release, request.application, request.workspace.workspace, request.load_details
        )

    async def ListBuilds(self, request: pb.ListBuildsRequest, context: Context) -> pb.ListBuildsResponse:
        """Answers builds, newest first."""
        _application(request)
        search = Search.of(request.application, request.workspace, request.order)
        return await self._store.read(_list_builds, search)

    async def ListPushedArtifacts(
        self, request: pb.ListPushedArtifactsRequest, context: Context
    ) -> pb.ListPushedArtifactsResponse:
        """Answers pushed artifacts, newest first."""
        _application(request)
        search = Search.of(request.application, request.workspace, request.order, request.status)
        return await self._store.read(_list_artifacts, search, request.include_build)

    async def ListDeployments(self, request: pb.ListDeploymentsRequest, context: Context) -> pb.ListDeploymentsResponse:
        """Answers deployments, newest first."""
        _application(request)
        search = Search.of(
            request.application, request.workspace, request.order, request.status, request.physical_state
        )
        return await self._store.read(_list_deployments, search, request.load_details)

    async def ListReleases(self, request: pb.ListReleasesRequest, context: Context) -> pb.ListReleasesResponse:
        """Answers releases, newest first."""
        _application(request)
        search = Search.of(
            request.application, request.workspace, request.order, request.status, request.physical_state
        )
        return await self._store.read(_list_releases, search, request.load_details)


Listing = (
    pb.GetLatestBuildRequest
    | pb.GetLatestPushedArtifactRequest
    | pb.GetLatestDeploymentRequest
    | pb.GetLatestReleaseRequest
    | pb.ListBuildsRequest
    | pb.ListPushedArtifactsRequest
    | pb.ListDeploymentsRequest
    | pb.ListReleasesRequest
)
Upserting = (
    pb.UpsertBuildRequest | pb.UpsertPushedArtifactRequest | pb.UpsertDeploymentRequest | pb.UpsertReleaseRequest
)


def _application(request: Listing) -> None:
    checks = Checks()
    if checks.present(request, "application") and not request.application.application:
        checks.fail("application.application", "must not be empty")
    checks.raise_invalid()


def _upsert_build(connection: Connection, record: pb.Build) -> pb.Build:
    stored = operations.upsert(connection, BUILD, record)
    stored.preload.SetInParent()
    return stored


def _upsert_artifact(connection: Connection, record: pb.PushedArtifact) -> pb.PushedArtifact:
    stored = operations.upsert(connection, ARTIFACT, record)
    stored.preload.SetInParent()
    return stored


def _upsert_deployment(connection: Connection, record: pb.Deployment) -> pb.Deployment:
    stored = operations.upsert(connection, DEPLOYMENT, record)
    stored.preload.SetInParent()
    return stored


def _upsert_release(connection: Connection, record: pb.Release) -> pb.Release:
    stored = operations.upsert(connection, RELEASE, record)
    stored.preload.SetInParent()
    return stored


def _get_build(connection: Connection, ref: pb.Ref.Operation) -> pb.Build:
    found = operations.get(connection, BUILD, ref)
    preload.builds(connection, [found])
    return found


def _get_artifact(connection: Connection, ref: pb.Ref.Operation) -> pb.PushedArtifact:
    found = operations.get(connection, ARTIFACT, ref)
    preload.artifacts(connection, [found])
    return found


def get_deployment(connection: Connection, ref: pb.Ref.Operation, details: int) -> pb.Deployment:
    """Returns one deployment with its preload. Errors: NotFound, InvalidArgument."""
    found = operations.get(connection, DEPLOYMENT, ref)
    preload.deployments(connection, [found], details)
    return found


def _get_release(connection: Connection, ref: pb.Ref.Operation, details: int) -> pb.Release:
    found = operations.get(connection, RELEASE, ref)
    preload.releases(connection, [found], details)
    return found


def _latest_build(connection: Connection, app: pb.Ref.Application, workspace: str) -> pb.Build:
    found = operations.latest(connection, BUILD, app, workspace)
    preload.builds(connection, [found])
    return found


def _latest_artifact(connection: Connection, app: pb.Ref.Application, workspace: str) -> pb.PushedArtifact:
    found = operations.latest(connection, ARTIFACT, app, workspace)
    preload.artifacts(connection, [found])
    return found


def _latest_deployment(connection: Connection, app: pb.Ref.Application, workspace: str, details: int) -> pb.Deployment:
    found = operations.latest(connection, DEPLOYMENT, app, workspace)
    preload.deployments(connection, [found], details)
    return found


def _latest_release(connection: Connection, app: pb.Ref.Application, workspace: str, details: int) -> pb.Release:
    found = operations.latest(connection, RELEASE, app, workspace)
    preload.releases(connection, [found], details)
    return found


def _list_builds(connection: Connection, search: Search) -> pb.ListBuildsResponse:
    answer = pb.ListBuildsResponse()
    operations.list_into(connection, BUILD, search, answer.builds)
    preload.builds(connection, answer.builds)
    return answer


def _list_artifacts(connection: Connection, search: Search, include_build: bool) -> pb.ListPushedArtifactsResponse:
    answer = pb.ListPushedArtifactsResponse()
    operations.list_into(connection, ARTIFACT, search, answer.artifacts)
    preload.artifacts(connection, answer.artifacts, include_build)
    return answer


def _list_deployments(connection: Connection, search: Search, details: int) -> pb.ListDeploymentsResponse:
    answer = pb.ListDeploymentsResponse()
    operations.list_into(connection, DEPLOYMENT, search, answer.deployments)
    preload.deployments(connection, answer.deployments, details)
    return answer


def _list_releases(connection: Connection, search: Search, details: int) -> pb.ListReleasesResponse:
    answer = pb.ListReleasesResponse()
    operations.list_into(connection, RELEASE, search, answer.releases)
    preload.releases(connection, answer.releases, details)
    return answer
