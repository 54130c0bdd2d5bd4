"""A runner and those who watch it, as plain grpcio peers."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from wp_proto.waypoint import api as pb

Request = pb.RunnerJobStreamRequest
Event = pb.GetJobStreamResponse.Terminal.Event
APP = pb.Ref.Application(project="p", application="web")


def job(target: str = "", **fields) -> pb.QueueJobRequest:
    fields.setdefault("application", APP)
    fields.setdefault("workspace", pb.Ref.Workspace(workspace="default"))
    fields.setdefault("data_source", pb.Job.DataSource(local=pb.Job.Local()))
    runner = pb.Ref.Runner(id=pb.Ref.RunnerId(id=target)) if target else pb.Ref.Runner(any=pb.Ref.RunnerAny())
    fields.setdefault("target_runner", runner)
    expires = fields.pop("expires_in", "")
    if not any(name in fields for name in ("up", "deploy", "build", "destroy")):
        fields["noop"] = pb.Job.Noop()
    return pb.QueueJobRequest(job=pb.Job(**fields), expires_in=expires)


def line(text: str) -> Request:
    return Request(terminal=pb.GetJobStreamResponse.Terminal(events=[Event(line=Event.Line(msg=text))]))


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


class Runner:
    """A runner as a peer: registered by its configuration stream, taking jobs by job streams."""

    def __init__(self, api, runner_id: str, **fields) -> None:
        if not {"local", "remote", "odr"} & set(fields):
            fields["local"] = pb.Runner.Local()
        self.api, self.id = api, runner_id
        self.runner = pb.Runner(id=runner_id, **fields)

    async def register(self) -> Runner:
        self.config = self.api.RunnerConfig()
        await self.config.write(pb.RunnerConfigRequest(open=pb.RunnerConfigRequest.Open(runner=self.runner)))
        self.first_config = await self.config.read()
        return self

    async def stream(self, reattach: str = ""):
        stream = self.api.RunnerJobStream()
        await stream.write(Request(request=Request.Request(runner_id=self.id, reattach_job_id=reattach)))
        return stream

    async def take(self, reattach: str = "", ack: bool = True):
        """Returns a stream and the job it was given."""
        stream = await self.stream(reattach)
        answer = await stream.read()
        assert answer is not grpc.aio.EOF, await stream.code()
        if ack:
            await stream.write(Request(ack=Request.Ack()))
        return stream, answer.assignment.job

    async def work(self, *lines: str) -> str:
        """Takes one job, says `lines`, completes it; returns its id."""
        stream, taken = await self.take()
        for text in lines:
            await stream.write(line(text))
        await stream.write(Request(complete=Request.Complete()))
        assert await stream.read() is grpc.aio.EOF
        return taken.id

    async def leave(self) -> None:
        self.config.cancel()


async def watch(api, job_id: str) -> list[pb.GetJobStreamResponse]:
    async with asyncio.timeout(60):
        return [event async for event in api.GetJobStream(pb.GetJobStreamRequest(job_id=job_id))]


async def until_state(api, job_id: str, *states: int) -> pb.Job:
    async with asyncio.timeout(60):
        while True:
            found = await api.GetJob(pb.GetJobRequest(job_id=job_id))
            if found.state in states:
                return found
            await asyncio.sleep(0.01)


def kinds(events: list[pb.GetJobStreamResponse]) -> list[str]:
    return [event.WhichOneof("event") for event in events]


def lines(events: list[pb.GetJobStreamResponse]) -> list[str]:
    return [shown.line.msg for event in events for shown in event.terminal.events]
