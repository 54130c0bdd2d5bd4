"""Following the run of a pipeline: one step after the other, whatever runs at the same time; then the whole in a few
lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc

from wp_cli.connect import details_of
from wp_cli.errors import Interrupted
from wp_cli.interrupt import interruptible
from wp_cli.jobstream import CANCEL_TIMEOUT, CANCELED, JobFollower, Outcome
from wp_cli.render import text as look
from wp_cli.summary import print_deploy, print_variables, with_scheme
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.operation import Operations
    from wp_cli.render.job import Renderer, TerminalEvent
    from wp_cli.render.screen import Screen
    from wp_cli.target import App


@dataclass(frozen=True)
class Run:
    """A run that is queued. `jobs` are those of its steps, each after those it waits for.

    `local`: it was started here, to run in this process.
    """

    pipeline: str
    sequence: int
    jobs: tuple[str, ...]
    local: bool


@dataclass
class StepResult:
    """How a step of a run of the pipeline `root` ended. `outcome` None: it never ran."""

    job: pb.Job
    root: str
    outcome: Outcome | None = None

    @property
    def name(self) -> str:
        """The step, with its pipeline when that is nested in another."""
        ref = self.job.pipeline
        return ref.step if ref.pipeline_name == self.root else f"{ref.pipeline_name} → {ref.step}"

    @property
    def word(self) -> str:
        """`success`, `canceled`, `error` or `not run`."""
        if self.outcome is None:
            return "not run"
        if not self.outcome.error:
            return "success"
        return "canceled" if self.outcome.cancelled else "error"

    @property
    def error(self) -> str:
        """Why it failed, "" if it did not."""
        return self.outcome.error if self.outcome else ""


class Silent:
    """Draws nothing."""

    def event(self, event: TerminalEvent) -> None:
        """Do nothing."""

    def notice(self, text: str, style: str = "") -> None:
        """Do nothing."""

    def finish(self, *, ok: bool) -> None:
        """Do nothing."""


@dataclass
class RunFollower:
    """Shows the output of one run."""

    operations: Operations
    app: App
    run: Run
    _signalled: bool = field(default=False, init=False)
    _stopping: bool = field(default=False, init=False)

    def follow(self) -> list[StepResult]:
        """Follow every step to its end; returns them in order, without those that only stand for a nested pipeline.

        Interrupted if the user stopped watching a run that goes on elsewhere; one of this process is cancelled.
        """
        results: list[StepResult] = []
        calls = self.operations.client.calls
        with interruptible(self._take_note):
            for job_id in self.run.jobs:
                if self._signalled and not self._stopping:
                    self._stop()
                job = calls.GetJob(pb.GetJobRequest(job_id=job_id))
                if job.WhichOneof("operation") == "noop":  # stands for a nested pipeline; somebody has to run it, too
                    self._outcome(Silent(), job)
                else:
                    results.append(self._step(job))
        return results

    def _step(self, job: pb.Job) -> StepResult:
        if job.state == pb.Job.ERROR and self._kept_from_running(job, job.error.message):
            return StepResult(job, self.run.pipeline)
        renderer = self.operations.renderer(self.app)
        self._announce(renderer, job)
        outcome = self._outcome(renderer, job)
        never_ran = bool(outcome.error) and self._kept_from_running(outcome.job, outcome.error)
        return StepResult(outcome.job, self.run.pipeline, None if never_ran else outcome)

    def _kept_from_running(self, job: pb.Job, error: str) -> bool:
        """Whether a job ended because of another step, which its error names, or was cancelled in the queue. One whose
        own runner could not be launched has failed."""
        if job.HasField("assigned_runner"):
            return False
        return error == CANCELED or any(other in error for other in self.run.jobs if other != job.id)

    def _outcome(self, renderer: Renderer, job: pb.Job) -> Outcome:
        follower = JobFollower(
            self.operations.client, renderer, local=self.run.local, given_up=self.operations.given_up,
            on_interrupt=self._stop,
        )  # fmt: skip
        return follower.follow(lambda: job.id)

    def _announce(self, renderer: Renderer, job: pb.Job) -> None:
        ref = job.pipeline
        inner = f' of pipeline "{ref.pipeline_name}"' if ref.pipeline_name != self.run.pipeline else ""
        if self.operations.json:
            from wp_cli.render.jsonl import JsonRenderer

            facts: dict[str, object] = {
                "step": ref.step, "pipeline": ref.pipeline_name, "workspace": job.workspace.workspace, "job": job.id,
            }  # fmt: skip
            JsonRenderer(self.operations.session.screen, self.app.name).emit("pipeline_step", facts)
        else:
            renderer.notice(f'Executing Step "{ref.step}"{inner} in workspace: "{job.workspace.workspace}"', "header")

    def _take_note(self) -> None:
        self._signalled = True

    def _stop(self) -> None:
        """Cancel what runs here; leave what runs elsewhere."""
        run = self.run
        if not run.local:
            raise Interrupted(
                f"stopped watching; run {run.sequence} of pipeline {run.pipeline!r} goes on",
                do=f"`waypoint pipeline run -reattach -run={run.sequence} {run.pipeline}` shows it again; "
                "`waypoint job cancel ID` ends a step, and what waits for it.",
            )
        if self._stopping:
            raise Interrupted("canceled")
        self._stopping = True
        screen, calls = self.operations.session.screen, self.operations.client.calls
        screen.warn("Canceling the run; press Ctrl-C again to leave at once.")
        for job_id in reversed(run.jobs):  # the last ones first, so that none of them begins meanwhile
            try:
                calls.CancelJob(pb.CancelJobRequest(job_id=job_id), timeout=CANCEL_TIMEOUT)
            except grpc.RpcError as err:
                screen.error(f"The job {job_id} could not be canceled: {details_of(err)}")


def print_summary(screen: Screen, run: Run, results: Sequence[StepResult]) -> None:
    """Print how the steps ended, the variables that were used, and the URLs that exist now."""
    words = {result.word for result in results}
    end = "Failed" if "error" in words else "Canceled" if words - {"success"} else "Complete"
    screen.header(f'Pipeline "{run.pipeline}" Run v{run.sequence} {end}')
    icons = {
        "success": (screen.icon("✔", "ok:"), look.GREEN), "error": (screen.icon("✖", "failed:"), look.RED),
        "canceled": (screen.icon("●", "canceled:"), look.YELLOW),
        "not run": (screen.icon("●", "not run:"), look.YELLOW),
    }  # fmt: skip
    for result in results:
        icon, color = icons[result.word]
        first_line = result.error.partition("\n")[0]
        reason = {"error": f": {first_line}", "canceled": " (canceled)", "not run": " (not run)"}.get(result.word, "")
        line = look.printable(f"{result.name} in {result.job.workspace.workspace}{reason}")
        screen.data(f"{screen.painted(icon, color)} {line}\n".encode())
    done = sum(result.word == "success" for result in results)
    screen.result(f"{done}/{len(results)} steps successfully executed", "success" if done == len(results) else "")
    outcomes = [result.outcome for result in results if result.outcome is not None and not result.outcome.error]
    if outcomes:
        print_variables(screen, outcomes[-1].job)
    print_urls(screen, outcomes)


def print_urls(screen: Screen, outcomes: Sequence[Outcome]) -> None:
    """Print what the last deployment and the last release of each workspace can be reached at."""
    by_workspace: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.result.HasField("deploy") or outcome.result.HasField("release"):
            by_workspace.setdefault(outcome.job.workspace.workspace, []).append(outcome)
    for workspace, found in by_workspace.items():
        if len(by_workspace) > 1:
            screen.header(f"Workspace {workspace}")
        deployed = next((one.result for one in reversed(found) if one.result.HasField("deploy")), None)
        released = next((one.result for one in reversed(found) if one.result.release.release.url), None)
        release_url = released.up.release_url or released.release.release.url if released else ""
        if deployed is None:
            if release_url:
                screen.result(f"   Release URL: {look.printable(with_scheme(release_url))}", "success")
            continue
        deployment = deployed.deploy.deployment
        print_deploy(
            screen, deployment, release_url=release_url, app_url=deployed.up.app_url,
            deploy_url=deployed.up.deploy_url or deployment.preload.deploy_url,
        )  # fmt: skip


def facts(run: Run, results: Sequence[StepResult]) -> dict[str, object]:
    """Return the same for `-json`."""
    steps = [
        {
            "step": result.job.pipeline.step, "pipeline": result.job.pipeline.pipeline_name,
            "workspace": result.job.workspace.workspace, "job": result.job.id, "state": result.word,
        } | ({"error": result.error} if result.error else {})
        for result in results
    ]  # fmt: skip
    return {"pipeline": run.pipeline, "run": run.sequence, "steps": steps}
