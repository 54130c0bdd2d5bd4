"""Operations on one application, from the job's message to the job's result."""

from __future__ import annotations

from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob
from wp_runner.errors import OperationFailed
from wp_runner.operations import authenticate, targets
from wp_runner.operations import build as building
from wp_runner.operations import deploy as deploying
from wp_runner.operations import destroy as destroying
from wp_runner.operations import docs as documentation
from wp_runner.operations import push as pushing
from wp_runner.operations import release as releasing
from wp_runner.operations import status_report as reporting
from wp_runner.operations import up as everything
from wp_runner.operations.config_sync import sync_config
from wp_runner.operations.pipelines import sync_pipelines


def build(env: AppJob) -> pb.Job.Result:
    """`build{disable_push}`."""
    record, pushed = building.build(env, push_after=not env.job.build.disable_push)
    return pb.Job.Result(build=pb.Job.BuildResult(build=record, push=pushed))


def push(env: AppJob) -> pb.Job.Result:
    """`push{build}`."""
    record = pushing.push(env, env.job.push.build if env.job.push.build.id else None)
    return pb.Job.Result(push=pb.Job.PushResult(artifact=record))


def deploy(env: AppJob) -> pb.Job.Result:
    """`deploy{artifact, release_after}`."""
    record = deploying.deploy(env, env.job.deploy.artifact if env.job.deploy.artifact.id else None)
    result = pb.Job.Result(deploy=pb.Job.DeployResult(deployment=record))
    if env.job.deploy.release_after:
        env.ui.header("Releasing...")
        released = releasing.release(env, pb.Job.ReleaseOp(deployment=record, prune=True))
        if released.unimplemented:
            env.ui.line("No release phase specified, skipping...")
        result.release.release.CopyFrom(released)
    return result


def release(env: AppJob) -> pb.Job.Result:
    """`release{deployment, prune, …}`."""
    return pb.Job.Result(release=pb.Job.ReleaseResult(release=releasing.release(env, env.job.release)))


def up(env: AppJob) -> pb.Job.Result:
    """`up{release}`."""
    return everything.up(env, env.job.up)


def destroy(env: AppJob) -> pb.Job.Result:
    """`destroy{deployment | workspace}`."""
    target = env.job.destroy.WhichOneof("target")
    if target == "deployment":
        destroying.destroy_deployment(env, _stored(env, env.job.destroy.deployment.id))
    elif target == "workspace":
        destroying.destroy_workspace(env)
    else:
        raise OperationFailed("The job does not say what to destroy")
    return pb.Job.Result()


def docs(env: AppJob) -> pb.Job.Result:
    """`docs{}`."""
    return pb.Job.Result(docs=documentation.docs(env))


def status_report(env: AppJob) -> pb.Job.Result:
    """`status_report{deployment | release}`; an empty result when the plugin cannot tell."""
    target = env.job.status_report.WhichOneof("target")
    if target == "deployment":
        deployment = _stored(env, env.job.status_report.deployment.id)
        stage = targets.platform_of(env, deployment)
        report = reporting.report_deployment(env, stage, deployment, targets.artifact_for(env, deployment))
    elif target == "release":
        request = pb.GetReleaseRequest(ref=pb.Ref.Operation(id=env.job.status_report.release.id))
        record = env.server.call(env.server.stub.GetRelease, request)
        releaser = targets.releaser_of(env, record)
        report = None if releaser is None else reporting.report_release(env, releaser, record)
    else:
        raise OperationFailed("The job does not say what to report on")
    return pb.Job.Result(status_report=pb.Job.StatusReportResult(status_report=report))


def auth(env: AppJob) -> pb.Job.Result:
    """`auth{check_only, component}`."""
    return pb.Job.Result(auth=pb.Job.AuthResult(results=authenticate.authenticate(env, env.job.auth)))


def config_sync(env: AppJob) -> pb.Job.Result:
    """`config_sync{}`: the variables of the file, and its pipelines."""
    sync_config(env)
    return pb.Job.Result(config_sync=pb.Job.ConfigSyncResult(), pipeline_config_sync=sync_pipelines(env))


def _stored(env: AppJob, deployment_id: str) -> pb.Deployment:
    request = pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=deployment_id))
    return env.server.call(env.server.stub.GetDeployment, request)
