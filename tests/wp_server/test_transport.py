"""What every call goes through: TLS, versions, tokens, errors, keepalives."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf import empty_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from wp_proto.waypoint import api as pb
from wp_server import app, tls
from wp_server.auth import Authenticator
from wp_server.errors import FailedPrecondition
from wp_server.transport import keepalive
from wp_server.transport.pipeline import Pipeline
from wp_server.transport.status import rich

from .conftest import VERSION_HEADERS, channel

EMPTY = empty_pb2.Empty()


async def test_version_info_needs_neither_token_nor_version_headers(client):
    answer = await client(headers=()).GetVersionInfo(EMPTY)
    assert (answer.info.api.current, answer.info.api.minimum) == (1, 1)
    assert (answer.info.entrypoint.current, answer.info.entrypoint.minimum) == (1, 1)
    assert answer.info.version.startswith("v")
    assert list(answer.server_features.features) == [pb.ServerFeatures.FEATURE_INLINE_KEEPALIVES]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ((), "required header client-api-protocol is not set"),
        ((("client-api-protocol", "1,1"),) * 2, "required header client-api-protocol is not set"),
        ((("client-api-protocol", "one"),), "must be <min>,<current>"),
        ((("client-api-protocol", "0,0"),), "client is too old"),
        ((("client-api-protocol", "2,3"),), "server is too old"),
    ],
)
async def test_a_call_without_a_usable_protocol_version_is_refused_before_its_token(client, headers, words):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client("no token at all", headers=headers).ListProjects(pb.ListProjectsRequest())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert words in caught.value.details()


async def test_entrypoint_calls_are_checked_by_the_entrypoint_protocol(client):
    headers = (("client-api-protocol", "1,1"), ("client-entrypoint-protocol", "7,9"))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client(headers=headers).EntrypointConfig(pb.EntrypointConfigRequest()).read()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_protected_call_without_token_is_unauthenticated(client):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client().ListProjects(pb.ListProjectsRequest())
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert caught.value.details() == "Authorization token is not supplied"


async def test_another_certificate_is_not_trusted(server, tmp_path):
    (tmp_path / "other").mkdir()
    other = tls.persisted(tmp_path / "other")
    async with channel(server.grpc_address, other.chain) as stranger:
        call = stranger.unary_unary("/hashicorp.waypoint.Waypoint/GetVersionInfo")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"")
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_health_is_served_without_token(server):
    async with channel(server.grpc_address, server.certificate.chain) as anonymous:
        health = health_pb2_grpc.HealthStub(anonymous)
        for name in ("", "hashicorp.waypoint.Waypoint"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_the_api(server, version):
    async with channel(server.grpc_address, server.certificate.chain) as anonymous:
        ask = anonymous.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            reflection_pb2.ServerReflectionRequest.SerializeToString,
            reflection_pb2.ServerReflectionResponse.FromString,
        )
        call = ask(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        answer = await call.read()
    names = {service.name for service in answer.list_services_response.service}
    assert {"hashicorp.waypoint.Waypoint", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= names


async def test_a_message_that_does_not_decode_is_an_invalid_argument(server):
    async with channel(server.grpc_address, server.certificate.chain) as anonymous:
        call = anonymous.unary_unary("/hashicorp.waypoint.Waypoint/DecodeToken")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"\xff\xff\xff\xff", metadata=VERSION_HEADERS)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_the_keepalive_message_is_the_reserved_field():
    parsed = pb.EntrypointLogBatch.FromString(keepalive.MESSAGE)
    assert len(keepalive.MESSAGE) == 22
    assert parsed.SerializeToString() == keepalive.MESSAGE
    assert not parsed.instance_id


def details_of(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    return status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])


async def test_broken_fields_are_named_one_by_one(client, token):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client(token).UpsertApplication(pb.UpsertApplicationRequest(name="no/slash"))
    status = details_of(caught.value)
    assert (status.code, status.message) == (3, caught.value.details())
    bad = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(bad)
    assert {violation.field for violation in bad.field_violations} == {"project", "name"}


def test_facts_about_an_error_travel_as_pairs():
    error = FailedPrecondition("It is so.", details={"deployment": "7"})
    status = status_pb2.Status.FromString(rich(error))
    pair = pb.ErrorDetail()
    assert status.details[0].Unpack(pair)
    assert (pair.key, pair.value) == ("deployment", "7")


async def test_an_unexpected_failure_is_a_number_for_the_caller_and_a_traceback_in_the_log(
    server, client, token, caplog
):
    class Broken:
        async def ListProjects(self, request, context):
            raise KeyError("secret detail")

    part = Pipeline(app.SERVICE, app.rpc_handlers(Broken()), Authenticator(server.store))
    name = "/hashicorp.waypoint.Waypoint/ListProjects"
    server.pipeline._methods[name] = part._methods[name]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client(token).ListProjects(pb.ListProjectsRequest())
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "secret detail" not in caught.value.details()
    number = caught.value.details().rpartition(" ")[2].rstrip(".")
    [record] = [record for record in caplog.records if number in record.getMessage()]
    assert record.exc_info


async def test_what_nobody_serves_is_unimplemented_after_the_token_was_checked(client, token):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client().ConfigSyncPipeline(pb.ConfigSyncPipelineRequest(project=pb.Ref.Project(project="p")))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client(token).ConfigSyncPipeline(pb.ConfigSyncPipelineRequest(project=pb.Ref.Project(project="p")))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_bearer_prefix_and_either_header_are_accepted(client, token):
    for name, value in (("authorization", f"Bearer {token}"), ("authorization", token), ("waypoint-token", token)):
        await client(headers=(*VERSION_HEADERS, (name, value))).ListWorkspaces(pb.ListWorkspacesRequest())
