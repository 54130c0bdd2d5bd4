"""OpenTelemetry traces, when the standard variables name a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`, ...).

One span per call, a child of the caller's (`traceparent`). The library is imported only when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from wp_server.transport.versions import Metadata

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
DISABLED = "OTEL_SDK_DISABLED"
SERVICE_NAME = "waypoint-server"
CLOSE_MILLISECONDS = 2_000
"""How long the last spans may take at the end."""


def configured(environment: Mapping[str, str], version: str) -> Tracing | None:
    """Returns the tracing that the environment asks for, None if it does not."""
    if environment.get(DISABLED, "").lower() == "true" or not any(environment.get(name) for name in ENDPOINTS):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # `Resource.create` lets OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say otherwise.
    name = environment.get("OTEL_SERVICE_NAME") or SERVICE_NAME
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": version}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


class Tracing:
    """Traces calls as the pipeline tells of them."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("wp_server")
        self._parent = TraceContextTextMapPropagator()

    def begin(self, rpc: str, streaming: bool, metadata: Metadata) -> Callable[[str, float], None]:
        """Opens the span of a call."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        carrier = {key: value for key, value in metadata if isinstance(value, str) and key.startswith("trace")}
        attributes: dict[str, str | bool] = {"rpc.system": "grpc", "rpc.method": rpc, "waypoint.streaming": streaming}
        span = self._tracer.start_span(
            rpc, context=self._parent.extract(carrier), kind=SpanKind.SERVER, attributes=attributes
        )

        def end(code: str, _seconds: float) -> None:
            span.set_attribute("rpc.status", code)
            if code not in ("OK", "CANCELLED"):
                span.set_status(Status(StatusCode.ERROR, code))
            span.end()

        return end

    def close(self) -> None:
        """Sends what is left, and stops."""
        self._provider.force_flush(CLOSE_MILLISECONDS)
        self._provider.shutdown()
