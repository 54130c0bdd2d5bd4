"""What a run of a pipeline is made of, as the server draws it; put together here for servers that do not draw it.

Go Waypoint's server does from 0.12 on. What is put together has every step once, but none inside of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc

from wp_cli.connect import code_of
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.connect import Client

Node = pb.UI.PipelineRunTreeNode
_STATES = {
    pb.Job.QUEUED: Node.QUEUED,
    pb.Job.WAITING: Node.QUEUED,
    pb.Job.RUNNING: Node.RUNNING,
    pb.Job.SUCCESS: Node.SUCCESS,
    pb.Job.ERROR: Node.ERROR,
}


def shown_run(client: Client, ref: pb.Ref.Pipeline, sequence: int) -> pb.UI.GetPipelineRunResponse:
    """Return a run of a pipeline with its steps."""
    try:
        return client.calls.UI_GetPipelineRun(pb.UI.GetPipelineRunRequest(pipeline=ref, sequence=sequence))
    except grpc.RpcError as err:
        if code_of(err) is not grpc.StatusCode.UNIMPLEMENTED:
            raise
    run = client.calls.GetPipelineRun(pb.GetPipelineRunRequest(pipeline=ref, sequence=sequence)).pipeline_run
    jobs = jobs_in_order(client, [job.id for job in run.jobs])
    pipelines = {
        pipeline_id: client.calls.GetPipeline(pb.GetPipelineRequest(pipeline=pb.Ref.Pipeline(id=pipeline_id))).pipeline
        for pipeline_id in {job.pipeline.pipeline_id for job in jobs}
    }
    answer = pb.UI.GetPipelineRunResponse(pipeline_run=run)
    for job in jobs:
        answer.root_tree_node.children.nodes.append(_node(job, pipelines[job.pipeline.pipeline_id]))
    if jobs:
        answer.pipeline_run_bundle.queue_time.CopyFrom(min((job.queue_time for job in jobs), key=_nanoseconds))
        answer.pipeline_run_bundle.application.CopyFrom(jobs[0].application)
    return answer


def jobs_in_order(client: Client, job_ids: Sequence[str]) -> list[pb.Job]:
    """Return the jobs of a run, each after those it waits for; Go Waypoint's server names them in any order."""
    left = {job_id: client.calls.GetJob(pb.GetJobRequest(job_id=job_id)) for job_id in job_ids}
    placed: list[pb.Job] = []
    while left:
        free = (job_id for job_id, job in left.items() if left.keys().isdisjoint(job.depends_on))
        placed.append(left.pop(next(free, next(iter(left)))))
    return placed


def walk(node: Node, depth: int = 0) -> list[tuple[Node, int]]:
    """The steps of a run in order, each with how many pipelines it is nested in."""
    inner = node.step.WhichOneof("kind") == "pipeline"
    own = [(node, depth)] if node.HasField("step") else []
    return own + [found for below in node.children.nodes for found in walk(below, depth + inner)]


def _node(job: pb.Job, pipeline: pb.Pipeline) -> Node:
    name = job.pipeline.step
    known = pipeline.steps[name] if name in pipeline.steps else pb.Pipeline.Step(name=name)
    node = Node(
        step=known,
        state=_STATES.get(job.state, Node.UNKNOWN),
        application=job.application,
        workspace=job.workspace,
        job=pb.Ref.Job(id=job.id),
    )
    for field, when in (("start_time", "assign_time"), ("complete_time", "complete_time")):
        if job.HasField(when):
            getattr(node, field).CopyFrom(getattr(job, when))
    return node


def _nanoseconds(time: object) -> int:
    found: int = time.ToNanoseconds()  # type: ignore[attr-defined]  # a Timestamp, whose stub has no base to name
    return found
