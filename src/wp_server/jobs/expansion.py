"""A pipeline with everything that it nests, as the jobs of one run (server.md §9.4). Pure: it finds pipelines by a
function and stores nothing.

A step that is a pipeline becomes a job that does nothing: it waits for all jobs of that pipeline, so that whoever waits
for the step waits for these. The first step of that pipeline waits for what the step itself waits for. A pipeline that
two steps refer to is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from wp_proto.waypoint import api as pb
from wp_server.errors import FailedPrecondition

DEFAULT_WORKSPACE = "default"
MOST_STEPS = 1_000
"""Steps of one run, nested ones included."""
MOST_NESTED = 256
"""Steps of a pipeline that is a step of another: as many jobs as one job may wait for."""
DEEPEST = 20
"""Pipelines inside of each other. With more, the tree of a run would be too deep for clients to decode."""


@dataclass(frozen=True)
class PlannedJob:
    """One step of a run. `waits_for` are the ids of other jobs."""

    id: str
    pipeline: pb.Pipeline
    step: pb.Pipeline.Step
    workspace: str
    waits_for: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where a pipeline stands in a run: below which others, and with which workspace.

    `given`: the workspace comes from a step that invokes the pipeline, and not from the run.
    """

    above: tuple[pb.Pipeline, ...]
    workspace: str
    given: bool


def step_order(pipeline: pb.Pipeline) -> list[str]:
    """Returns the names of the steps, each after those it depends on; the same for the same pipeline.

    Errors: FailedPrecondition when steps wait for each other in a circle.
    """
    sorter = TopologicalSorter({name: sorted(step.depends_on) for name, step in sorted(pipeline.steps.items())})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = " → ".join(str(name) for name in error.args[1])
        raise FailedPrecondition(f"The steps of the pipeline wait for each other in a circle: {circle}.") from error


def expand(
    pipeline: pb.Pipeline,
    workspace: str,
    first_waits_for: Iterable[str],
    find: Callable[[pb.Ref.Pipeline], pb.Pipeline],
    new_id: Callable[[], str],
) -> list[PlannedJob]:
    """Returns the jobs of a run in `workspace`, each after those it waits for.

    Errors: NotFound from `find`; FailedPrecondition for a pipeline that would run itself, and for too much of it.
    """
    expansion = _Expansion(find, new_id)
    expansion.add(pipeline, tuple(first_waits_for), _Place((), workspace, given=False))
    return expansion.jobs


class _Expansion:
    def __init__(self, find: Callable[[pb.Ref.Pipeline], pb.Pipeline], new_id: Callable[[], str]) -> None:
        self._find = find
        self._new_id = new_id
        self._steps = 0
        self.jobs: list[PlannedJob] = []

    def add(self, pipeline: pb.Pipeline, before: tuple[str, ...], at: _Place) -> list[str]:
        """Adds the jobs of one pipeline; returns the ids of its own steps, without those nested in them."""
        self._check(pipeline, at)
        ids: dict[str, str] = {}
        for name in step_order(pipeline):
            step = pipeline.steps[name]
            waits_for = tuple(ids[other] for other in dict.fromkeys(step.depends_on)) or before
            workspace = _workspace(step, at)
            if step.WhichOneof("kind") == "pipeline":
                if step.pipeline.ref.WhichOneof("ref") is None:
                    raise FailedPrecondition(
                        f"The pipeline {pipeline.name!r} has no steps yet; `waypoint config sync` brings those of "
                        "waypoint.hcl."
                    )
                inner = _Place((*at.above, pipeline), workspace, at.given or bool(step.workspace.workspace))
                waits_for = tuple(self.add(self._find(step.pipeline.ref), waits_for, inner))
            ids[name] = self._new_id()
            self.jobs.append(PlannedJob(ids[name], pipeline, step, workspace, waits_for))
        return list(ids.values())

    def _check(self, pipeline: pb.Pipeline, at: _Place) -> None:
        if any(one.id == pipeline.id for one in at.above):
            circle = " → ".join(one.name for one in (*at.above, pipeline))
            raise FailedPrecondition(f"The pipeline {pipeline.name!r} would run itself: {circle}.")
        if len(at.above) >= DEEPEST:
            raise FailedPrecondition(f"Pipelines cannot be nested in each other more than {DEEPEST} deep.")
        if at.above and len(pipeline.steps) > MOST_NESTED:
            raise FailedPrecondition(
                f"The pipeline {pipeline.name!r} has {len(pipeline.steps)} steps; as a step of another it may have "
                f"{MOST_NESTED}."
            )
        self._steps += len(pipeline.steps)
        if self._steps > MOST_STEPS:
            raise FailedPrecondition(f"A run cannot have more than {MOST_STEPS} steps, nested ones included.")


def _workspace(step: pb.Pipeline.Step, at: _Place) -> str:
    """The step's own, except that `default` gives way to what the invoking step says."""
    own = step.workspace.workspace
    return at.workspace if not own or (at.given and own.lower() == DEFAULT_WORKSPACE) else own
