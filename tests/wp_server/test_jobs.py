"""Jobs over real connections: a runner that works, watchers that see all of it, and everything that goes wrong."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server.auth import tokens
from wp_server.jobs import deadlines, machine
from wp_server.store import jobs, output, projects

from .job_peers import APP, Event, Request, Runner, job, kinds, line, lines, refusal, until_state, watch
from .turning import refuses_foreign_tokens, turned

SHORT = 60 * machine.SECOND


@pytest.fixture
async def api(server, client, token):
    await server.store.write(projects.upsert, pb.Project(name="p"))
    return client(token)


@pytest.fixture
async def runner(api):
    runner = await Runner(api, "r1").register()
    yield runner
    await runner.leave()


async def test_a_job_goes_from_queue_to_result_and_a_watcher_sees_every_step(api, runner):
    queued = (await api.QueueJob(job("r1", up=pb.Job.UpOp()))).job_id
    watching = asyncio.ensure_future(watch(api, queued))
    stream, taken = await runner.take()
    assert (taken.id, taken.application) == (queued, APP)
    await stream.write(line("Building..."))
    ref = pb.Job.DataSource.Ref(git=pb.Job.Git.Ref(commit="c0ffee"))
    await stream.write(Request(download=pb.GetJobStreamResponse.Download(data_source_ref=ref)))
    await stream.write(Request(config_load=Request.ConfigLoad(config=pb.Job.Config(source=pb.Job.Config.FILE))))
    final = {"port": pb.Variable.FinalValue(str="80", source=pb.Variable.FinalValue.CLI)}
    await stream.write(Request(variable_values_set=Request.VariableValuesSet(final_values=final)))
    await stream.write(Request(heartbeat=Request.Heartbeat()))
    result = pb.Job.Result(up=pb.Job.UpResult(release_url="http://web.example"))
    await stream.write(Request(complete=Request.Complete(result=result)))
    assert await stream.read() is grpc.aio.EOF
    assert await stream.code() is grpc.StatusCode.OK
    events = await watching
    assert kinds(events)[0] == "open"
    states = [(event.state.previous, event.state.current) for event in events if event.WhichOneof("event") == "state"]
    assert states[0][0] == pb.Job.UNKNOWN
    assert states[-1][1] == pb.Job.SUCCESS
    assert [after for _, after in states[:-1]] == [before for before, _ in states[1:]]
    assert [event.download.data_source_ref for event in events if event.WhichOneof("event") == "download"] == [ref]
    assert events[-1].complete.result == result
    stored = await api.GetJob(pb.GetJobRequest(job_id=queued))
    assert (stored.config.source, stored.variable_final_values["port"].str) == (pb.Job.Config.FILE, "80")
    seen = (await api.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project="p")))).workspaces
    assert [entry.data_source_ref for entry in seen] == [ref]


async def test_the_last_line_arrives_before_the_end(api, runner):
    for _ in range(10):
        queued = (await api.QueueJob(job("r1"))).job_id
        watching = asyncio.ensure_future(watch(api, queued))
        texts = [f"line {number}" for number in range(150)]
        await runner.work(*texts)
        events = await watching
        assert lines(events) == texts
        assert kinds(events)[-1] == "complete"
        assert kinds(events).count("complete") == 1


async def test_a_finished_job_is_replayed_from_the_start_marked_as_buffered(api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    texts = [f"line {number}" for number in range(5_000)]
    await runner.work(*texts[:100])
    events = await watch(api, queued)
    assert kinds(events)[:3] == ["open", "job", "state"]
    assert lines(events) == texts[:100]
    assert all(event.terminal.buffered for event in events if event.WhichOneof("event") == "terminal")
    assert kinds(events)[-1] == "complete"


async def test_failure_is_in_complete_and_never_a_stream_error(api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    stream, _ = await runner.take()
    await stream.write(Request(error=Request.Error(error={"code": 9, "message": "the Dockerfile is empty"})))
    assert await stream.read() is grpc.aio.EOF
    events = await watch(api, queued)
    assert events[-1].complete.error.message == "the Dockerfile is empty"
    assert (await api.GetJob(pb.GetJobRequest(job_id=queued))).state == pb.Job.ERROR


async def test_a_second_up_of_the_same_application_waits_and_says_for_what(api, runner):
    first = (await api.QueueJob(job("r1", up=pb.Job.UpOp()))).job_id
    stream, taken = await runner.take()
    assert taken.id == first
    second = (await api.QueueJob(job("r1", up=pb.Job.UpOp()))).job_id
    told = []
    watching = api.GetJobStream(pb.GetJobStreamRequest(job_id=second))
    async with asyncio.timeout(60):
        async for event in watching:
            told += [shown.line.msg for shown in event.terminal.events]
            if told:
                break
    assert told == [f"Waiting for the up of p/web in workspace default to finish (job {first})..."]
    assert (await api.GetJob(pb.GetJobRequest(job_id=second))).state == pb.Job.QUEUED
    await stream.write(Request(complete=Request.Complete()))
    next_stream, taken = await runner.take()
    assert taken.id == second
    await next_stream.write(Request(complete=Request.Complete()))
    assert [event async for event in watching][-1].WhichOneof("event") == "complete"


async def test_a_refused_job_goes_to_the_next_stream_first_in_line(api, runner):
    first = (await api.QueueJob(job("r1"))).job_id
    await api.QueueJob(job("r1"))
    stream, taken = await runner.take(ack=False)
    assert taken.id == first
    await stream.write(Request(error=Request.Error(error={"code": 8, "message": "shutting down"})))
    assert await stream.read() is grpc.aio.EOF
    assert await runner.work() == first


async def test_a_stream_that_breaks_before_its_ack_gives_the_job_back_at_once(api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    stream, taken = await runner.take(ack=False)
    assert taken.id == queued
    stream.cancel()
    async with asyncio.timeout(60):
        assert await runner.work() == queued


async def test_a_stream_that_waits_and_breaks_loses_no_job(api, runner):
    waiting = [await runner.stream() for _ in range(5)]
    for stream in waiting:
        stream.cancel()
    ids = [(await api.QueueJob(job("r1"))).job_id for _ in range(5)]
    async with asyncio.timeout(60):
        assert sorted([await runner.work() for _ in range(5)]) == ids


async def test_a_running_job_outlives_its_stream_and_its_runner_continues_it(api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    watching = asyncio.ensure_future(watch(api, queued))
    broken, _ = await runner.take()
    await broken.write(line("one"))
    await until_state(api, queued, pb.Job.RUNNING)
    async with asyncio.timeout(60):
        async for event in api.GetJobStream(pb.GetJobStreamRequest(job_id=queued)):
            if event.terminal.events:
                break
    broken.cancel()
    stream, taken = await runner.take(reattach=queued)
    assert taken.id == queued
    await stream.write(line("two"))
    await stream.write(Request(complete=Request.Complete()))
    assert await stream.read() is grpc.aio.EOF
    events = await watching
    assert lines(events) == ["one", "two"]
    assert not events[-1].complete.HasField("error")


async def test_the_half_open_stream_of_a_reattached_job_is_dead(api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    old, _ = await runner.take()
    await until_state(api, queued, pb.Job.RUNNING)
    new, _ = await runner.take(reattach=queued)
    # Nothing is written to the old stream: grpcio reports a write that meets the end as INTERNAL.
    assert await old.code() is grpc.StatusCode.FAILED_PRECONDITION
    await new.write(Request(error=Request.Error(error={"message": "from the new one"})))
    assert await new.read() is grpc.aio.EOF
    assert (await watch(api, queued))[-1].complete.error.message == "from the new one"


async def test_only_the_assigned_runner_reattaches(api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    await runner.take()
    other = await Runner(api, "r2").register()
    for runner_id, job_id in ((other, queued), (runner, "nowhere")):
        stream = await runner_id.stream(reattach=job_id)
        assert await stream.code() is grpc.StatusCode.INVALID_ARGUMENT
    await other.leave()


async def test_a_soft_cancel_is_told_to_the_runner_and_the_watcher(api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    watching = asyncio.ensure_future(watch(api, queued))
    stream, _ = await runner.take()
    await until_state(api, queued, pb.Job.RUNNING)
    await api.CancelJob(pb.CancelJobRequest(job_id=queued))
    answer = await stream.read()
    assert answer.WhichOneof("event") == "cancel"
    assert not answer.cancel.force
    await stream.write(line("cleaning up"))
    await stream.write(Request(error=Request.Error(error={"code": 1, "message": "canceled"})))
    assert await stream.read() is grpc.aio.EOF
    events = await watching
    assert any(event.state.canceling for event in events)
    assert lines(events) == ["cleaning up"]
    assert events[-1].complete.error.code == 1


async def test_a_forced_cancel_ends_the_job_and_its_stream_cleanly(api, runner):
    queued = (await api.QueueJob(job("r1", up=pb.Job.UpOp()))).job_id
    stream, _ = await runner.take()
    await until_state(api, queued, pb.Job.RUNNING)
    await api.CancelJob(pb.CancelJobRequest(job_id=queued, force=True))
    assert (await stream.read()).cancel.force
    assert await stream.read() is grpc.aio.EOF
    assert await stream.code() is grpc.StatusCode.OK
    ended = await api.GetJob(pb.GetJobRequest(job_id=queued))
    assert (ended.state, ended.error.message) == (pb.Job.ERROR, "canceled")
    assert ended.HasField("complete_time")
    await api.CancelJob(pb.CancelJobRequest(job_id=queued, force=True))


async def test_a_queued_job_that_nobody_takes_expires(server, api):
    queued = (await api.QueueJob(job("nobody", expires_in="1ms"))).job_id
    assert (await watch(api, queued))[-1].complete.error.message.endswith("no runner took the job before it expired")


async def test_jobs_go_to_the_runner_they_name_the_labels_they_ask_for_or_anybody(api):
    plain = await Runner(api, "plain", remote=pb.Runner.Remote(), labels={"region": "us"}).register()
    eu = await Runner(api, "eu", remote=pb.Runner.Remote(), labels={"region": "eu", "gpu": "yes"}).register()
    cli = await Runner(api, "cli", by_id_only=True).register()
    wanted = pb.Ref.Runner(labels=pb.Ref.RunnerLabels(labels={"region": "eu"}))
    by_label = (await api.QueueJob(job(target_runner=wanted))).job_id
    by_id = (await api.QueueJob(job("cli"))).job_id
    anybody = (await api.QueueJob(job())).job_id
    async with asyncio.timeout(60):
        assert await plain.work() == anybody
        assert await eu.work() == by_label
        assert await cli.work() == by_id
    nothing = await cli.stream()
    await api.QueueJob(job())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(nothing.read(), 0.3)
    for runner in (plain, eu, cli):
        await runner.leave()


async def test_many_streams_share_many_jobs_and_each_runs_once(api, runner):
    other = await Runner(api, "r2").register()
    ids = [(await api.QueueJob(job())).job_id for _ in range(60)]
    async with asyncio.timeout(60):
        done = await asyncio.gather(*((runner if number % 2 else other).work("x") for number in range(60)))
    assert sorted(done) == ids
    await other.leave()


async def test_a_runner_that_was_rejected_while_it_waits_is_let_go(api):
    runner = await Runner(api, "r1", remote=pb.Runner.Remote()).register()
    stream = await runner.stream()
    await api.AdoptRunner(pb.AdoptRunnerRequest(runner_id="r1", adopt=False))
    assert await stream.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert await runner.config.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_stream_without_registration_or_request_is_refused(api):
    stream = await Runner(api, "ghost").stream()
    assert await stream.code() is grpc.StatusCode.NOT_FOUND
    stream = api.RunnerJobStream()
    await stream.write(Request(ack=Request.Ack()))
    assert await stream.code() is grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (pb.QueueJobRequest(), "FAILED_PRECONDITION", "job: is required"),
        (pb.QueueJobRequest(job=pb.Job(application=APP)), "UNIMPLEMENTED", "no operation that this server knows"),
        (job(application=pb.Ref.Application(project="p")), "FAILED_PRECONDITION", "job.application.application: must"),
        (job(target_runner=pb.Ref.Runner()), "FAILED_PRECONDITION", "job.target_runner: must be any, id or labels"),
        (job(workspace=None), "FAILED_PRECONDITION", "job.workspace: is required"),
        (job(id="mine"), "FAILED_PRECONDITION", "job.id: must be empty"),
        (job(expires_in="soon"), "INVALID_ARGUMENT", "'soon' is not a duration"),
        (job(application=pb.Ref.Application(project="no", application="a")), "NOT_FOUND", "`waypoint init`"),
        (job(data_source=None), "FAILED_PRECONDITION", "has no data source"),
        (job(depends_on=["x"]), "NOT_FOUND", "There is no job 'x' to depend on"),
        (job(depends_on=[""]), "FAILED_PRECONDITION", "depends_on"),
        (job(depends_on_allow_failure=["x"]), "FAILED_PRECONDITION", "depends_on_allow_failure"),
        (job(ondemand_runner=pb.Ref.OnDemandRunnerConfig(name="prod")), "NOT_FOUND", "no runner profile 'prod'"),
        (job(data_source=pb.Job.DataSource(git=pb.Job.Git())), "FAILED_PRECONDITION", "job.data_source.git.url"),
    ],
)
async def test_what_cannot_be_queued_is_refused_in_one_sentence(api, request_, code, words):
    answered, told = await refusal(api.QueueJob(request_))
    assert answered.name == code
    assert words in told
    assert not (await api.ListJobs(pb.ListJobsRequest())).jobs


async def test_fields_that_belong_to_the_server_are_not_taken_from_the_client(api):
    request = job(up=pb.Job.UpOp())
    request.job.state = pb.Job.SUCCESS
    request.job.assigned_runner.id = "me"
    request.job.result.up.app_url = "http://evil.example"
    request.job.pipeline.step = "x"
    stored = await api.GetJob(pb.GetJobRequest(job_id=(await api.QueueJob(request)).job_id))
    assert stored.state == pb.Job.QUEUED
    assert not any(stored.HasField(field) for field in ("assigned_runner", "result", "pipeline"))


async def test_the_list_of_jobs_filters_and_pages(api, runner):
    ids = [(await api.QueueJob(job("r1"))).job_id for _ in range(7)]
    done = await runner.work()
    listed = (await api.ListJobs(pb.ListJobsRequest(project=pb.Ref.Project(project="P")))).jobs
    assert [one.id for one in listed] == ids
    finished = await api.ListJobs(pb.ListJobsRequest(jobState=[pb.Job.SUCCESS, pb.Job.ERROR]))
    assert [one.id for one in finished.jobs] == [done]
    nobody = pb.ListJobsRequest(targetRunner=pb.Ref.Runner(id=pb.Ref.RunnerId(id="r9")))
    assert not (await api.ListJobs(nobody)).jobs
    pages = await turned(api.ListJobs, pb.ListJobsRequest(), 3, lambda answer: [one.id for one in answer.jobs])
    assert pages == [ids[:3], ids[3:6], ids[6:]]
    await refuses_foreign_tokens(api.ListJobs, pb.ListJobsRequest())


async def test_a_page_of_jobs_that_are_looked_at_one_by_one_is_full(api):
    """Labels, one of which is enough, are not in columns."""
    ids = []
    for number in range(10):
        labels = pb.Ref.RunnerLabels(labels={"zone": "ab"[number % 2], "name": str(number)})
        ids.append((await api.QueueJob(job(target_runner=pb.Ref.Runner(labels=labels)))).job_id)
    wanted = pb.Ref.Runner(labels=pb.Ref.RunnerLabels(labels={"zone": "b"}))
    request = pb.ListJobsRequest(targetRunner=wanted)
    pages = await turned(api.ListJobs, request, 2, lambda answer: [one.id for one in answer.jobs])
    assert pages == [[ids[1], ids[3]], [ids[5], ids[7]], [ids[9]]]


async def test_a_huge_list_of_jobs_stays_below_the_message_limit(api, runner):
    big = pb.Hcl(contents=b"x" * 1_000_000)
    for _ in range(6):
        await api.QueueJob(job("r1", waypoint_hcl=big))
    listed = await api.ListJobs(pb.ListJobsRequest())
    assert len(listed.jobs) == 6
    assert listed.ByteSize() < 4 * 1024 * 1024


async def test_validate_says_whether_a_runner_would_take_it(api, runner):
    valid = await api.ValidateJob(pb.ValidateJobRequest(job=job("r1").job))
    assert (valid.valid, valid.assignable) == (True, True)
    unknown = await api.ValidateJob(pb.ValidateJobRequest(job=job("r9").job))
    assert (unknown.valid, unknown.assignable) == (True, False)
    broken = await api.ValidateJob(pb.ValidateJobRequest(job=job(target_runner=pb.Ref.Runner()).job))
    assert not broken.valid
    assert "target_runner" in broken.validation_error.message
    assert not (await api.ListJobs(pb.ListJobsRequest())).jobs


async def test_a_runner_token_reaches_its_own_jobs_only(server, client, api, runner, stream_status):
    await Runner(api, "mine").register()
    token = await server.store.read(tokens.runner, "mine", {}, None)
    own = client(token)
    foreign = (await api.QueueJob(job("r1"))).job_id
    targeted = (await api.QueueJob(job("mine"))).job_id
    queued = (await own.QueueJob(job("r1"))).job_id
    for job_id in (targeted, queued):
        assert (await own.GetJob(pb.GetJobRequest(job_id=job_id))).id == job_id
        await own.CancelJob(pb.CancelJobRequest(job_id=job_id))
        assert (await watch(own, job_id))[-1].WhichOneof("event") == "complete"
    assert (await refusal(own.GetJob(pb.GetJobRequest(job_id=foreign))))[0] is grpc.StatusCode.PERMISSION_DENIED
    assert (await refusal(own.CancelJob(pb.CancelJobRequest(job_id=foreign))))[0] is grpc.StatusCode.PERMISSION_DENIED
    assert (await refusal(watch(own, foreign)))[0] is grpc.StatusCode.PERMISSION_DENIED
    code, _ = await stream_status(own, "RunnerJobStream", Request(request=Request.Request(runner_id="r1")))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    record = pb.Build(application=APP, workspace=pb.Ref.Workspace(workspace="default"), job_id=targeted)
    assert (await own.UpsertBuild(pb.UpsertBuildRequest(build=record))).build.sequence == 1
    record.job_id = foreign
    code, _ = await refusal(own.UpsertBuild(pb.UpsertBuildRequest(build=record)))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert (await refusal(own.ListJobs(pb.ListJobsRequest())))[0] is grpc.StatusCode.PERMISSION_DENIED


async def test_a_job_that_is_unknown_is_not_found(api):
    for call in (
        api.GetJob(pb.GetJobRequest(job_id="x")),
        api.CancelJob(pb.CancelJobRequest(job_id="x")),
        watch(api, "x"),
    ):
        assert (await refusal(call))[0] is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("kind", ["local", "remote"])
async def test_the_jobs_of_a_command_line_that_died_do_not_lock_their_application_for_minutes(server, api, kind):
    runner = await Runner(api, "dead", by_id_only=True, **{kind: {}}).register()
    queued = (await api.QueueJob(job("dead", up=pb.Job.UpOp()))).job_id
    stream, _ = await runner.take()
    started = (await until_state(api, queued, pb.Job.RUNNING)).ack_time.ToNanoseconds()
    stream.cancel()
    await runner.leave()
    async with asyncio.timeout(60):
        while (await api.GetRunner(pb.GetRunnerRequest(runner_id="dead"))).online:
            await asyncio.sleep(0.01)
        while kind == "local" and (await server.store.read(jobs.get, queued)).position.deadline - started > SHORT:
            await asyncio.sleep(0.01)
    if kind == "remote":
        assert (await server.store.read(jobs.get, queued)).position.deadline - started >= machine.HEARTBEAT_TIMEOUT
    back = await Runner(api, "dead", by_id_only=True, **{kind: {}}).register()
    await back.take(reattach=queued)
    assert (await server.store.read(jobs.get, queued)).position.deadline - started >= machine.HEARTBEAT_TIMEOUT
    await back.leave()


async def test_a_new_server_gives_running_jobs_time_to_come_back(server, api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    await runner.take()
    await until_state(api, queued, pb.Job.RUNNING)
    before = (await server.store.read(jobs.get, queued)).position.deadline
    await deadlines.take_over(server.store)
    assert (await server.store.read(jobs.get, queued)).position.deadline > before
    assert not (await api.ListRunners(pb.ListRunnersRequest())).runners


async def test_output_of_a_big_batch_is_split_for_the_watchers(api, runner):
    queued = (await api.QueueJob(job("r1"))).job_id
    stream, _ = await runner.take()
    events = [Event(raw=Event.Raw(data=b"x" * 100_000)) for _ in range(40)]
    for first in range(0, 40, 20):
        terminal = pb.GetJobStreamResponse.Terminal(events=events[first : first + 20])
        await stream.write(Request(terminal=terminal))
    await stream.write(Request(complete=Request.Complete()))
    assert await stream.read() is grpc.aio.EOF
    seen = await watch(api, queued)
    assert sum(len(one.raw.data) for event in seen for one in event.terminal.events) == 4_000_000
    assert max(event.ByteSize() for event in seen) < 2 * output.BATCH_BYTES
