"""`GetVersionInfo`: what peers ask before anything else, without a token (server.md §1.4)."""

from __future__ import annotations

import grpc
from google.protobuf import empty_pb2

from wp_proto.waypoint import api as pb
from wp_server.transport import keepalive, versions

Context = grpc.aio.ServicerContext[object, object]


def version_info(version: str) -> pb.VersionInfo:
    """Returns what this server is, for peers and snapshots."""
    return pb.VersionInfo(
        api=pb.VersionInfo.ProtocolVersion(current=versions.API_CURRENT, minimum=versions.API_MINIMUM),
        entrypoint=pb.VersionInfo.ProtocolVersion(
            current=versions.ENTRYPOINT_CURRENT, minimum=versions.ENTRYPOINT_MINIMUM
        ),
        version=version,
    )


class VersionHandlers:
    """Answers with a prepared message; clients ask at the start of every streaming call."""

    def __init__(self, version: str, unwanted: keepalive.Unwanted) -> None:
        self._answer = pb.GetVersionInfoResponse(
            info=version_info(version),
            server_features=pb.ServerFeatures(features=[pb.ServerFeatures.FEATURE_INLINE_KEEPALIVES]),
        )
        self._without_keepalives = pb.GetVersionInfoResponse(info=self._answer.info)
        self._unwanted = unwanted

    async def GetVersionInfo(self, request: empty_pb2.Empty, context: Context) -> pb.GetVersionInfoResponse:
        """Returns protocol versions, program version and features."""
        return self._without_keepalives if context.peer() in self._unwanted else self._answer
