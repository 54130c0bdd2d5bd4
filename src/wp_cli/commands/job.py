"""`waypoint job`: list, inspect, cancel, and follow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, INT, MAP, STRING, Enum, Flag
from wp_cli.render import records
from wp_proto.own import queue_pb2 as own
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

STATE = Flag("state", Enum("Success", "Error", "Running", "Waiting", "Queued", "Unknown"), (), "Only in this state.")
RUNNER_ID = Flag("target-runner-id", STRING, "", "Only for this runner; * for any.")
RUNNER_LABEL: Flag[dict[str, str]] = Flag(
    "target-runner-label", MAP, {}, "Only for runners with this label; repeatable."
)
PIPELINE_ID = Flag("pipeline-id", STRING, "", "Only of this pipeline.")
PIPELINE_NAME = Flag("pipeline-name", STRING, "", "Only of the pipeline of this name.")
PIPELINE_RUN = Flag("run", INT, 0, "Only of this run of the pipeline.")
LIMIT = Flag("limit", INT, 0, "Show at most this many; 0 shows all.")
FORCE = Flag("dangerously-force", BOOL, False, "Mark the job as finished whatever its runner does.")

PAGE = 1_000
"""Jobs per answer: without one servers leave out old jobs."""
FORCE_DELAY = 3.0  # seconds to think again
JOB_STATES = {
    "Success": pb.Job.SUCCESS, "Error": pb.Job.ERROR, "Running": pb.Job.RUNNING, "Waiting": pb.Job.WAITING,
    "Queued": pb.Job.QUEUED, "Unknown": pb.Job.UNKNOWN,
}  # fmt: skip
OPERATIONS = {
    "config_sync": "ConfigSync", "queue_project": "QueueProject", "status_report": "StatusReport",
    "start_task": "StartTask", "stop_task": "StopTask", "watch_task": "WatchTask", "pipeline_step": "PipelineStep",
    "destroy_project": "DestroyProject",
}  # fmt: skip


def operation_of(job: pb.Job) -> str:
    """Name of a job's operation."""
    name = job.WhichOneof("operation") or "unknown"
    return OPERATIONS.get(name, name.capitalize())


def state_of(job: pb.Job) -> str:
    """Word of a job's state."""
    return pb.Job.State.Name(job.state).capitalize()


def target_of(job: pb.Job) -> str:
    """Say which runner a job is for."""
    kind = job.target_runner.WhichOneof("target")
    if kind == "id":
        return job.target_runner.id.id
    if kind == "labels":
        return "labels: " + ", ".join(
            f"{key}={value}" for key, value in sorted(job.target_runner.labels.labels.items())
        )
    return "*"


def list_jobs(session: Session) -> int:
    """List jobs: unfinished ones first, then the newest."""
    jobs = fetch(session)
    jobs.sort(key=sort_key, reverse=session[shared.DESC])
    if session[LIMIT] > 0:
        jobs = jobs[: session[LIMIT]]
    if session[shared.JSON]:
        for job in jobs:
            session.screen.result(records.proto_json(job))
        return EXIT_OK
    headers = ["ID", "Operation", "State", "Time Queued", "Time Completed", "Target Runner", "Project", "Workspace"]
    if session[shared.VERBOSE]:
        headers += ["Application", "Pipeline"]
    rows = []
    for job in jobs:
        row = [
            job.id, operation_of(job), state_of(job), records.age_of(job, "queue_time"),
            records.age_of(job, "complete_time"), target_of(job), job.application.project or "deleted",
            job.workspace.workspace,
        ]  # fmt: skip
        rows.append(
            row + ([job.application.application, job.pipeline.pipeline_name] if session[shared.VERBOSE] else [])
        )
    session.screen.table(headers, rows)
    return EXIT_OK


def sort_key(job: pb.Job) -> tuple[bool, float, float]:
    """Key of the order oldest first, finished before unfinished."""
    queued = job.queue_time
    if job.state not in (pb.Job.ERROR, pb.Job.SUCCESS):
        return (True, 0.0, queued.seconds + queued.nanos / 1e9)
    # Go Waypoint's server notes no end of a job that never ran.
    times = (job.complete_time, job.cancel_time, queued)
    done = next(time for time in times if time.seconds or time is queued)
    return (False, done.seconds + done.nanos / 1e9, queued.seconds + queued.nanos / 1e9)


def fetch(session: Session) -> list[pb.Job]:
    """Fetch every page of the jobs that the flags ask for."""
    request = list_request(session)
    jobs: list[pb.Job] = []
    while True:
        answer = session.client().calls.ListJobs(request)
        jobs += answer.jobs
        request.pagination.next_page_token = answer.pagination.next_page_token
        if not answer.pagination.next_page_token:
            return jobs


def list_request(session: Session) -> pb.ListJobsRequest:
    """Request for what the flags ask. Only flags count, not the current directory."""
    if session[RUNNER_ID] and session[RUNNER_LABEL]:
        raise UsageProblem("-target-runner-id and -target-runner-label exclude each other", command="job list")
    if session[PIPELINE_ID] and session[PIPELINE_NAME]:
        raise UsageProblem("-pipeline-id and -pipeline-name exclude each other", command="job list")
    if session[PIPELINE_RUN] and not (session[PIPELINE_ID] or session[PIPELINE_NAME]):
        raise UsageProblem("-run needs -pipeline-id or -pipeline-name", command="job list")
    request = pb.ListJobsRequest(jobState=[JOB_STATES[word] for word in session[STATE]])
    request.pagination.page_size = PAGE
    project = session[shared.PROJECT]
    if session[shared.APP]:
        project = project or session.project
        request.application.application, request.application.project = session[shared.APP], project
    if project:
        request.project.project = project
    if session.given(shared.WORKSPACE):
        request.workspace.workspace = session[shared.WORKSPACE]
    if session[RUNNER_ID] == "*":
        request.targetRunner.any.SetInParent()
    elif session[RUNNER_ID]:
        request.targetRunner.id.id = session[RUNNER_ID]
    elif session[RUNNER_LABEL]:
        labels = session[RUNNER_LABEL]
        request.targetRunner.labels.labels.update(labels)
    if session[PIPELINE_ID] or session[PIPELINE_NAME]:
        request.pipeline.pipeline_id = session[PIPELINE_ID]
        request.pipeline.pipeline_name = session[PIPELINE_NAME]
        request.pipeline.run_sequence = session[PIPELINE_RUN]
    return request


def inspect(session: Session) -> int:
    """Show one job."""
    job = session.client().calls.GetJob(pb.GetJobRequest(job_id=session.words[0]))
    screen = session.screen
    if session[shared.JSON]:
        screen.result(records.proto_json(job))
        return EXIT_OK
    screen.header("Job Configuration")
    screen.named_values([
        ("ID", job.id), ("Operation", operation_of(job)), ("Target Runner", target_of(job)),
        ("Project", job.application.project or "deleted"), ("Application", job.application.application),
        ("Workspace", job.workspace.workspace), ("Data Source", job.data_source.WhichOneof("source") or ""),
        ("Depends On", ", ".join(job.depends_on)),
        ("Labels", ", ".join(f"{key}={value}" for key, value in sorted(job.labels.items()))),
    ])  # fmt: skip
    if job.HasField("pipeline"):
        screen.header("Pipeline Info")
        screen.named_values([
            ("Pipeline", job.pipeline.pipeline_name), ("Run", str(job.pipeline.run_sequence)),
            ("Step", job.pipeline.step),
        ])  # fmt: skip
    screen.header("Job Results")
    screen.named_values([
        ("State", state_of(job)), ("Assigned Runner", job.assigned_runner.id),
        ("Queued", records.age_of(job, "queue_time")), ("Started", records.age_of(job, "ack_time")),
        ("Completed", records.age_of(job, "complete_time")), ("Cancel Requested", records.age_of(job, "cancel_time")),
        ("Error", job.error.message if job.HasField("error") else ""),
    ])  # fmt: skip
    found = explanation(session, job.id)
    if found is not None:
        screen.header("Why")
        screen.result(found.sentence)
    return EXIT_OK


def explanation(session: Session, job_id: str) -> own.ExplainJobResponse | None:
    """What the server says about the job; None from a server that explains nothing."""
    import grpc

    from wp_cli.connect import code_of

    try:
        return session.client().queue.ExplainJob(own.ExplainJobRequest(job_id=job_id))
    except grpc.RpcError as err:
        if code_of(err) is grpc.StatusCode.UNIMPLEMENTED:
            return None
        raise


def explain(session: Session) -> int:
    """Say why a job is where it is."""
    screen, job_id = session.screen, session.words[0]
    found = explanation(session, job_id)
    if found is None:
        raise CliError("this server cannot explain jobs", do="Upgrade the server.")
    if session[shared.JSON]:
        screen.result(records.proto_json(found))
        return EXIT_OK
    screen.result(found.sentence)
    if found.history:
        screen.header("History")
        screen.table(["Time", "What"], [[records.iso(item.time), item.what] for item in found.history])
    if found.candidates:
        screen.header("Runners")
        rows = [[one.runner_id, "yes" if one.fits else "no", one.reason] for one in found.candidates]
        screen.table(["ID", "Fits", "Why"], rows)
    return EXIT_OK


def cancel(session: Session) -> int:
    """Ask a job to end, or with -dangerously-force call it ended."""
    job_id = session.words[0]
    if session[FORCE]:
        session.screen.warn(
            f"Job {job_id} will be marked as finished even if its runner goes on; what it created may be left behind. "
            f"Ctrl-C within {FORCE_DELAY:g} seconds prevents that."
        )
        time.sleep(FORCE_DELAY)
    session.client().calls.CancelJob(pb.CancelJobRequest(job_id=job_id, force=session[FORCE]))
    session.screen.result(
        f"Job {job_id} is asked to end." if not session[FORCE] else f"Job {job_id} is canceled.", "success"
    )
    return EXIT_OK


def get_stream(session: Session) -> int:
    """Replay and follow the output of a job; returns 1 if the job failed."""
    from wp_cli.jobstream import JobFollower
    from wp_cli.render.job import renderer_for

    client, job_id = session.client(), session.words[0]
    client.calls.GetJob(pb.GetJobRequest(job_id=job_id))
    renderer = renderer_for(session.screen, json=session[shared.JSON], results=True)
    outcome = JobFollower(client, renderer, local=False).follow(lambda: job_id)
    if outcome.error:
        raise CliError(outcome.error, details=(f"Job: {job_id}",))
    return EXIT_OK


LIST = Command(
    "job list", list_jobs, "Lists jobs: unfinished ones first, then the newest.",
    flags=(
        STATE, RUNNER_ID, RUNNER_LABEL, PIPELINE_ID, PIPELINE_NAME, PIPELINE_RUN, shared.DESC, shared.JSON,
        shared.VERBOSE, LIMIT,
    ),
    operation=True,
)  # fmt: skip
INSPECT = Command(
    "job inspect", inspect, "Shows a job.", flags=(shared.JSON,), arguments="ID", words=(1, 1), operation=True
)
CANCEL = Command("job cancel", cancel, "Cancels a job.", flags=(FORCE,), arguments="ID", words=(1, 1), operation=True)
EXPLAIN = Command(
    "job explain", explain,
    "Says why a job is where it is: what it waits for, which runners could take it, what happened so far.",
    flags=(shared.JSON,), arguments="ID", words=(1, 1),
)  # fmt: skip
GET_STREAM = Command(
    "job get-stream", get_stream, "Shows the output of a job from its beginning, and follows it if the job still runs.",
    flags=(shared.JSON,), arguments="ID", words=(1, 1), operation=True,
)  # fmt: skip
