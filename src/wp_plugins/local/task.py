"""The local task launcher: an on-demand runner as a process of its own on the machine of the runner that starts it."""

from __future__ import annotations

import glob
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from wp_plugins.local import places, process
from wp_proto.own import local_pb2
from wp_sdk.component import UI, Context, JobInfo, PluginError, TaskLaunchInfo
from wp_sdk.program import own_command
from wp_sdk.schema import attr

_OF_JOB = "."
"""After the id of the launching job in a folder's name."""


@dataclass(frozen=True)
class TaskConfig:
    """Start tasks as processes on the machine of the runner that launches them.

    The image of the profile does not matter here: the program is always the same.
    """

    command: list[str] = attr(
        doc="Program that is started with the task's arguments; this very program when left out.", default_factory=list
    )
    static_environment: dict[str, str] = attr(
        doc="Environment variables, in addition to those of the runner that launches the task.", default_factory=dict
    )


def start(config: TaskConfig, ui: UI, job: JobInfo, info: TaskLaunchInfo) -> local_pb2.Task:
    """Start the process; its folder keeps its output until `stop`."""
    words = (*(info.entrypoint or config.command or own_command()), *info.arguments)
    if shutil.which(words[0]) is None:
        raise PluginError(f"There is no program {words[0]!r} on {places.host()}", do="Correct `command` in the profile")
    directory = _tasks() / f"{job.id}{_OF_JOB}{uuid.uuid4().hex}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOINT_", "WP_"))}
    environment = {**inherited, **config.static_environment, **info.environment_variables}
    with ui.step("Starting the task...") as step:
        try:
            work = directory / "work"
            work.mkdir(parents=True)
            process.start(directory, process.Command(words, work, environment, restart=False))
        except (OSError, RuntimeError) as error:
            shutil.rmtree(directory, ignore_errors=True)
            raise PluginError(f"The task cannot be started: {error}", where=words[0]) from error
        step.done(f"The task runs on {places.host()}")
    return local_pb2.Task(host=places.host(), directory=str(directory))


def watch(ctx: Context, ui: UI, task: local_pb2.Task) -> int:
    """Show the process's output until it ends; returns its exit code."""
    directory = _here(task)
    for chunk in process.follow_output(directory, ctx):
        ui.raw(chunk)
    seen = process.state(directory)
    if seen.error:
        raise PluginError(f"The task could not be started: {seen.error}")
    if seen.exit_code is None:
        raise PluginError("The task was stopped")
    return seen.exit_code


def stop(task: local_pb2.Task) -> None:
    """End the process and remove its folder; one that is gone already is fine."""
    process.remove(_here(task))


def clean_up(job: JobInfo) -> None:
    """End the processes that a job launched on this machine, and remove their folders."""
    for directory in _tasks().glob(f"{glob.escape(job.id)}{_OF_JOB}*"):
        process.remove(directory)


def _tasks() -> Path:
    return places.root() / "tasks"


def _here(task: local_pb2.Task) -> Path:
    places.require_here(task.host, "task")
    directory = Path(task.directory)
    if directory.parent != _tasks():
        raise PluginError(
            f"The task's folder {directory} is not below {places.root()}", do="Run the job as the user who started it"
        )
    return directory
