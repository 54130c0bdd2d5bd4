"""Destroy a whole project: what its applications created in every workspace, their hostnames, then the records.

The records go last and only if nothing else is left: without them nobody could find what still runs (architecture D12).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import grpc

from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob, ProjectJob
from wp_runner.errors import OperationFailed
from wp_runner.operations.destroy import FAILURES, destroy_workspace
from wp_runner.server import Server

URL_SERVICE_OFF = "server doesn't have the URL service enabled"
"""How Go Waypoint's server says that nobody has a hostname (server specification 1.8)."""


def destroy_project(env: ProjectJob) -> pb.Job.Result:
    """`destroy_project{project}`. Raises `OperationFailed` listing what is left; the project then stays."""
    found = _found(env.server, env.job)
    if found is None:
        return _done()
    _mark(env.server, found.project, pb.Project.DESTROYING)
    try:
        problems = [problem for place in _places(found) if (problem := _destroyed(env, place))]
        if problems:
            raise OperationFailed(
                "Not everything of the project could be destroyed, so it is still there:\n"
                + "\n".join(f"  • {problem}" for problem in problems),
                do="Correct the cause and destroy the project again",
            )
    except BaseException:
        # Whoever changes his mind can use it again.
        _mark(env.server.hurried(), found.project, pb.Project.ACTIVE)
        raise
    return _delete(env.server, found.project.name)


def delete_records(server: Server, job: pb.Job) -> pb.Job.Result:
    """`destroy_project{project, skip_destroy_resources}`: nothing is asked of a platform, and no file is needed."""
    found = _found(server, job)
    return _done() if found is None else _delete(server, found.project.name)


def _found(server: Server, job: pb.Job) -> pb.GetProjectResponse | None:
    name = job.destroy_project.project.project or job.application.project
    return server.find(server.stub.GetProject, pb.GetProjectRequest(project=pb.Ref.Project(project=name)))


def _mark(server: Server, project: pb.Project, state: pb.Project.ProjectState) -> None:
    project.state = state
    server.call(server.stub.UpsertProject, pb.UpsertProjectRequest(project=project))


def _places(found: pb.GetProjectResponse) -> Iterator[pb.Job]:
    """Every application in every workspace that has seen it, as a job on it."""
    for entry in found.workspaces:
        for app in entry.applications:
            yield pb.Job(application=app.application, workspace=entry.workspace)


def _destroyed(env: ProjectJob, place: pb.Job) -> str:
    """Destroy what an application created in a workspace; returns why something is left, "" when nothing is."""
    app, workspace = place.application.application, place.workspace.workspace
    try:
        if _has_records(env, place):
            env.ui.header(f"Destroying {app} in workspace {workspace}...")
            job = pb.Job()
            job.CopyFrom(env.job)
            job.application.CopyFrom(place.application)
            job.workspace.CopyFrom(place.workspace)
            with closing(env.load(job)) as project:
                common = (job, env.server, env.ui, env.ctx, env.facts, project, env.directory, env.load)
                destroy_workspace(AppJob(*common, project.app(app)))
        _delete_hostnames(env, place)
    except (*FAILURES, OperationFailed) as error:
        text = (error.details() or "the server was lost") if isinstance(error, grpc.RpcError) else str(error)
        return f"{app} in workspace {workspace}: {text}"
    return ""


def _has_records(env: ProjectJob, place: pb.Job) -> bool:
    stub, app, workspace = env.server.stub, place.application, place.workspace
    asked = pb.ListDeploymentsRequest(application=app, workspace=workspace)
    deployments = env.server.call(stub.ListDeployments, asked).deployments
    also = pb.ListReleasesRequest(application=app, workspace=workspace)
    releases = env.server.call(stub.ListReleases, also).releases
    states = [record.state for record in deployments] + [record.state for record in releases]
    return any(state != pb.Operation.DESTROYED for state in states)


def _delete_hostnames(env: ProjectJob, place: pb.Job) -> None:
    request = pb.ListHostnamesRequest()
    request.target.application.application.CopyFrom(place.application)
    request.target.application.workspace.CopyFrom(place.workspace)
    try:
        hostnames = env.server.call(env.server.stub.ListHostnames, request).hostnames
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.FAILED_PRECONDITION or error.details() != URL_SERVICE_OFF:
            raise
        return
    for hostname in hostnames:
        env.server.call(env.server.stub.DeleteHostname, pb.DeleteHostnameRequest(hostname=hostname.hostname))


def _delete(server: Server, name: str) -> pb.Job.Result:
    server.call(server.stub.DestroyProject, pb.DestroyProjectRequest(project=pb.Ref.Project(project=name)))
    return _done()


def _done() -> pb.Job.Result:
    return pb.Job.Result(project_destroy=pb.Job.ProjectDestroyResult())
