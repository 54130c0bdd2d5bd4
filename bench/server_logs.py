"""Application log lines per second through the server: many instances, several readers, and none lost.

    python bench/server_logs.py [lines in all] [instances] [readers]

Prints what the server accepted and delivered per second of wall time and of its own processor time, what share of the
lines a reader got, what readers were told they lost, and the time one line takes from an instance to a reader when
nothing else happens; all beside the Go server, where `make go-waypoint` has built it.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import statistics
import sys
import time

import grpc
from go_programs import NAME, beside
from server_under_load import Server, Sheet, server

from wp_proto.waypoint import api as pb
from wp_proto.waypoint.service_pb2_grpc import WaypointStub

BATCH = 250
PROBES = 50
QUIET = 5.0
"""Seconds without a line after which a reader knows that no more will come: not every server tells what it lost."""


async def _produce(target: Server, deployment: str, instances: int, lines: int) -> None:
    request = [pb.EntrypointConfigRequest(deployment_id=deployment, instance_id=f"I{n:04}") for n in range(instances)]
    async with target.channel() as channel:
        stub = WaypointStub(channel)
        held = [stub.EntrypointConfig(one, metadata=target.metadata) for one in request]
        await asyncio.gather(*(one.read() for one in held))

        async def ship(instance: str) -> None:
            async def batches():
                entries = [pb.LogBatch.Entry(line=f"{instance} a line of ordinary length {n}") for n in range(BATCH)]
                for _ in range(lines // instances // BATCH):
                    yield pb.EntrypointLogBatch(instance_id=instance, lines=entries)

            try:
                await stub.EntrypointLogStream(batches(), metadata=target.metadata)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.INTERNAL:  # which is the Go server's answer to a regular end
                    raise

        await asyncio.gather(*(ship(one.instance_id) for one in request))


async def _consume(target: Server, deployment: str, lines: int, out) -> None:
    async with target.channel() as channel:
        call = WaypointStub(channel).GetLogStream(
            pb.GetLogStreamRequest(deployment_id=deployment), metadata=target.metadata
        )
        received = lost = 0
        last = time.monotonic()
        with contextlib.suppress(TimeoutError):
            while received + lost < lines:
                async with asyncio.timeout(QUIET if received else None):
                    batch = await call.read()
                last = time.monotonic()
                for line in batch.lines:
                    if line.source == pb.LogBatch.Entry.ENTRYPOINT:
                        lost += int(line.line.split()[1])
                    else:
                        received += 1
        out.put((received, lost, last))


def _reader(target: Server, deployment: str, lines: int, readers: int, out) -> None:
    async def all_readers() -> None:
        await asyncio.gather(*(_consume(target, deployment, lines, out) for _ in range(readers)))

    asyncio.run(all_readers())


def _producer(target: Server, deployment: str, instances: int, lines: int) -> None:
    asyncio.run(_produce(target, deployment, instances, lines))


async def _latencies(target: Server, deployment: str) -> list[float]:
    async with target.channel() as channel:
        stub = WaypointStub(channel)
        held = stub.EntrypointConfig(
            pb.EntrypointConfigRequest(deployment_id=deployment, instance_id="PROBE"), metadata=target.metadata
        )
        await held.read()
        call = stub.GetLogStream(pb.GetLogStreamRequest(deployment_id=deployment), metadata=target.metadata)
        ship = stub.EntrypointLogStream(metadata=target.metadata)
        found = []
        for _ in range(PROBES):
            started = time.perf_counter()
            await ship.write(pb.EntrypointLogBatch(instance_id="PROBE", lines=[pb.LogBatch.Entry(line="probe")]))
            await call.read()
            found.append(time.perf_counter() - started)
        return found


def measure(target: Server, sheet: Sheet, lines: int, instances: int, readers: int) -> None:
    context = multiprocessing.get_context("spawn")
    quiet, loaded = asyncio.run(target.deployments(2))
    latencies = asyncio.run(_latencies(target, quiet))
    sheet.show("one line, instance to reader, median", statistics.median(latencies) * 1000, "ms", most=True)
    out = context.Queue()
    consumer = context.Process(target=_reader, args=(target, loaded, lines, readers, out))
    consumer.start()
    time.sleep(2)
    before, started = target.processor_time(), time.monotonic()
    producer = context.Process(target=_producer, args=(target, loaded, instances, lines))
    producer.start()
    results = [out.get() for _ in range(readers)]
    busy, elapsed = target.processor_time() - before, max(last for _, _, last in results) - started
    producer.join()
    consumer.join()
    received, lost = sum(result[0] for result in results), sum(result[1] for result in results)
    per_second = f"{lines / busy:.0f} per second of processor time"
    sheet.show("accepted", lines / elapsed, "/s", 100_000, beside=per_second)
    per_second = f"{received / busy:.0f} per second of processor time"
    sheet.show("delivered", received / elapsed, "/s", beside=per_second)
    told = f"readers were told they lost {lost} of {lines * readers} lines"
    sheet.show("arrive at a reader", 100 * received / lines / readers, "%", beside=told)


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    instances = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    readers = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    lines -= lines % (instances * BATCH)
    print(f"{instances} instances, {readers} readers, {lines} lines")
    sheet = Sheet(beside(lambda target, sheet: measure(target, sheet, lines, instances, readers)), NAME)
    with server() as target:
        measure(target, sheet, lines, instances, readers)


if __name__ == "__main__":
    main()
