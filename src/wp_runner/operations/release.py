"""Release: traffic to a deployment, then old deployments away (command line specification 4.5)."""

from __future__ import annotations

from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob, ConfiguredStage
from wp_runner.operations.prune import prune
from wp_runner.operations.records import begin, declared, present, save_release, succeed, target_resources
from wp_runner.operations.skeleton import Lifecycle, perform
from wp_runner.operations.status_report import report_release
from wp_runner.operations.targets import artifact_for, deployment_for, releaser
from wp_runner.plugins import Outcome
from wp_sdk.arguments import KEYS, TargetResources
from wp_sdk.errors import PluginError
from wp_sdk.mapper import Input, Provider
from wp_sdk.values import type_name


def release(env: AppJob, operation: pb.Job.ReleaseOp) -> pb.Release:
    """Release a deployment (unset = the newest good one); prunes afterwards when asked to.

    Returns the release's record.
    """
    deployment = operation.deployment if operation.deployment.id else newest_good_deployment(env)
    _refuse_bad(deployment)
    current = latest_release(env)
    if current is not None and _same_generation(env, current, deployment):
        env.ui.line("This deployment replaced the released one in place; there is nothing to release.")
        done = current
    else:
        done = _release(env, deployment)
    if operation.prune:
        keep = operation.prune_retain + 1 if operation.prune_retain_override else None
        prune(env, deployment, keep)
    return done


def newest_good_deployment(env: AppJob) -> pb.Deployment:
    """The newest deployment that succeeded and still exists; raises `PluginError` when there is none."""
    request = pb.ListDeploymentsRequest(
        application=env.application,
        workspace=env.workspace,
        physical_state=pb.Operation.CREATED,
        status=[pb.StatusFilter(filters=[pb.StatusFilter.Filter(state=pb.Status.SUCCESS)])],
        order=pb.OperationOrder(order=pb.OperationOrder.COMPLETE_TIME, desc=True),
    )
    for deployment in env.server.call(env.server.stub.ListDeployments, request).deployments:
        if deployment.status.state == pb.Status.SUCCESS:
            return deployment
    raise PluginError(f'The app "{env.app.name}" has no deployment to release', do="Run waypoint deploy first")


def latest_release(env: AppJob) -> pb.Release | None:
    """The newest successful release of the workspace, or None."""
    request = pb.GetLatestReleaseRequest(application=env.application, workspace=env.workspace)
    return env.server.find(env.server.stub.GetLatestRelease, request)


def _refuse_bad(deployment: pb.Deployment) -> None:
    name = f"Deployment v{deployment.sequence}"
    if deployment.status.state != pb.Status.SUCCESS:
        raise PluginError(f"{name} did not succeed and cannot be released", do="Choose another one with -deployment")
    if deployment.state != pb.Operation.CREATED:
        raise PluginError(f"{name} is destroyed and cannot be released", do="Choose another one with -deployment")


def _same_generation(env: AppJob, current: pb.Release, deployment: pb.Deployment) -> bool:
    """Whether the release already points at this deployment's platform object, through an older deployment."""
    if current.deployment_id == deployment.id or current.state == pb.Operation.DESTROYED:
        return False
    released = deployment_for(env, current)
    generation = deployment.generation.id
    return bool(generation) and released is not None and released.generation.id == generation


def _release(env: AppJob, deployment: pb.Deployment) -> pb.Release:
    stage = releaser(env, deployment)
    if stage is None:
        return _unimplemented(env, deployment)
    if not stage.component.has("release"):
        raise PluginError(f'The plugin "{stage.component.plugin}" cannot release')

    def store(record: pb.Release, outcome: Outcome) -> None:
        if outcome.value is not None:
            record.release.CopyFrom(outcome.value)
        record.release_json = outcome.json
        record.template_data = outcome.template
        record.url = outcome.url or record.url
        record.state = pb.Operation.CREATED
        del record.declared_resources[:]
        record.declared_resources.extend(declared(outcome.declared.resources))

    inputs = []
    if present(deployment.deployment):
        inputs.append(Input("target", type_name(deployment.deployment), deployment.deployment))
    artifact = artifact_for(env, deployment)
    if artifact is not None and present(artifact.artifact.artifact):
        inputs.append(Input("artifact", type_name(artifact.artifact.artifact), artifact.artifact.artifact))
    resources = target_resources(deployment.declared_resources)
    done = perform(
        env,
        Lifecycle(
            stage=stage,
            function="release",
            record=pb.Release(deployment_id=deployment.id, state=pb.Operation.PENDING),
            save=save_release,
            store=store,
            inputs=inputs,
            providers=lambda _record: [Provider(KEYS[TargetResources], lambda: resources)],
            partial=_keep_partial,
            after=f"{deployment.component.name} deploy",
            producers=[deployment.component.name],
        ),
    )
    _report(env, stage, done)
    return done


def _report(env: AppJob, stage: ConfiguredStage, done: pb.Release) -> None:
    """The status report after a release informs; a releaser that cannot answer yet does not undo the release."""
    try:
        report = report_release(env, stage, done)
    except PluginError as error:
        env.ui.warn(f"The status of the release is not known: {error}")
        return
    if report is not None and report.health.health_status in ("DOWN", "MISSING"):
        env.ui.warn(f"The release reports {report.health.health_status}: {report.health.health_message}")


def _unimplemented(env: AppJob, deployment: pb.Deployment) -> pb.Release:
    record = pb.Release(
        application=env.application,
        workspace=env.workspace,
        deployment_id=deployment.id,
        job_id=env.job.id,
        component=deployment.component,
        labels=env.labels(),
        state=pb.Operation.CREATED,
        unimplemented=True,
    )
    begin(record.status)
    succeed(record.status)
    return save_release(env.server, record)


def _keep_partial(record: pb.Release, value: OpaqueAny, json: str) -> None:
    record.release.CopyFrom(value)
    record.release_json = json
