"""Every RPC is served, or `docs/server.md` says that and why it is not."""

from __future__ import annotations

import re
from pathlib import Path

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

from wp_proto.waypoint import api as pb
from wp_server.app import SERVICE

DOCS = Path(__file__).parents[2] / "docs" / "server.md"
ENDLESS = {"RunnerToken"}
"""Waits for somebody's decision; it has tests of its own."""


def named_in_docs() -> set[str]:
    section = DOCS.read_text().split("## What is not served")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`(\w+)`", "".join(rows)))


async def _is_served(peer, rpc: str, stream_status) -> bool:
    method = SERVICE.methods_by_name[rpc]
    request = GetMessageClass(method.input_type)()
    if rpc == "UI_ListEvents":
        request.project.project = "shop"
    if rpc == "QueueJob":
        # No operation is UNIMPLEMENTED by contract (§7.2 1).
        request.job.noop.SetInParent()
    if method.client_streaming:
        code, _ = await stream_status(peer, rpc, request)
        return code is not grpc.StatusCode.UNIMPLEMENTED
    call = getattr(peer, rpc)(request)
    try:
        if method.server_streaming:
            async for _ in call:
                break
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return error.code() is not grpc.StatusCode.UNIMPLEMENTED
    return True


async def test_the_docs_name_exactly_what_is_not_served(client, token, stream_status):
    peer = client(token)
    served = {rpc for rpc in SERVICE.methods_by_name if rpc in ENDLESS or await _is_served(peer, rpc, stream_status)}
    assert set(SERVICE.methods_by_name) - served == named_in_docs()


async def test_a_call_that_is_not_in_the_service_is_unimplemented_too(client, token):
    peer = client(token)
    call = peer.channel.unary_unary("/hashicorp.waypoint.Waypoint/ListAddOns")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(pb.GetUserRequest().SerializeToString(), metadata=peer.metadata)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
