"""Launching, following and cleaning up after one container on a platform, by a task launcher plugin (server
specification 7.9, 7.10). These operations need neither file nor data source."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import wp_config
from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.waypoint import api as pb
from wp_runner.environment import NothingSaved, RunnerFacts
from wp_runner.errors import OperationFailed
from wp_runner.operations.records import present
from wp_runner.plugins import Call, ComponentHandle, Outcome
from wp_runner.server import Server
from wp_sdk.arguments import KEYS, JobInfo, TaskLaunchInfo
from wp_sdk.component import ComponentKind
from wp_sdk.context import Context
from wp_sdk.mapper import Input, Provider, Solver, Subject
from wp_sdk.schema import Schema
from wp_sdk.terminal import UI
from wp_sdk.values import type_name

UNFINISHED = frozenset({pb.Job.QUEUED, pb.Job.WAITING, pb.Job.RUNNING})


@dataclass
class TaskJob:
    """One job about a launched container."""

    job: pb.Job
    server: Server
    ui: UI
    ctx: Context
    facts: RunnerFacts


def start_task(env: TaskJob) -> pb.Job.Result:
    """`start_task{info, params}`: the result carries what the plugin needs to find the container again."""
    asked = env.job.start_task
    info = TaskLaunchInfo(
        oci_url=asked.info.oci_url,
        environment_variables=dict(asked.info.environment_variables),
        arguments=tuple(asked.info.arguments),
        entrypoint=tuple(asked.info.entrypoint),
    )
    launcher = _launcher(env, asked.params)
    outcome = _call(env, launcher, "start", [Provider(KEYS[TaskLaunchInfo], lambda: info)], [])
    if outcome.value is None:
        raise OperationFailed(f"The plugin {launcher.plugin} started the task but said nothing to find it by")
    if env.ctx.cancelled():  # nobody waits for the result any more, and so nobody would stop the task
        _call(replace(env, ctx=Context()), launcher, "stop", [], [_state(outcome.value)])
        env.ctx.raise_if_cancelled()
    return pb.Job.Result(start_task=pb.Job.StartTaskResult(state=outcome.value))


def watch_task(env: TaskJob) -> pb.Job.Result:
    """`watch_task{start_job}`: shows the container's output to its end; fails when that was a failure."""
    start = _start_job(env, env.job.watch_task.start_job.id)
    state = start.result.start_task.state
    if not present(state):
        raise OperationFailed(f"The job {start.id} launched nothing that could be watched")
    outcome = _call(env, _launcher(env, start.start_task.params), "watch", [], [_state(state)])
    return pb.Job.Result(watch_task=pb.Job.WatchTaskResult(exit_code=_exit_code(outcome)))


def stop_task(env: TaskJob) -> pb.Job.Result:
    """`stop_task{state | start_job_id}`: nothing to do where nothing was launched.

    A launching job that ended without a result, or was begun twice, may have left something that no result names.
    """
    asked = env.job.stop_task
    params, state = asked.params, asked.direct
    begun = ""
    if asked.WhichOneof("state") == "start_job_id":
        start = env.server.find(env.server.stub.GetJob, pb.GetJobRequest(job_id=asked.start_job_id))
        if start is None:
            return pb.Job.Result()
        if start.state in UNFINISHED:
            raise OperationFailed(f"The job {start.id} is still launching what shall be stopped")
        params, state = start.start_task.params, start.result.start_task.state
        begun = start.id if start.HasField("ack_time") else ""
    if not begun and not present(state):
        return pb.Job.Result()
    launcher = _launcher(env, params)
    if present(state):
        _call(env, launcher, "stop", [], [_state(state)])
    if begun and launcher.has("clean_up"):
        _call(env, launcher, "clean_up", [], [], begun)
    return pb.Job.Result()


def run_here(env: TaskJob, params: pb.Job.TaskPluginParams, info: TaskLaunchInfo) -> None:
    """Launches a task, shows its output to its end and cleans up, all in this job. Raises `OperationFailed` when the
    task ends with another exit code than 0."""
    launcher = _launcher(env, params)
    started = _call(env, launcher, "start", [Provider(KEYS[TaskLaunchInfo], lambda: info)], [])
    if started.value is None:
        raise OperationFailed(f"The plugin {launcher.plugin} started the task but said nothing to find it by")
    try:
        _exit_code(_call(env, launcher, "watch", [], [_state(started.value)]))
    finally:
        _call(replace(env, ctx=Context()), launcher, "stop", [], [_state(started.value)])


def _exit_code(watched: Outcome) -> int:
    code = watched.raw if isinstance(watched.raw, int) else 0
    if code != 0:
        raise OperationFailed(f"The task ended with exit code {code}")
    return code


def _start_job(env: TaskJob, job_id: str) -> pb.Job:
    return env.server.call(env.server.stub.GetJob, pb.GetJobRequest(job_id=job_id))


def _state(state: OpaqueAny) -> Input:
    return Input("state", type_name(state), state)


def _launcher(env: TaskJob, params: pb.Job.TaskPluginParams) -> ComponentHandle:
    launcher = env.facts.host.component(params.plugin_type, ComponentKind.TASK_LAUNCHER)
    is_json = params.hcl_format == pb.Hcl.JSON
    name, form = ("plugin.hcl.json", wp_config.Format.JSON) if is_json else ("plugin.hcl", wp_config.Format.HCL)
    source = wp_config.Source(params.hcl_config or (b"{}" if is_json else b""), Path(), name, form)
    launcher.configure(wp_config.decode_source(source, launcher.schema or Schema()))
    return launcher


def _call(
    env: TaskJob,
    launcher: ComponentHandle,
    function: str,
    providers: list[Provider],
    inputs: list[Input],
    job_id: str = "",
) -> Outcome:
    info = JobInfo(
        job_id or env.job.id,
        env.facts.local,
        env.job.workspace.workspace,
        env.job.application.project,
        env.job.application.application,
    )
    well_known = [
        Provider(KEYS[JobInfo], lambda: info),
        Provider(KEYS[logging.Logger], lambda: logging.getLogger(f"waypoint.plugin.{launcher.plugin}")),
        Provider(KEYS[UI], lambda: env.ui, late=True),
    ]
    mappers = env.facts.host.mappers((), launcher.plugin)
    solver = Solver(inputs, [*well_known, *providers], mappers, env.facts.host.makers)
    subject = Subject(f"{launcher.plugin} {function}")
    _, arguments = solver.run(launcher.spec(function).requirements, subject)
    env.ctx.raise_if_cancelled()
    return launcher.call(function, arguments, Call(env.ctx, NothingSaved()))
