"""WaypointHclFmt: the canonical form of a configuration text, for editors without the CLI."""

from __future__ import annotations

import grpc

from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument, Violation
from wp_server.inline_config import formatted

Context = grpc.aio.ServicerContext[object, object]

LIMIT_BYTES = 5 * 1024 * 1024


class HclHandlers:
    """The RPC about configuration texts."""

    async def WaypointHclFmt(self, request: pb.WaypointHclFmtRequest, context: Context) -> pb.WaypointHclFmtResponse:
        """Answers the formatted text."""
        if len(request.waypoint_hcl) > LIMIT_BYTES:
            raise InvalidArgument.of([Violation("waypoint_hcl", "must not be larger than 5 MiB")])
        return pb.WaypointHclFmtResponse(waypoint_hcl=formatted(request.waypoint_hcl))
