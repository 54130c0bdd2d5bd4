"""What our pipeline costs on top of the bare gRPC stack: unary reads per second of one server core.

    python bench/server_pipeline.py [seconds per figure]

Prints requests per second of wall time, and per second of processor time of the server: where clients share its core,
only the second says what one core can do. The first line is the floor: an empty handler of the same gRPC stack, with
TLS, without anything of ours.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from server_under_load import Server, server

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub
from wp_server import tls

STREAMS = 16
WARM_UP = 0.5


async def _load(target: Server, rpc: str, raw: bytes, kind: type[Message], seconds: float) -> int:
    done = 0
    async with target.channel() as channel:
        call = getattr(WaypointStub(channel), rpc)
        request = kind.FromString(raw)
        end = time.monotonic() + seconds

        async def one() -> None:
            nonlocal done
            while time.monotonic() < end:
                await call(request, metadata=target.metadata)
                done += 1

        await asyncio.gather(*(one() for _ in range(STREAMS)))
    return done


def _client(target: Server, rpc: str, raw: bytes, kind: type[Message], seconds: float, out) -> None:
    asyncio.run(_load(target, rpc, raw, kind, WARM_UP))
    out.put(None)
    out.put(asyncio.run(_load(target, rpc, raw, kind, seconds)))


def _measure(name: str, target: Server, rpc: str, request: Message, seconds: float) -> None:
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    worker = context.Process(
        target=_client, args=(target, rpc, request.SerializeToString(), type(request), seconds, out)
    )
    worker.start()
    out.get()
    before, started = target.processor_time(), time.monotonic()
    total = out.get()
    elapsed, busy = time.monotonic() - started, target.processor_time() - before
    worker.join()
    print(f"{name:20} {total / elapsed:8.0f}/s wall {total / busy:8.0f}/s core   ({busy / elapsed:.0%} of a core used)")


class _Echo(grpc.GenericRpcHandler):
    def service(self, handler_call_details):
        async def answer(_raw: bytes, _context) -> bytes:
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


def _bare(out) -> None:
    async def serve() -> None:
        with tempfile.TemporaryDirectory() as directory:
            made = tls.persisted(Path(directory))
            bare = grpc.aio.server()
            bare.add_generic_rpc_handlers((_Echo(),))
            port = bare.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(made.key, made.chain)]))
            await bare.start()
            out.put(Server(os.getpid(), f"127.0.0.1:{port}", made.chain, "x" * 150))
            await bare.wait_for_termination()

    os.sched_setaffinity(0, {0})
    asyncio.run(serve())


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    bare = context.Process(target=_bare, args=(out,))
    bare.start()
    _measure("(empty handler)", out.get(), "GetVersionInfo", empty_pb2.Empty(), seconds)
    bare.terminate()
    bare.join()
    with server() as target:
        deployment = asyncio.run(target.deployments(1))[0]
        for rpc, request in (
            ("GetVersionInfo", empty_pb2.Empty()),
            ("GetServerConfig", empty_pb2.Empty()),
            ("GetDeployment", pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=deployment))),
        ):
            _measure(rpc, target, rpc, request, seconds)


if __name__ == "__main__":
    main()
