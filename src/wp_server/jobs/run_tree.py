"""The run of a pipeline as a tree of steps, for those who draw it (server.md §9.5). Pure.

The first step is the root; its children are, one after the other, everything that follows. Where the run branches, a
node without a step stands in that list, whose children are the first steps of the branches; the rest of a branch is
below its first step. Below a step that is a pipeline there are that pipeline's steps. Every step is there once.

Where a step would have two kinds of children, those it invokes and those that follow it, a node without a step is put
around: so it is for a root, or the first step of a branch, that is a pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import TypeAlias

from wp_proto.waypoint import api as pb

Node: TypeAlias = pb.UI.PipelineRunTreeNode
Children: TypeAlias = pb.UI.PipelineRunTreeNode.Children

BESIDE = "-virtual"
"""What the job's id of a node without a step ends with."""
_STATES = {
    pb.Job.QUEUED: Node.QUEUED,
    pb.Job.WAITING: Node.QUEUED,
    pb.Job.RUNNING: Node.RUNNING,
    pb.Job.SUCCESS: Node.SUCCESS,
}


def tree(
    jobs: Sequence[pb.Job], definitions: Mapping[str, pb.Pipeline], reports: Mapping[str, pb.StatusReport]
) -> Node | None:
    """Returns the root; None without jobs.

    `jobs` are those of the run's steps, each after those it waits for; `definitions` the pipelines by id, as far as
    they still exist; `reports` the newest ones by `deployment_id/ID` and `release_id/ID`.
    """
    if not jobs:
        return None
    shape = _Shape(jobs)
    nodes = {job.id: _node(job, definitions, reports) for job in jobs}
    return _Drawing(shape, nodes, definitions).level("")


class _Shape:
    """Which job belongs to which invoking step (`""`: the run itself), and what follows what inside of each."""

    def __init__(self, jobs: Sequence[pb.Job]) -> None:
        self.jobs = {job.id: job for job in jobs}
        self.owner = dict.fromkeys(self.jobs, "")
        for job in jobs:
            if job.WhichOneof("operation") == "noop":
                self.owner.update((other, job.id) for other in job.depends_on if other in self.jobs)
        self._inside: dict[str, list[str]] = {}
        for job_id, owner in self.owner.items():
            self._inside.setdefault(owner, []).append(job_id)

    def inside(self, owner: str) -> list[str]:
        """Returns the jobs of the steps of one pipeline, each after those it waits for."""
        before = {job_id: self._before(job_id, owner) for job_id in self._inside.get(owner, [])}
        return list(TopologicalSorter(before).static_order())

    def following(self, owner: str) -> dict[str, list[str]]:
        """Returns what follows directly on each job of a pipeline: without what follows on a follower, too."""
        order = self.inside(owner)
        below: dict[str, set[str]] = {}
        answer: dict[str, list[str]] = {}
        after: dict[str, set[str]] = {job_id: set() for job_id in order}
        for job_id in order:
            for other in self._before(job_id, owner):
                after[other].add(job_id)
        for job_id in reversed(order):
            farther = set().union(*(below[other] for other in after[job_id]))
            answer[job_id] = sorted(after[job_id] - farther)
            below[job_id] = farther | after[job_id]
        return answer

    def _before(self, job_id: str, owner: str) -> set[str]:
        """Returns the jobs of the same pipeline that a step waits for; an invoking step waits by what it invokes."""
        found: set[str] = set()
        todo = [job_id]
        while todo:
            at = todo.pop()
            found.update(other for other in self.jobs[at].depends_on if self.owner.get(other) == owner)
            todo += self._inside.get(at, [])
        return found


class _Drawing:
    def __init__(self, shape: _Shape, nodes: dict[str, Node], definitions: Mapping[str, pb.Pipeline]) -> None:
        self._shape = shape
        self._nodes = nodes
        self._definitions = definitions

    def level(self, owner: str) -> Node:
        """Returns the first step of one pipeline with everything after it as its children."""
        return _under_first(self._serial(owner))

    def _serial(self, owner: str) -> list[Node]:
        following = self._shape.following(owner)
        order = list(following)[::-1]
        found: list[Node] = []
        for start in order:  # the first has all others behind it, unless a job of the run is gone
            found += self._chain(start, following, order, frozenset())
        return found

    def _chain(
        self, start: str, following: dict[str, list[str]], order: list[str], stops: frozenset[str]
    ) -> list[Node]:
        found: list[Node] = []
        at: str | None = start
        while at is not None and at not in stops and at in self._nodes:
            found.append(self._drawn(at))
            after = [one for one in following[at] if one not in stops and one in self._nodes]
            if len(after) < 2:
                at = after[0] if after else None
                continue
            join = _join(after, following, order)
            before_join = stops | {join} | _below(join, following) if join is not None else stops
            branches = [self._chain(one, following, order, before_join) for one in after]
            branches = [branch for branch in branches if branch]  # an earlier one may have all of a later one
            if len(branches) == 1:
                found += branches[0]
            else:
                heads = [_under_first(branch) for branch in branches]
                found.append(_virtual(f"{at}{BESIDE}", Children.PARALLEL, heads))
            at = join
        return found

    def _drawn(self, job_id: str) -> Node:
        node = self._nodes.pop(job_id)  # every step is drawn once
        if job_id in self._shape.owner.values():
            node.step.pipeline.ref.CopyFrom(self._ref(job_id))
            node.children.nodes.extend(self._serial(job_id))
            _gather(node)
        return node

    def _ref(self, job_id: str) -> pb.Ref.Pipeline:
        inner = next(job for job in self._shape.jobs.values() if self._shape.owner[job.id] == job_id).pipeline
        known = self._definitions.get(inner.pipeline_id)
        owner = pb.Ref.PipelineOwner(pipeline_name=inner.pipeline_name)
        owner.project.project = known.project.project if known is not None else ""
        return pb.Ref.Pipeline(owner=owner)


def _join(starts: list[str], following: dict[str, list[str]], order: list[str]) -> str | None:
    """Returns the first job that comes after all of `starts`, or None."""
    common = set.intersection(*(_below(start, following) for start in starts))
    return next((job_id for job_id in order if job_id in common), None)


def _below(start: str, following: dict[str, list[str]]) -> set[str]:
    """Returns every job that comes after `start`."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        for after in following[todo.pop()]:
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return seen


def _under_first(chain: list[Node]) -> Node:
    first, *rest = chain
    if not rest:
        return first
    if first.HasField("children"):
        return _virtual(f"{first.job.id}{BESIDE}", Children.SERIAL, chain)
    first.children.nodes.extend(rest)
    return first


def _virtual(job_id: str, mode: Children.Mode, nodes: Sequence[Node]) -> Node:
    node = Node(job=pb.Ref.Job(id=job_id), children=Children(mode=mode, nodes=nodes))
    _gather(node)
    return node


def _gather(node: Node) -> None:
    """Takes times, state and application from the steps below."""
    below = list(_steps(node.children.nodes))
    node.application.CopyFrom(below[0].application)
    started = [one.start_time for one in below if one.HasField("start_time")]
    if started:
        node.start_time.CopyFrom(min(started, key=lambda time: time.ToNanoseconds()))
    node.ClearField("complete_time")
    if all(one.HasField("complete_time") for one in below):
        node.complete_time.CopyFrom(max((one.complete_time for one in below), key=lambda time: time.ToNanoseconds()))
    node.state = next((one.state for one in below if one.state != Node.SUCCESS), Node.SUCCESS)


def _steps(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes and all below them, without those that only hold others."""
    for node in nodes:
        if node.HasField("step"):
            yield node
        yield from _steps(node.children.nodes)


def _node(job: pb.Job, definitions: Mapping[str, pb.Pipeline], reports: Mapping[str, pb.StatusReport]) -> Node:
    node = Node(
        state=_STATES.get(job.state, Node.CANCELLED if job.HasField("cancel_time") else Node.ERROR),
        application=job.application,
        workspace=job.workspace,
        job=pb.Ref.Job(id=job.id),
    )
    definition = definitions.get(job.pipeline.pipeline_id)
    if job.WhichOneof("operation") == "pipeline_step":
        node.step.CopyFrom(job.pipeline_step.step)
    elif definition is not None and job.pipeline.step in definition.steps:
        node.step.CopyFrom(definition.steps[job.pipeline.step])
    node.step.name = job.pipeline.step
    if job.HasField("ack_time"):
        node.start_time.CopyFrom(job.ack_time)
    if job.HasField("complete_time"):
        node.complete_time.CopyFrom(job.complete_time)
    if job.HasField("result"):
        node.result.CopyFrom(job.result)
    for target in (
        f"release_id/{job.result.release.release.id}",
        f"deployment_id/{job.result.deploy.deployment.id}",
    ):
        if target in reports:
            node.latest_status_report.CopyFrom(reports[target])
            break
    return node


def report_targets(jobs: Iterable[pb.Job]) -> list[str]:
    """Returns what the results of jobs name that may have status reports."""
    found: list[str] = []
    for job in jobs:
        if job.result.deploy.deployment.id:
            found.append(f"deployment_id/{job.result.deploy.deployment.id}")
        if job.result.release.release.id:
            found.append(f"release_id/{job.result.release.release.id}")
    return found
