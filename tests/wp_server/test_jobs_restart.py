"""A server that is killed while jobs run: nothing is lost, nothing runs twice, output is replayed whole."""

from __future__ import annotations

import asyncio
import signal

import grpc

from wp_proto.waypoint import api as pb

from .conftest import Client
from .job_peers import Request, Runner, job, line, lines, until_state, watch


async def test_a_running_job_is_continued_on_the_server_that_comes_back(server_process):
    await server_process.start()
    async with server_process.channel() as channel:
        api = Client(channel, server_process.token)
        await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
        runner = await Runner(api, "r1").register()
        running = (await api.QueueJob(job("r1", up=pb.Job.UpOp()))).job_id
        stream, _ = await runner.take()
        await stream.write(line("before"))
        waiting = (await api.QueueJob(job("r1", up=pb.Job.UpOp()))).job_id
        watching = api.GetJobStream(pb.GetJobStreamRequest(job_id=running))
        async with asyncio.timeout(60):
            async for event in watching:
                if event.terminal.events:
                    break
        server_process.end(signal.SIGKILL)
        assert await stream.code() is grpc.StatusCode.UNAVAILABLE
    await server_process.start()
    async with server_process.channel() as channel:
        api = Client(channel, server_process.token)
        assert (await api.GetJob(pb.GetJobRequest(job_id=running))).state == pb.Job.RUNNING
        assert not (await api.ListRunners(pb.ListRunnersRequest())).runners
        runner = await Runner(api, "r1").register()
        stream, taken = await runner.take(reattach=running)
        assert taken.id == running
        assert (await api.GetJob(pb.GetJobRequest(job_id=waiting))).state == pb.Job.QUEUED
        await stream.write(line("after"))
        await stream.write(Request(complete=Request.Complete()))
        assert await stream.read() is grpc.aio.EOF
        assert lines(await watch(api, running)) == ["before", "after"]
        assert await runner.work() == waiting
        await until_state(api, waiting, pb.Job.SUCCESS)
        await runner.leave()


async def test_a_job_that_was_only_handed_out_is_given_to_whoever_comes_back(server_process):
    await server_process.start()
    async with server_process.channel() as channel:
        api = Client(channel, server_process.token)
        await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
        runner = await Runner(api, "r1").register()
        queued = (await api.QueueJob(job("r1"))).job_id
        await runner.take(ack=False)
        server_process.end(signal.SIGKILL)
    await server_process.start()
    async with server_process.channel() as channel:
        api = Client(channel, server_process.token)
        runner = await Runner(api, "r1").register()
        async with asyncio.timeout(60):
            assert await runner.work() == queued
        await runner.leave()
