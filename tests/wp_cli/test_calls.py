"""The table of RPCs that the command line knows by heart, against the service itself."""

from __future__ import annotations

from wp_cli import calls
from wp_proto.waypoint import service_pb2

METHODS = service_pb2.DESCRIPTOR.services_by_name["Waypoint"].methods_by_name


def test_every_row_has_the_service_s_response_and_stream_kind() -> None:
    kinds = ((calls.UNARY, (False, False)), (calls.SERVER_STREAMS, (False, True)), (calls.BIDIRECTIONAL, (True, True)))
    for table, streaming in kinds:
        for name, response in table.items():
            method = METHODS[name]
            assert (method.client_streaming, method.server_streaming) == streaming, name
            assert calls.response_class(response).DESCRIPTOR is method.output_type, name


def test_the_service_has_the_name_that_paths_are_made_of() -> None:
    assert METHODS["GetVersionInfo"].containing_service.full_name == calls.SERVICE
