"""Pipelines and their runs as records (server.md §9.4, §3.7)."""

from __future__ import annotations

import time

import grpc
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.api.jobs import structure
from wp_server.api.paging import Page
from wp_server.auth import rules
from wp_server.auth.identity import current
from wp_server.auth.roles import Place, Role
from wp_server.errors import NotFound
from wp_server.jobs import pipeline_run, run_tree
from wp_server.jobs.expansion import step_order
from wp_server.store import Store, jobs, operations, pipeline_runs, pipelines
from wp_server.store.slices import Slice

Context = grpc.aio.ServicerContext[object, object]


class PipelineHandlers:
    """The RPCs that keep, run and show pipelines."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def UpsertPipeline(self, request: pb.UpsertPipelineRequest, context: Context) -> pb.UpsertPipelineResponse:
        """Stores a pipeline in place of the one with its project and name."""
        checks = Checks()
        if checks.present(request, "pipeline"):
            _check(checks, request.pipeline)
        checks.raise_invalid()
        step_order(request.pipeline)
        return pb.UpsertPipelineResponse(pipeline=await self._store.write(pipelines.upsert, request.pipeline))

    async def GetPipeline(self, request: pb.GetPipelineRequest, context: Context) -> pb.GetPipelineResponse:
        """Answers a pipeline and the name of the step it begins with."""
        found = await self._store.read(pipelines.get, request.pipeline)
        return pb.GetPipelineResponse(pipeline=found, root_step=_roots(found)[0])

    async def ListPipelines(self, request: pb.ListPipelinesRequest, context: Context) -> pb.ListPipelinesResponse:
        """Answers the pipelines of a project, by name."""
        _check_project(request)
        found = await self._store.read(pipelines.of_project, request.project.project)
        return pb.ListPipelinesResponse(pipelines=found)

    async def RunPipeline(self, request: pb.RunPipelineRequest, context: Context) -> pb.RunPipelineResponse:
        """Queues the jobs of a run and answers which step each of them is."""
        checks = Checks()
        seconds = checks.duration("expires_in", request.expires_in) if request.expires_in else None
        for number, definition in enumerate(request.definitions):
            _check(checks, definition, f"definitions[{number}]")
        checks.raise_invalid()
        template = pb.Job()
        template.CopyFrom(request.job_template)
        template.noop.SetInParent()
        if checks.present(request, "job_template"):
            checks.violations += structure(template, "job_template").violations
        if template.singleton_id:
            checks.fail("job_template.singleton_id", "must be empty: the steps would replace each other")
        checks.raise_precondition()
        expire_time = time.time_ns() + int(seconds * 1e9) if seconds is not None else None
        caller = current()

        def permit(place: Place) -> None:
            rules.permit(caller, Role.DEPLOYER, place, "run this pipeline")

        asked = pipeline_run.Asked(request.pipeline, template, tuple(request.definitions), expire_time)
        return await self._store.write(pipeline_run.run, asked, permit, str(caller))

    async def GetPipelineRun(self, request: pb.GetPipelineRunRequest, context: Context) -> pb.GetPipelineRunResponse:
        """Answers one run of a pipeline."""
        run = await self._store.read(_one_run, request.pipeline, request.sequence)
        return pb.GetPipelineRunResponse(pipeline_run=run)

    async def GetLatestPipelineRun(self, request: pb.GetPipelineRequest, context: Context) -> pb.GetPipelineRunResponse:
        """Answers the newest run of a pipeline."""
        pipeline, found = await self._store.read(_runs, request.pipeline)
        if not found:
            raise NotFound(f"The pipeline {pipeline.name!r} has not run yet.")
        return pb.GetPipelineRunResponse(pipeline_run=found[-1])

    async def ListPipelineRuns(
        self, request: pb.ListPipelineRunsRequest, context: Context
    ) -> pb.ListPipelineRunsResponse:
        """Answers the runs of a pipeline, oldest first."""
        _, found = await self._store.read(_runs, request.pipeline)
        return pb.ListPipelineRunsResponse(pipeline_runs=found)

    async def UI_ListPipelines(
        self, request: pb.UI.ListPipelinesRequest, context: Context
    ) -> pb.UI.ListPipelinesResponse:
        """Answers the pipelines of a project with their newest runs, page by page."""
        _check_project(request)
        page = Page.of(request.pagination)
        found = await self._store.read(_bundles, request.project.project, page.slice)
        shown, pagination = page.cut(found, lambda one: one.pipeline.name.lower())
        return pb.UI.ListPipelinesResponse(pipelines=shown, pagination=pagination)

    async def UI_ListPipelineRuns(
        self, request: pb.UI.ListPipelineRunsRequest, context: Context
    ) -> pb.UI.ListPipelineRunsResponse:
        """Answers the runs of a pipeline, newest first, page by page."""
        page = Page.of(request.pagination)
        found = await self._store.read(_run_bundles, request.pipeline, page.slice)
        shown, pagination = page.cut(found, lambda one: str(one.pipeline_run.sequence))
        return pb.UI.ListPipelineRunsResponse(pipeline_run_bundles=shown, pagination=pagination)

    async def UI_GetPipelineRun(
        self, request: pb.UI.GetPipelineRunRequest, context: Context
    ) -> pb.UI.GetPipelineRunResponse:
        """Answers a run as a tree of its steps."""
        return await self._store.read(_run_with_tree, request.pipeline, request.sequence)


def _check(checks: Checks, pipeline: pb.Pipeline, path: str = "pipeline") -> None:
    checks.name(f"{path}.name", pipeline.name)
    if checks.present(pipeline, "project", f"{path}.project"):
        checks.name(f"{path}.project.project", pipeline.project.project)
    if not pipeline.steps:
        checks.fail(f"{path}.steps", "must not be empty")
        return
    for name, step in sorted(pipeline.steps.items()):
        field = f"{path}.steps[{name}]"
        if step.name != name:
            checks.fail(f"{field}.name", f"is {step.name!r}, must be the step's key {name!r}")
        for other in step.depends_on:
            if other not in pipeline.steps:
                checks.fail(f"{field}.depends_on", f"names {other!r}, which is not a step")
        kind = step.WhichOneof("kind")
        if kind is None:
            checks.fail(field, "must say what the step does")
        if kind == "exec" and not step.exec.image:
            checks.fail(f"{field}.exec.image", "must not be empty")
        names_none = kind == "pipeline" and step.pipeline.ref.WhichOneof("ref") is None
        if names_none and not pipelines.is_placeholder(pipeline):
            checks.fail(f"{field}.pipeline.ref", "must name a pipeline")
        if step.workspace.workspace:
            checks.workspace(f"{field}.workspace.workspace", step.workspace.workspace)
    roots = _roots(pipeline)
    if len(roots) > 1:
        checks.fail(f"{path}.steps", f"must begin with one step, but these wait for none: {', '.join(roots)}")


def _roots(pipeline: pb.Pipeline) -> list[str]:
    return sorted(name for name, step in pipeline.steps.items() if not step.depends_on) or [""]


def _check_project(request: pb.ListPipelinesRequest | pb.UI.ListPipelinesRequest) -> None:
    checks = Checks()
    if checks.present(request, "project"):
        checks.name("project.project", request.project.project)
    checks.raise_invalid()


def _runs(connection: Connection, ref: pb.Ref.Pipeline) -> tuple[pb.Pipeline, list[pb.PipelineRun]]:
    pipeline = pipelines.get(connection, ref)
    return pipeline, pipelines.runs(connection, pipeline.id)


def _one_run(connection: Connection, ref: pb.Ref.Pipeline, sequence: int) -> pb.PipelineRun:
    return pipeline_runs.get(connection, pipelines.get(connection, ref), sequence)


def _run_with_tree(connection: Connection, ref: pb.Ref.Pipeline, sequence: int) -> pb.UI.GetPipelineRunResponse:
    run = _one_run(connection, ref, sequence)
    rows = [row for row in (jobs.find(connection, one.id) for one in run.jobs) if row is not None]
    found = [row.job for row in rows]
    ids = {job.pipeline.pipeline_id for job in found}
    definitions = {one.id: one for one in pipelines.some(connection, ids)}
    reports = operations.latest_reports(connection, run_tree.report_targets(found))
    return pb.UI.GetPipelineRunResponse(
        pipeline_run=run,
        root_tree_node=run_tree.tree(found, definitions, reports),
        pipeline_run_bundle=_bundle(connection, run),
    )


def _bundles(connection: Connection, project: str, part: Slice) -> list[pb.UI.PipelineBundle]:
    found: list[pb.UI.PipelineBundle] = []
    for pipeline in pipelines.of_project(connection, project, part):
        newest = pipelines.newest_runs(connection, pipeline.id, Slice(limit=1))
        last = _bundle(connection, newest[0]) if newest else None
        found.append(pb.UI.PipelineBundle(pipeline=pipeline, last_run=last))
    return found


def _run_bundles(connection: Connection, ref: pb.Ref.Pipeline, part: Slice) -> list[pb.UI.PipelineRunBundle]:
    pipeline = pipelines.get(connection, ref)
    return [_bundle(connection, run) for run in pipelines.newest_runs(connection, pipeline.id, part)]


def _bundle(connection: Connection, run: pb.PipelineRun) -> pb.UI.PipelineRunBundle:
    """With facts of the first job; a run without jobs, or whose jobs are gone, has none."""
    bundle = pb.UI.PipelineRunBundle(pipeline_run=run)
    row = jobs.find(connection, run.jobs[0].id) if run.jobs else None
    if row is not None:
        bundle.queue_time.CopyFrom(row.job.queue_time)
        bundle.application.CopyFrom(row.job.application)
        if row.job.HasField("data_source_ref"):
            bundle.data_source_ref.CopyFrom(row.job.data_source_ref)
    return bundle
