"""Pipelines: from the file to the server, and the step of one that runs a container (language specification 10, server
specification 7.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.protobuf.empty_pb2 import Empty

from wp_config.records import Pipeline, Step
from wp_proto.waypoint import api as pb
from wp_runner.environment import ProjectJob
from wp_runner.errors import OperationFailed
from wp_runner.following import follow
from wp_runner.operations import task
from wp_runner.operations.task import TaskJob
from wp_sdk.arguments import TaskLaunchInfo

LOCAL_LAUNCHER = pb.Job.TaskPluginParams(plugin_type="docker", hcl_config=b"mount_socket = false\n")
"""What runs the container of a step in the user's own command line, where the server has no runner profile. The
engine's socket is for runners; an image that tests something needs no power over the machine."""


def sync_pipelines(env: ProjectJob) -> pb.Job.PipelineConfigSyncResult:
    """Stores all pipelines of the file on the server; those that left the file stay. Returns what was stored."""
    found = pb.Job.PipelineConfigSyncResult()
    for pipeline in env.project.pipelines():
        request = pb.UpsertPipelineRequest(pipeline=message(env.project.name, pipeline))
        stored = env.server.call(env.server.stub.UpsertPipeline, request).pipeline
        owner = found.synced_pipelines[stored.name].owner  # the only form that the Go command line shows
        owner.project.project, owner.pipeline_name = stored.project.project, stored.name
        found.pipelines.append(stored)
    return found


def message(project: str, pipeline: Pipeline) -> pb.Pipeline:
    """Returns a pipeline of the file as the server keeps it."""
    made = pb.Pipeline(name=pipeline.name, project=pb.Ref.Project(project=project))
    for step in pipeline.steps:
        made.steps[step.name].CopyFrom(_step(step))
    return made


def _step(step: Step) -> pb.Pipeline.Step:
    made = pb.Pipeline.Step(name=step.name, depends_on=step.depends_on)
    if step.workspace:
        made.workspace.workspace = step.workspace
    said = step.settings
    match step.kind:
        case "build":
            made.build.disable_push = bool(said["disable_push"])
        case "deploy":
            made.deploy.release = bool(said["release"])
        case "release":
            made.release.SetInParent()
            _prune(made.release, said)
            if number := _number(said["deployment_ref"]):
                made.release.deployment.sequence = number
        case "up":
            made.up.SetInParent()
            _prune(made.up, said)
        case "exec":
            made.exec.image = step.image_url
            made.exec.command = str(said["command"])
            made.exec.args.extend(_texts(said["args"]))
        case _:
            owner = made.pipeline.ref.owner
            owner.project.project, owner.pipeline_name = str(said["project"]), str(said["name"])
    return made


def _prune(into: pb.Pipeline.Step.Release | pb.Pipeline.Step.Up, said: Mapping[str, object]) -> None:
    into.prune = bool(said["prune"])
    into.prune_retain = _number(said["prune_retain"])
    into.prune_retain_override = bool(said["prune_retain_override"])


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, Sequence) else []


def pipeline_step(env: TaskJob) -> pb.Job.Result:
    """`pipeline_step{step}`: runs the step's image, on a runner profile's platform or, without one, on the Docker
    engine of this machine; fails when its command fails (defect 34)."""
    step = env.job.pipeline_step.step
    if not step.HasField("exec"):
        raise OperationFailed(f'The step "{step.name}" is no exec step; the server runs it as a job of its own kind')
    if env.facts.local and not _has_profile(env):
        info = TaskLaunchInfo(
            oci_url=step.exec.image,
            environment_variables={},
            arguments=tuple(step.exec.args),
            entrypoint=(step.exec.command,) if step.exec.command else (),
        )
        task.run_here(env, LOCAL_LAUNCHER, info)
    else:
        _run_there(env, step.exec)
    return pb.Job.Result(pipeline_step=pb.Job.PipelineStepResult())


def _has_profile(env: TaskJob) -> bool:
    if env.job.HasField("ondemand_runner"):
        return True
    listed = env.server.call(env.server.stub.ListOnDemandRunnerConfigs, Empty())
    return any(config.default for config in listed.configs)


def _run_there(env: TaskJob, step: pb.Pipeline.Step.Exec) -> None:
    job = pb.Job(
        application=env.job.application,
        workspace=env.job.workspace,
        labels=env.job.labels,
        data_source=env.job.data_source,
        noop=pb.Job.Noop(),
    )
    job.target_runner.any.SetInParent()
    if env.job.HasField("ondemand_runner"):
        job.ondemand_runner.CopyFrom(env.job.ondemand_runner)
    job.ondemand_runner_task.CopyFrom(env.job.ondemand_runner_task)
    job.ondemand_runner_task.skip_operation = True
    info = job.ondemand_runner_task.launch_info
    info.oci_url, info.entrypoint[:], info.arguments[:] = step.image, [step.command] * bool(step.command), step.args
    queued = env.server.once(env.server.stub.QueueJob, pb.QueueJobRequest(job=job)).job_id
    follow(env.server, queued, env.ui, env.ctx)
