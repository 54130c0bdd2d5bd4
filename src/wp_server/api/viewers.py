"""What a viewer is shown of projects and jobs: everything but credentials of sources and values of variables.

Who may deploy there could read both anyhow; for him, runners and administrators nothing is left out.
"""

from __future__ import annotations

from collections.abc import MutableSequence

from wp_proto.waypoint import api as pb
from wp_server.auth.identity import Identity
from wp_server.auth.roles import Place, Role, allow


def project_for(caller: Identity, project: pb.Project) -> pb.Project:
    """Returns the project as `caller` may see it."""
    if _deploys(caller, project.name, None):
        return project
    shown = pb.Project()
    shown.CopyFrom(project)
    _strip(shown.data_source, shown.variables)
    return shown


def job_for(caller: Identity, job: pb.Job) -> pb.Job:
    """Returns the job as `caller` may see it."""
    if _deploys(caller, job.application.project, job.workspace.workspace):
        return job
    shown = pb.Job()
    shown.CopyFrom(job)
    _strip(shown.data_source, shown.variables)
    shown.ClearField("variable_final_values")
    return shown


def _deploys(caller: Identity, project: str, workspace: str | None) -> bool:
    place = Place(project.lower(), workspace.lower() if workspace is not None else None)
    return not caller.grants or allow(caller.grants, Role.DEPLOYER, place)


def _strip(source: pb.Job.DataSource, variables: MutableSequence[pb.Variable]) -> None:
    if source.WhichOneof("source") == "git":
        for credentials in ("basic", "ssh"):
            source.git.ClearField(credentials)
    for variable in variables:
        for value in ("str", "hcl", "bool", "num", "final_value"):
            variable.ClearField(value)
