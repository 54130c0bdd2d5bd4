"""Running operations as jobs: where they run, what goes with them, and one after the other for each app."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

import grpc

from wp_cli import standard_flags as shared
from wp_cli.connect import explain
from wp_cli.errors import EXIT_ERROR, EXIT_OK, CliError, Interrupted
from wp_cli.jobstream import JobFollower, Outcome
from wp_cli.placement import Placement, decide
from wp_cli.render.job import Renderer, renderer_for
from wp_cli.variables import job_variables
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.target import App

LOCAL_EXPIRY = "6h"
"""A local job that nobody picks up is dropped after this time. Long, because it may have to wait for another one."""


class JobFailed(CliError):
    """A job ended with an error."""


class Operations:
    """Runs the jobs of one command.

    A context manager: leaving it ends the runner in this process, if one was started.
    """

    def __init__(self, session: Session, *, slots: int = 1) -> None:
        """`slots`: how many jobs at the same time the runner in this process takes."""
        self.session = session
        self._slots = slots
        self.client = session.client(create=True)
        self.json = session.has(shared.JSON) and session[shared.JSON]
        self._cleanup = contextlib.ExitStack()
        self._placement: Placement | None = None
        self._given_up: Callable[[str], str] = lambda _job: ""
        self._compared = False

    def __enter__(self) -> Operations:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._cleanup.__exit__(kind, error, traceback)

    def renderer(self, app: App) -> Renderer:
        """Return what draws the output of jobs of this app."""
        return renderer_for(self.session.screen, json=self.json, app=app.name)

    @property
    def placement(self) -> Placement:
        """Where jobs run.

        Decided at the first one, which also starts the runner in this process if that is the place.
        """
        if self._placement is None:
            self._placement = decide(self.session, self.client)
            if self._placement.local:
                self._start_runner(self._placement)
        return self._placement

    def _start_runner(self, placement: Placement) -> None:
        from wp_runner.local import LocalRunner

        runner = LocalRunner(self.client.calls, placement.folder, slots=self._slots)
        self._cleanup.enter_context(runner)
        self.client.runner_id = runner.id
        self._given_up = runner.given_up

    def given_up(self, job_id: str) -> str:
        """Why the outcome of a job in this process will never reach the server, "" while it may."""
        return self._given_up(job_id)

    def _warn_of_unused_changes(self) -> None:
        """Say once that a job on a remote runner does not see what was changed in the checkout here."""
        from wp_cli.checkout import changes_not_used
        from wp_cli.register import find

        if self._compared or (self.session.file and self.session.file.project not in {"", self.session.project}):
            return
        self._compared = True
        project = find(self.session.project, self.client)
        if project is None or project.data_source.WhichOneof("source") != "git":
            return
        git, overrides = project.data_source.git, self.session[shared.REMOTE_SOURCE]
        for change in changes_not_used(git, overrides, self.placement.folder):
            self.session.screen.warn(f"The job runs on a remote runner, from {git.url}: {change}.")

    def job(self, app: App) -> pb.Job:
        """Return a job for an app without its operation."""
        session = self.session
        job = pb.Job(labels=session[shared.LABEL], variables=job_variables(session))
        job.application.application, job.application.project = app.name, app.project
        job.workspace.workspace = session.workspace
        if self.placement.local and session[shared.REMOTE_SOURCE]:
            raise CliError(
                "-remote-source is for jobs on remote runners, and this one runs here, on the files as they are",
                do="Leave it away, or run the job remotely with -local=false.",
            )
        if self.placement.local:
            job.data_source.local.SetInParent()
            job.target_runner.id.id = self.client.runner_id
        else:
            job.target_runner.any.SetInParent()
            self._warn_of_unused_changes()
            overrides = session[shared.REMOTE_SOURCE]
            job.data_source_overrides.update(overrides)
            if app.name in self.placement.profiles:
                job.ondemand_runner.name = self.placement.profiles[app.name]
        return job

    def run(self, app: App, job: pb.Job, header: str = "") -> Outcome:
        """Queue a job, show its output, and return how it ended.

        JobFailed if it failed, Interrupted if it was cancelled.
        """
        request = pb.QueueJobRequest(job=job, expires_in=LOCAL_EXPIRY if self.placement.local else "")
        renderer = self.renderer(app)
        if header:
            renderer.notice(header, "header")
        follower = JobFollower(self.client, renderer, local=self.placement.local, given_up=self._given_up)
        outcome = follower.follow(lambda: self.client.calls.QueueJob(request).job_id)
        if outcome.cancelled and outcome.error:
            raise Interrupted(f"canceled (job {outcome.job.id})")
        if outcome.error:
            raise JobFailed(outcome.error, details=(f"Job: {outcome.job.id}",))
        return outcome


def each_app(session: Session, work: Callable[[Operations, App], dict[str, object]]) -> int:
    """Do `work` for one app after the other; returns 1 if any failed. A failure does not stop the others.

    `work` returns the facts of its result, which `-json` prints as the last object of the app.
    """
    failed = False
    with Operations(session) as operations:
        apps = session.apps()
        for app in apps:
            facts: dict[str, object]
            if len(apps) > 1 and not operations.json:
                session.screen.header(app.name)
            try:
                facts = {"success": True} | work(operations, app)
            except Interrupted:
                raise
            except (CliError, grpc.RpcError) as err:
                failed = True
                problem = explain(err, operations.client.endpoint) if isinstance(err, grpc.RpcError) else err
                report(session, app, problem, prefix=len(apps) > 1)
                facts = {"success": False, "error": problem.message}
            if operations.json:
                from wp_cli.render.jsonl import JsonRenderer

                JsonRenderer(session.screen, app.name).emit("result", facts)
    return EXIT_ERROR if failed else EXIT_OK


def report(session: Session, app: App, problem: CliError, *, prefix: bool) -> None:
    """Show the failure of one app."""
    from wp_cli.main import show

    message = f"{app.name}: {problem.message}" if prefix else problem.message
    show(CliError(message, do=problem.do, details=problem.details), session.screen.err)
