"""`waypoint task`: what was launched for jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.commands.job import operation_of, state_of
from wp_cli.errors import EXIT_OK, UsageProblem
from wp_cli.flags import BOOL, STRING, UINT, Enum, Flag
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

T = TypeVar("T")

STATES = ("pending", "starting", "started", "running", "completed", "stopping", "stopped")
STATE = Flag("state", Enum(*STATES), (), "Only in this state; repeatable.")
DESC = Flag("desc", BOOL, False, "Newest first.")
LIMIT = Flag("limit", UINT, 0, "Show at most this many, the newest; 0 shows all.")
JOB = Flag("run-job-id", STRING, "", "The task of this job, instead of the one with an id.")


def word_of(task: pb.Task) -> str:
    """Word for how far a task is."""
    return pb.Task.State.Name(task.job_state).capitalize()


def ref_of(session: Session) -> pb.Ref.Task:
    """The task that the words or -run-job-id name."""
    if bool(session.words) == bool(session[JOB]):
        raise UsageProblem("give either the id of a task or -run-job-id", command=session.command)
    return pb.Ref.Task(job_id=session[JOB]) if session[JOB] else pb.Ref.Task(id=session.words[0])


def chosen(found: Sequence[T], limit: int, *, newest_first: bool) -> list[T]:
    """Return the newest `limit` of what came oldest first (0: all), in the order to show."""
    newest = list(found)[-limit:]
    return newest[::-1] if newest_first else newest


def list_tasks(session: Session) -> int:
    """List tasks, the newest last, with -desc first."""
    wanted = [word.upper() for word in session[STATE]]
    found = session.client().calls.ListTask(pb.ListTaskRequest(taskState=wanted)).tasks
    tasks = chosen(found, session[LIMIT], newest_first=session[DESC])
    if session[shared.JSON]:
        for task in tasks:
            session.screen.result(records.proto_json(task))
        return EXIT_OK
    if not tasks:
        session.screen.note("There are no tasks.")
        return EXIT_OK
    rows = [
        [
            task.task.id, word_of(task.task), task.start_job.start_task.params.plugin_type,
            operation_of(task.task_job), state_of(task.task_job), records.age_of(task.task_job, "queue_time"),
        ]
        for task in tasks
    ]  # fmt: skip
    session.screen.table(["ID", "State", "Plugin", "Operation", "Job State", "Time Queued"], rows)
    return EXIT_OK


def inspect(session: Session) -> int:
    """Show a task with its jobs."""
    task = session.client().calls.GetTask(pb.GetTaskRequest(ref=ref_of(session)))
    screen = session.screen
    if session[shared.JSON]:
        screen.result(records.proto_json(task))
        return EXIT_OK
    start = task.start_job.start_task
    screen.header("Task")
    screen.named_values([
        ("ID", task.task.id), ("State", word_of(task.task)), ("Plugin", start.params.plugin_type),
        ("Image", start.info.oci_url), ("Project", task.task_job.application.project),
        ("Application", task.task_job.application.application), ("Workspace", task.task_job.workspace.workspace),
    ])  # fmt: skip
    jobs = {job.id: job for job in (task.start_job, task.task_job, task.watch_job, task.stop_job)}
    screen.header("Jobs")
    rows = [
        [job.id, operation_of(job), state_of(job), job.error.message if job.HasField("error") else ""]
        for job in jobs.values()
    ]
    screen.table(["ID", "Operation", "State", "Error"], rows)
    return EXIT_OK


def cancel(session: Session) -> int:
    """Cancel a task; what it launched is cleaned up."""
    session.client().calls.CancelTask(pb.CancelTaskRequest(ref=ref_of(session)))
    session.screen.result("The task is asked to end; what it launched is cleaned up.", "success")
    return EXIT_OK


LIST = Command(
    "task list", list_tasks, "Lists tasks: what was launched for jobs.", flags=(STATE, DESC, LIMIT, shared.JSON),
    operation=None,
)  # fmt: skip
INSPECT = Command(
    "task inspect", inspect, "Shows a task with its jobs.", flags=(JOB, shared.JSON), arguments="ID", words=(0, 1),
    operation=None,
)  # fmt: skip
CANCEL = Command(
    "task cancel", cancel, "Cancels a task.", flags=(JOB,), arguments="ID", words=(0, 1), operation=None
)  # fmt: skip
