"""The URL of a trigger, over the real HTTPS listener: queue, follow, refuse (server.md §9.3)."""

from __future__ import annotations

import asyncio
import json

import pytest

from wp_proto.waypoint import api as pb

from .job_peers import Request, Runner, line
from .test_json_api import Http
from .test_running_triggers import WEB, api, trigger

__all__ = ["api"]  # a fixture


@pytest.fixture
async def runner(api):
    runner = await Runner(api, "r1", remote=pb.Runner.Remote()).register()
    yield runner
    await runner.leave()


async def builds(api) -> list[pb.Job]:
    return [job for job in (await api.ListJobs(pb.ListJobsRequest())).jobs if job.HasField("build")]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_without_a_token_nothing_is_said_but_that_it_runs(server, api, method):
    made = await trigger(api, application=WEB, build=pb.Job.BuildOp(), authenticated=False)
    answer = await Http(server, "")(method, f"/v1/trigger/{made}", stream="1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(await builds(api)) == 1


async def test_what_nobody_means_runs_nothing(server, api):
    made = await trigger(api, application=WEB, build=pb.Job.BuildOp(), authenticated=False)
    assert (await Http(server, "")("HEAD", f"/v1/trigger/{made}")).status_code in (204, 405)
    assert await builds(api) == []


async def test_all_output_arrives_line_by_line_until_the_job_has_ended(server, api, token, runner):
    made = await trigger(api, application=WEB, build=pb.Job.BuildOp())
    calling = asyncio.create_task(Http(server, "")("GET", f"/v1/trigger/{made}", token=token, stream=""))
    stream, taken = await runner.take()
    while taken.WhichOneof("operation") != "build":
        await stream.write(Request(complete=Request.Complete()))
        stream, taken = await runner.take()
    for number in range(200):
        await stream.write(line(f"line {number}"))
    await stream.write(Request(error=Request.Error(error={"code": 9, "message": "the Dockerfile is empty"})))
    answer = await calling
    assert answer.status_code == 200
    objects = [json.loads(text) for text in answer.text.splitlines()]
    shown = [one["value"] for one in objects if one["value"].startswith("line ")]
    assert shown == [f"line {number}" for number in range(200)]
    assert objects[-1] == {
        "jobId": taken.id,
        "value": "",
        "valueType": "Complete",
        "exitCode": "1",
        "error": "the Dockerfile is empty",
    }


async def test_the_token_may_be_a_header_and_variables_have_types(server, api, token):
    made = await trigger(api, application=WEB, build=pb.Job.BuildOp())
    given = json.dumps({"debug": "true", "replicas": "3", "tag": "v2"})
    answer = await Http(server, token)("POST", f"/v1/trigger/{made}", variables=given)
    assert answer.status_code == 204
    (job,) = await builds(api)
    assert [variable.name for variable in job.variables] == ["debug", "replicas", "tag"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({}, 401, "needs a token"),
        ({"token": "wrong"}, 401, "token"),
        ({"variables": "{"}, 400, "variables"),
        ({"variables": '{"a": 1}'}, 400, "must be a JSON object of strings"),
    ],
)
async def test_refusals(server, api, query, status, said):
    made = await trigger(api, application=WEB, build=pb.Job.BuildOp())
    answer = await Http(server, "")("GET", f"/v1/trigger/{made}", **query)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"].lower() or said in answer.json()["error"]
    assert await builds(api) == []


async def test_an_unknown_trigger_and_one_that_has_nothing_to_do(server, api, token):
    assert (await Http(server, token)("GET", "/v1/trigger/doesnotexist")).status_code == 412
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="empty")))
    made = await trigger(api, project=pb.Ref.Project(project="empty"), build=pb.Job.BuildOp())
    assert (await Http(server, token)("GET", f"/v1/trigger/{made}")).status_code == 412
