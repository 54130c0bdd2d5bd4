"""Operations on a whole project."""

from __future__ import annotations

from wp_proto.waypoint import api as pb
from wp_runner.chain import chain_problems
from wp_runner.environment import ProjectJob


def init(env: ProjectJob) -> pb.Job.Result:
    """`init{}`: make sure the server knows the workspace and every application of the file."""
    stub = env.server.stub
    workspace = pb.Workspace(name=env.workspace.workspace)
    env.server.call(stub.UpsertWorkspace, pb.UpsertWorkspaceRequest(workspace=workspace))
    for name in env.project.app_names:
        app = env.project.app(name)
        known = pb.UpsertApplicationRequest(
            project=pb.Ref.Project(project=env.project.name),
            name=name,
            file_change_signal=app.file_change_signal or env.project.file_change_signal,
        )
        env.server.call(stub.UpsertApplication, known)
    return pb.Job.Result(init=pb.Job.InitResult())


def validate(env: ProjectJob) -> pb.Job.Result:
    """`validate{}`: the file has been loaded already; what is left is whether the plugins of each application fit
    together."""
    for name in env.project.app_names:
        chain_problems(env.host, env.project, name).raise_if_errors()
    return pb.Job.Result(validate=pb.Job.ValidateResult())


def queue_project(env: ProjectJob) -> pb.Job.Result:
    """`queue_project{job_template}`: queue a copy of the template for each application of the file.

    A singleton id of the template is that of all of them; each application gets one of its own below it.
    """
    answer = pb.Job.QueueProjectResult()
    for name in env.project.app_names:
        job = pb.Job()
        job.CopyFrom(env.job.queue_project.job_template)
        job.application.CopyFrom(pb.Ref.Application(application=name, project=env.project.name))
        if job.singleton_id:
            job.singleton_id = f"{job.singleton_id}/{name}".lower()
        queued = env.server.once(env.server.stub.QueueJob, pb.QueueJobRequest(job=job))
        answer.applications.add(application=job.application, job_id=queued.job_id)
    return pb.Job.Result(queue_project=answer)
