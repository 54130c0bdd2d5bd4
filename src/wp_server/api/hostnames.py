"""Hostnames of the URL service (server.md §10.5). As long as this server has none, nobody has a hostname."""

from __future__ import annotations

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition

Context = grpc.aio.ServicerContext[object, object]

URL_SERVICE_OFF = "server doesn't have the URL service enabled"
"""Go runners compare this text (§1.8)."""


class HostnameHandlers:
    """The RPCs about hostnames."""

    async def ListHostnames(self, request: pb.ListHostnamesRequest, context: Context) -> pb.ListHostnamesResponse:
        """Answers no hostnames."""
        return pb.ListHostnamesResponse()

    async def CreateHostname(self, request: pb.CreateHostnameRequest, context: Context) -> pb.CreateHostnameResponse:
        """Refuses."""
        raise FailedPrecondition(URL_SERVICE_OFF)

    async def DeleteHostname(self, request: pb.DeleteHostnameRequest, context: Context) -> Empty:
        """Refuses."""
        raise FailedPrecondition(URL_SERVICE_OFF)
