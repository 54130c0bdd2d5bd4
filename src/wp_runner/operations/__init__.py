"""The operations a job can ask for: one function each, under the name of the job's operation field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob, ProjectJob
from wp_runner.operations import application, pipelines, project, task
from wp_runner.operations.destroy_project import destroy_project
from wp_runner.operations.poll import SourceJob, poll
from wp_runner.operations.task import TaskJob

AppOperation: TypeAlias = Callable[[AppJob], pb.Job.Result]
ProjectOperation: TypeAlias = Callable[[ProjectJob], pb.Job.Result]
SourceOperation: TypeAlias = Callable[[SourceJob], pb.Job.Result]
TaskOperation: TypeAlias = Callable[[TaskJob], pb.Job.Result]

APP_OPERATIONS: Mapping[str, AppOperation] = {
    "auth": application.auth,
    "build": application.build,
    "config_sync": application.config_sync,
    "deploy": application.deploy,
    "destroy": application.destroy,
    "docs": application.docs,
    "push": application.push,
    "release": application.release,
    "status_report": application.status_report,
    "up": application.up,
}

PROJECT_OPERATIONS: Mapping[str, ProjectOperation] = {
    "destroy_project": destroy_project,
    "init": project.init,
    "queue_project": project.queue_project,
    "validate": project.validate,
}
"""Operations that need the file but no application."""

TASK_OPERATIONS: Mapping[str, TaskOperation] = {
    "pipeline_step": pipelines.pipeline_step,
    "start_task": task.start_task,
    "stop_task": task.stop_task,
    "watch_task": task.watch_task,
}
"""Operations on a container, which need neither file nor data source."""

SOURCE_OPERATIONS: Mapping[str, SourceOperation] = {"poll": poll}
"""Operations on the data source itself, that do not check it out."""

BARE_OPERATIONS = frozenset({"noop"})
"""Operations that need neither file nor data source."""
