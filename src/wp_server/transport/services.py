"""The services beside the API: health and reflection, both without authentication (server.md §1.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

import grpc
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

REFLECTION_NAMES = ("grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection")
"""Both versions have the same messages; new tools ask for v1 first."""

_Check = Callable[[health_pb2.HealthCheckRequest, object], Awaitable[health_pb2.HealthCheckResponse]]


class Health:
    """`grpc.health.v1` for this process and for the API."""

    def __init__(self, service: str) -> None:
        self._servicer = health.aio.HealthServicer()
        self._service = service

    async def serving(self, yes: bool) -> None:
        """Says that calls are welcome, or no longer."""
        status = health_pb2.HealthCheckResponse.SERVING if yes else health_pb2.HealthCheckResponse.NOT_SERVING
        await self._servicer.set("", status)
        await self._servicer.set(self._service, status)

    def handler(self) -> grpc.GenericRpcHandler:
        """Returns what a listener serves."""
        request = health_pb2.HealthCheckRequest.FromString
        response = health_pb2.HealthCheckResponse.SerializeToString
        return grpc.method_handlers_generic_handler(
            health.SERVICE_NAME,
            {
                "Check": grpc.unary_unary_rpc_method_handler(cast(_Check, self._servicer.Check), request, response),
                "Watch": grpc.unary_stream_rpc_method_handler(self._servicer.Watch, request, response),
            },
        )


def reflection_handlers(*services: str) -> tuple[grpc.GenericRpcHandler, ...]:
    """Returns reflection in both versions, naming `services`, health and itself."""
    servicer = ReflectionServicer((*services, health.SERVICE_NAME, *REFLECTION_NAMES))
    method = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    return tuple(
        grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method}) for name in REFLECTION_NAMES
    )
