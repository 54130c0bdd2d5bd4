"""`GetVersionInfo`: what peers ask before anything else, without a token (server.md §1.4)."""

from __future__ import annotations

import grpc
from google.protobuf import empty_pb2

from wp_proto.waypoint import api as pb
from wp_server.api.entrypoint import FEATURES_HEADER
from wp_server.auth import Kind, current
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
        """Returns protocol versions, program version and features.

        Go entrypoints are never asked for keepalives: they go on sending them on the streams of exec sessions that they
        have closed, which resets those, and the exit code that was just sent, or all of a short session, is lost.
        """
        headers = dict(context.invocation_metadata() or ())
        is_go_entrypoint = current().kind is Kind.ENTRYPOINT and FEATURES_HEADER not in headers
        unwanted = is_go_entrypoint or context.peer() in self._unwanted
        return self._without_keepalives if unwanted else self._answer
