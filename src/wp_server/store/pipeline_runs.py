"""Runs of pipelines as records: the state of a run follows from the moves of its jobs (server.md §9.4; G1, G5).

What a run has become never depends on the order in which its jobs end: an error weighs more than a cancellation, and
that more than anything that goes on.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from wp_proto.waypoint import api as pb
from wp_server.errors import NotFound
from wp_server.ids import new_id
from wp_server.jobs.machine import State
from wp_server.store import jobs as rows
from wp_server.store.schema import jobs, pipeline_runs

_ENDED_BADLY = (pb.PipelineRun.ERROR, pb.PipelineRun.CANCELLED)


def next_sequence(connection: Connection, pipeline_id: str) -> int:
    """Returns the number of the pipeline's next run."""
    query = select(func.max(pipeline_runs.c.sequence)).where(pipeline_runs.c.pipeline_id == pipeline_id)
    return (connection.execute(query).scalar() or 0) + 1


def insert(connection: Connection, pipeline_id: str, sequence: int, job_ids: list[str]) -> None:
    """Stores the run of jobs that are queued, each after those it waits for."""
    run = pb.PipelineRun(
        id=new_id(),
        sequence=sequence,
        pipeline=pb.Ref.Pipeline(id=pipeline_id),
        jobs=[pb.Ref.Job(id=job_id) for job_id in job_ids],
        state=pb.PipelineRun.STARTING,
    )
    for job_id in job_ids:  # a job whose dependency had failed before has ended already
        job = rows.message(connection, job_id)
        if job.state == pb.Job.ERROR:
            run.state = _after(connection, run, job)
    values = {"pipeline_id": pipeline_id, "sequence": sequence, "blob": run.SerializeToString()}
    connection.execute(pipeline_runs.insert(), values)


def find(connection: Connection, pipeline_id: str, sequence: int) -> pb.PipelineRun | None:
    """Returns a run, or None."""
    key = (pipeline_runs.c.pipeline_id == pipeline_id) & (pipeline_runs.c.sequence == sequence)
    blob = connection.execute(select(pipeline_runs.c.blob).where(key)).scalar()
    return pb.PipelineRun.FromString(blob) if blob is not None else None


def get(connection: Connection, pipeline: pb.Pipeline, sequence: int) -> pb.PipelineRun:
    """Returns a run of the pipeline. Errors: NotFound."""
    run = find(connection, pipeline.id, sequence)
    if run is None:
        raise NotFound(f"The pipeline {pipeline.name!r} has no run {sequence}.")
    return run


def follow(connection: Connection, job: pb.Job) -> None:
    """Lets the run of a job that has just moved move with it. A run that is gone with its project stays so."""
    ref = job.pipeline
    run = find(connection, ref.root_pipeline_id, ref.run_sequence)
    if run is None:
        return
    state = _after(connection, run, job)
    if state == run.state:
        return
    run.state = state
    key = (pipeline_runs.c.pipeline_id == ref.root_pipeline_id) & (pipeline_runs.c.sequence == ref.run_sequence)
    connection.execute(update(pipeline_runs).where(key).values(blob=run.SerializeToString()))


def _after(connection: Connection, run: pb.PipelineRun, job: pb.Job) -> pb.PipelineRun.State:
    at = State(job.state)
    if run.state == pb.PipelineRun.ERROR:
        return run.state
    if at is State.ERROR:
        return pb.PipelineRun.CANCELLED if job.HasField("cancel_time") else pb.PipelineRun.ERROR
    if run.state in _ENDED_BADLY:
        return run.state
    if at is State.SUCCESS and _all_succeeded(connection, run):
        return pb.PipelineRun.SUCCESS
    return pb.PipelineRun.RUNNING if at in (State.RUNNING, State.SUCCESS) else run.state


def _all_succeeded(connection: Connection, run: pb.PipelineRun) -> bool:
    ids = [ref.id for ref in run.jobs]
    query = select(func.count()).where(jobs.c.id.in_(ids), jobs.c.state != int(State.SUCCESS))
    return connection.execute(query).scalar_one() == 0
