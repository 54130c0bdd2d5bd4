"""Which operations exclude each other (server.md §7.6): deploy, destroy, release and up per application and workspace,
destroy_project for the whole project."""

from __future__ import annotations

from dataclasses import dataclass

from wp_proto.waypoint import api as pb

_PER_APPLICATION = frozenset({"deploy", "destroy", "release", "up"})
_PER_PROJECT = frozenset({"destroy_project"})


@dataclass(frozen=True)
class LockKey:
    """What a job needs for itself alone. Empty application: the whole project. All parts are lower-cased names."""

    project: str
    application: str = ""
    workspace: str = ""


def lock_of(job: pb.Job) -> LockKey | None:
    """Returns the lock a job takes when it is assigned, or None."""
    operation = job.WhichOneof("operation")
    project = job.application.project.lower()
    if operation in _PER_PROJECT:
        return LockKey((job.destroy_project.project.project or project).lower())
    if operation in _PER_APPLICATION:
        return LockKey(project, job.application.application.lower(), job.workspace.workspace.lower())
    return None
