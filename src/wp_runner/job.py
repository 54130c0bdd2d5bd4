"""One job, start to end: data source, configuration, operation, outcome (server specification 7.11)."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from typing import TypeAlias

from google.rpc import code_pb2, status_pb2

from wp_config.diagnostics import Diagnostics
from wp_config.records import DynamicFetcher
from wp_proto.waypoint import api as pb
from wp_runner.configuration import Project
from wp_runner.datasource import DataSource
from wp_runner.dynamic_defaults import fetcher
from wp_runner.environment import AppJob, ProjectJob, RunnerFacts
from wp_runner.errors import OperationFailed, to_status
from wp_runner.git_source import GitSource
from wp_runner.operations import (
    APP_OPERATIONS,
    BARE_OPERATIONS,
    PROJECT_OPERATIONS,
    SOURCE_OPERATIONS,
    TASK_OPERATIONS,
)
from wp_runner.operations.destroy_project import delete_records
from wp_runner.operations.poll import SourceJob
from wp_runner.operations.task import TaskJob
from wp_runner.outbox import Outbox
from wp_runner.plugins import UnknownPlugin
from wp_runner.server import Server
from wp_runner.validate import and_the_rest
from wp_sdk.context import Context
from wp_sdk.terminal import UI

log = logging.getLogger(__name__)

ProjectLoader: TypeAlias = Callable[[pb.Job, Server, "Outbox", DataSource, DynamicFetcher | None], Project]
Checkout: TypeAlias = Callable[[pb.Job, Context, UI], AbstractContextManager[DataSource]]


class JobExecutor:
    """Callable as `wp_runner.agent.Executor`: whatever happens, exactly one outcome goes into the outbox."""

    def __init__(
        self,
        server: Server,
        facts: RunnerFacts,
        checkout: Checkout,
        load: ProjectLoader,
        repositories: GitSource | None = None,
    ) -> None:
        self._server = server
        self._facts = facts
        self._checkout = checkout
        self._load = load
        self._repositories = repositories or GitSource()

    def __call__(self, assignment: pb.RunnerJobStreamResponse.JobAssignment, outbox: Outbox, context: Context) -> None:
        """Run the job of the assignment."""
        try:
            result = self._run(assignment, outbox, context)
        except BaseException as error:
            status = _status(error)
            if status.code == code_pb2.INTERNAL:
                log.exception("job %s failed unexpectedly", assignment.job.id)
            failure = pb.RunnerJobStreamRequest.Error(error=status)
            outbox.finish(pb.RunnerJobStreamRequest(error=failure))
            return
        complete = pb.RunnerJobStreamRequest.Complete(result=result)
        outbox.finish(pb.RunnerJobStreamRequest(complete=complete))

    def _run(
        self, assignment: pb.RunnerJobStreamResponse.JobAssignment, outbox: Outbox, context: Context
    ) -> pb.Job.Result:
        job = assignment.job
        name = job.WhichOneof("operation") or ""
        if name in BARE_OPERATIONS:
            context.raise_if_cancelled()
            return pb.Job.Result()
        ui = UI(outbox)
        if name in TASK_OPERATIONS:
            return TASK_OPERATIONS[name](TaskJob(job, self._server, ui, context, self._facts))
        if name == "destroy_project" and job.destroy_project.skip_destroy_resources:
            return delete_records(self._server, job)

        def seen(ref: pb.Job.DataSource.Ref) -> None:
            outbox.send(pb.RunnerJobStreamRequest(download=pb.GetJobStreamResponse.Download(data_source_ref=ref)))

        if name in SOURCE_OPERATIONS:
            return SOURCE_OPERATIONS[name](SourceJob(job, self._server, ui, context, self._repositories, seen))
        if name not in APP_OPERATIONS and name not in PROJECT_OPERATIONS:
            raise _Unimplemented(
                f'This runner does not know the operation "{name}"', do="Use a runner of a newer version"
            )
        fetch = None if self._facts.local else fetcher(assignment.config_sources, os.environ, ui.info)
        with self._checkout(job, context, ui) as source:
            if source.ref is not None:
                seen(source.ref)

            def load(wanted: pb.Job) -> Project:
                return self._load(wanted, self._server, outbox, source, fetch)

            with closing(load(job)) as project:
                common = (job, self._server, ui, context, self._facts, project, source.directory, load)
                try:
                    if name in PROJECT_OPERATIONS:
                        return PROJECT_OPERATIONS[name](ProjectJob(*common))
                    env = AppJob(*common, project.app(job.application.application))
                    return APP_OPERATIONS[name](env)
                except Diagnostics as found:
                    raise and_the_rest(found, project) from found
                except UnknownPlugin as unknown:
                    # The lookup does not know the place; looking at the whole file does.
                    raise (and_the_rest(Diagnostics(), project) or unknown) from unknown


class _Unimplemented(OperationFailed):
    pass


def _status(error: BaseException) -> status_pb2.Status:
    status = to_status(error)
    if isinstance(error, _Unimplemented):
        status.code = code_pb2.UNIMPLEMENTED
    return status
