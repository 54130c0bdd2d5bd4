"""The RPCs of the command line, each made when it is first used.

The generated stub builds all 132 callables and loads every message of the API, which takes longer than `waypoint
status` may take. `Calls` looks like that stub, knows the calls named below by heart, and falls back to the real stub
for all others.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    import grpc
    from google.protobuf.message import Message

    from wp_proto.waypoint.service_pb2_grpc import WaypointStub

Metadata: TypeAlias = tuple[tuple[str, str], ...]

SERVICE = "hashicorp.waypoint.Waypoint"
EMPTY = "google.protobuf.Empty"

UNARY = {
    "BootstrapToken": "NewTokenResponse",
    "CancelJob": EMPTY,
    "DeleteConfig": "ConfigDeleteResponse",
    "GetConfig": "ConfigGetResponse",
    "GetDeployment": "Deployment",
    "GetJob": "Job",
    "GetLatestBuild": "Build",
    "GetLatestPushedArtifact": "PushedArtifact",
    "GetLatestRelease": "Release",
    "GetProject": "GetProjectResponse",
    "GetUser": "GetUserResponse",
    "GetVersionInfo": "GetVersionInfoResponse",
    "GetWorkspace": "GetWorkspaceResponse",
    "ListBuilds": "ListBuildsResponse",
    "ListDeployments": "ListDeploymentsResponse",
    "ListHostnames": "ListHostnamesResponse",
    "ListInstances": "ListInstancesResponse",
    "ListJobs": "ListJobsResponse",
    "ListOnDemandRunnerConfigs": "ListOnDemandRunnerConfigsResponse",
    "ListProjects": "ListProjectsResponse",
    "ListPushedArtifacts": "ListPushedArtifactsResponse",
    "ListReleases": "ListReleasesResponse",
    "ListRunners": "ListRunnersResponse",
    "ListWorkspaces": "ListWorkspacesResponse",
    "QueueJob": "QueueJobResponse",
    "SetConfig": "ConfigSetResponse",
    "UI_ListDeployments": "UI.ListDeploymentsResponse",
    "UI_ListReleases": "UI.ListReleasesResponse",
    "UpsertApplication": "UpsertApplicationResponse",
    "UpsertProject": "UpsertProjectResponse",
    "UpsertWorkspace": "UpsertWorkspaceResponse",
}
SERVER_STREAMS = {"GetJobStream": "GetJobStreamResponse", "GetLogStream": "LogBatch"}
BIDIRECTIONAL = {"StartExecStream": "ExecStreamResponse"}


def response_class(name: str) -> type[Message]:
    """Message class for a name of the tables above."""
    if name == EMPTY:
        from google.protobuf.empty_pb2 import Empty

        return Empty
    found: object = import_module("wp_proto.waypoint.api")
    for part in name.split("."):
        found = getattr(found, part)
    return cast("type[Message]", found)


def serialize(message: Message) -> bytes:
    """Bytes of any request."""
    return message.SerializeToString()


class Calls:
    """Callables by RPC name, as attributes; each call carries the metadata that `metadata()` gives at that time."""

    def __init__(self, channel: grpc.Channel, metadata: Callable[[], Metadata]) -> None:
        self._channel = channel
        self._metadata = metadata

    def __getattr__(self, name: str) -> object:
        path = f"/{SERVICE}/{name}"
        if name in UNARY:
            made: Callable[..., object] = self._channel.unary_unary(
                path, serialize, response_class(UNARY[name]).FromString
            )
        elif name in SERVER_STREAMS:
            made = self._channel.unary_stream(path, serialize, response_class(SERVER_STREAMS[name]).FromString)
        elif name in BIDIRECTIONAL:
            made = self._channel.stream_stream(path, serialize, response_class(BIDIRECTIONAL[name]).FromString)
        else:
            from wp_proto.waypoint.service_pb2_grpc import WaypointStub

            made = getattr(WaypointStub(self._channel), name)

        def call(request: object, timeout: float | None = None) -> object:
            return made(request, timeout=timeout, metadata=self._metadata())

        self.__dict__[name] = call
        return call


class CarryingMetadata:
    """Another service's stub, whose calls carry the metadata that `metadata()` gives at that time."""

    def __init__(self, stub: object, metadata: Callable[[], Metadata]) -> None:
        self._stub = stub
        self._metadata = metadata

    def __getattr__(self, name: str) -> object:
        made: Callable[..., object] = getattr(self._stub, name)

        def call(request: object, timeout: float | None = None) -> object:
            return made(request, timeout=timeout, metadata=self._metadata())

        return call


def calls_on(channel: grpc.Channel, metadata: Callable[[], Metadata]) -> WaypointStub:
    """Return the lazily built stub on a channel. Of its callables only calling (with `timeout`) is supported."""
    return cast("WaypointStub", Calls(channel, metadata))
