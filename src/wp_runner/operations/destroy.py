"""Destroy: one deployment, or everything of an application in a workspace.

A record is marked destroyed only after its plugin confirmed. What fails keeps its record, the others go on, and the
job fails at the end with all reasons (architecture D12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import grpc

from wp_config.diagnostics import Diagnostics
from wp_config.records import StageKind
from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob, ConfiguredStage
from wp_runner.errors import OperationFailed, PluginDefect
from wp_runner.operations.records import destroyed, present, save_deployment, save_release, target_resources
from wp_runner.operations.targets import artifact_for, platform_of, releaser_of
from wp_runner.plugins import Outcome
from wp_sdk.arguments import KEYS, DeploymentConfig, TargetResources
from wp_sdk.errors import PluginError
from wp_sdk.mapper import Input, Provider
from wp_sdk.values import type_name

FAILURES = (PluginError, PluginDefect, Diagnostics, grpc.RpcError)


def destroy_workspace(env: AppJob) -> None:
    """Destroy all releases, all deployments, then what they shared; raises `OperationFailed` listing what is left."""
    problems: list[str] = []
    releases, deployments = live_releases(env), live_deployments(env)
    shared: dict[str, Callable[[], None]] = {}
    if releases:
        env.ui.header("Destroying releases...")
    for record in releases:
        _try(problems, f"release v{record.sequence}", partial(destroy_release, env, record))
        shared.setdefault(f"releases by {record.component.name}", partial(_shared_by_releases, env, record))
    if deployments:
        env.ui.header("Destroying deployments...")
    for deployment in deployments:
        _try(problems, f"deployment v{deployment.sequence}", partial(destroy_deployment, env, deployment))
        shared.setdefault(
            f"deployments by {deployment.component.name}", partial(_shared_by_deployments, env, deployment)
        )
    if not problems:
        for what, act in shared.items():
            _try(problems, f"what was shared by {what}", act)
    _left_by_builds(env)
    if problems:
        raise OperationFailed(
            "Not everything could be destroyed:\n" + "\n".join(f"  • {p}" for p in problems),
            do="Correct the cause and run waypoint destroy again",
        )


def live_deployments(env: AppJob) -> list[pb.Deployment]:
    """Deployments that may exist on the platform, newest first: all that nobody confirmed to be gone."""
    request = pb.ListDeploymentsRequest(application=env.application, workspace=env.workspace)
    found = env.server.call(env.server.stub.ListDeployments, request).deployments
    return [d for d in found if d.state != pb.Operation.DESTROYED]


def live_releases(env: AppJob) -> list[pb.Release]:
    """Releases that may exist on the platform, newest first."""
    request = pb.ListReleasesRequest(application=env.application, workspace=env.workspace)
    found = env.server.call(env.server.stub.ListReleases, request).releases
    return [r for r in found if r.state != pb.Operation.DESTROYED]


def destroy_deployment(env: AppJob, deployment: pb.Deployment) -> pb.Deployment:
    """Remove a deployment from its platform and mark it destroyed. A destroyed one is left alone.

    A deployment whose platform saved nothing has nothing there: it is only marked.
    """
    if deployment.state == pb.Operation.DESTROYED:
        return deployment
    if present(deployment.deployment):
        stage = platform_of(env, deployment)
        inputs = [Input("deployment", type_name(deployment.deployment), deployment.deployment)]
        artifact = artifact_for(env, deployment)
        if artifact is not None and present(artifact.artifact.artifact):
            inputs.append(Input("image", type_name(artifact.artifact.artifact), artifact.artifact.artifact))
        config = DeploymentConfig(id=deployment.id, sequence=deployment.sequence)
        env.ui.info(f"Deployment v{deployment.sequence} ({deployment.id})")
        outcome = _destroy(env, stage, inputs, deployment.declared_resources, config)
        if outcome is not None:
            deployment.destroyed_resources.extend(destroyed(outcome.destroyed.resources))
    deployment.state = pb.Operation.DESTROYED
    _settle(deployment.status)
    done = save_deployment(env.server, deployment)
    env.ui.success(f"Deployment v{deployment.sequence} destroyed")
    return done


def destroy_release(env: AppJob, record: pb.Release) -> pb.Release:
    """Remove a release from its platform and mark it destroyed."""
    if record.state == pb.Operation.DESTROYED:
        return record
    stage = releaser_of(env, record) if present(record.release) else None
    if stage is not None:
        inputs = [Input("release", type_name(record.release), record.release)]
        env.ui.info(f"Release v{record.sequence}")
        outcome = _destroy(env, stage, inputs, record.declared_resources, DeploymentConfig(id=record.deployment_id))
        if outcome is not None:
            record.destroyed_resources.extend(destroyed(outcome.destroyed.resources))
    record.state = pb.Operation.DESTROYED
    _settle(record.status)
    done = save_release(env.server, record)
    env.ui.success(f"Release v{record.sequence} destroyed")
    return done


def _destroy(
    env: AppJob,
    stage: ConfiguredStage,
    inputs: list[Input],
    resources: Iterable[pb.DeclaredResource],
    config: DeploymentConfig,
) -> Outcome | None:
    component = stage.component
    if not component.has("destroy"):
        env.ui.warn(f'The plugin "{component.plugin}" cannot destroy; only the record is marked')
        return None
    return env.invoke(
        component,
        "destroy",
        inputs=inputs,
        providers=[
            Provider(KEYS[TargetResources], lambda: target_resources(resources)),
            Provider(KEYS[DeploymentConfig], lambda: config),
        ],
        labels=stage.labels,
        producers=[component.plugin],
    )


def _shared_by_deployments(env: AppJob, deployment: pb.Deployment) -> None:
    if present(deployment.deployment):
        _destroy_shared(env, platform_of(env, deployment), "deployment", deployment.deployment)


def _shared_by_releases(env: AppJob, record: pb.Release) -> None:
    stage = releaser_of(env, record) if present(record.release) else None
    if stage is not None:
        _destroy_shared(env, stage, "release", record.release)


def _left_by_builds(env: AppJob) -> None:
    """What killed builds left. Nothing that runs depends on it: when it cannot be removed, that is only a warning."""
    try:
        stage = env.stage(StageKind.BUILD, {})
        if stage is not None and stage.component.has("destroy_workspace"):
            env.invoke(stage.component, "destroy_workspace", labels=stage.labels)
    except FAILURES as error:
        env.ui.warn(f"What killed builds left was not looked for: {error}")


def _destroy_shared(env: AppJob, stage: ConfiguredStage, name: str, value: OpaqueAny) -> None:
    if stage.component.has("destroy_workspace"):
        env.invoke(
            stage.component,
            "destroy_workspace",
            inputs=[Input(name, type_name(value), value)],
            providers=[Provider(KEYS[DeploymentConfig], lambda: DeploymentConfig(id=""))],
            labels=stage.labels,
            producers=[stage.component.plugin],
        )


def _settle(status: pb.Status) -> None:
    """A record of a runner that died still says RUNNING; once destroyed it is over."""
    if status.state in (pb.Status.RUNNING, pb.Status.UNKNOWN):
        status.state = pb.Status.ERROR
        status.error.message = "The operation did not finish"
        status.complete_time.GetCurrentTime()


def _try(problems: list[str], what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except FAILURES as error:
        text = (error.details() or "the server was lost") if isinstance(error, grpc.RpcError) else str(error)
        problems.append(f"{what}: {text}")
