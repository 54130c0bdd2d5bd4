"""Configures the component that belongs to an existing deployment or release: for status, destroy and release."""

from __future__ import annotations

from wp_config.records import StageKind
from wp_proto.waypoint import api as pb
from wp_runner.configuration import Scope
from wp_runner.environment import AppJob, ConfiguredStage
from wp_runner.operations.deploy import deploy_scope, entrypoint_address
from wp_sdk.component import ComponentKind
from wp_sdk.errors import PluginError
from wp_sdk.values import decode_template


def artifact_for(env: AppJob, deployment: pb.Deployment) -> pb.PushedArtifact | None:
    """The artifact a deployment was made of, or None when its record is gone."""
    if not deployment.artifact_id:
        return None
    request = pb.GetPushedArtifactRequest(ref=pb.Ref.Operation(id=deployment.artifact_id))
    return env.server.find(env.server.stub.GetPushedArtifact, request)


def deployment_for(env: AppJob, release: pb.Release) -> pb.Deployment | None:
    """The deployment a release points at, or None when its record is gone."""
    request = pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=release.deployment_id))
    return env.server.find(env.server.stub.GetDeployment, request)


def platform_of(env: AppJob, deployment: pb.Deployment) -> ConfiguredStage:
    """The platform that made the deployment, configured by today's file.

    When the file names another platform by now, the one in the record is used without configuration.
    """
    artifact = artifact_for(env, deployment)
    scope: Scope = deploy_scope(artifact.template_data if artifact else b"", entrypoint_address(env))
    stage = env.stage(StageKind.DEPLOY, scope)
    if stage is not None and deployment.component.name in ("", stage.component.plugin):
        return stage
    return _without_configuration(env, deployment.component.name, ComponentKind.PLATFORM, StageKind.DEPLOY)


def releaser(env: AppJob, deployment: pb.Deployment) -> ConfiguredStage | None:
    """The release manager for a deployment: the file's, else the platform's default one, else None."""
    artifact = artifact_for(env, deployment)
    scope: Scope = {
        "artifact": decode_template(artifact.template_data) if artifact else {},
        "deploy": decode_template(deployment.template_data),
    }
    stage = env.stage(StageKind.RELEASE, scope)
    if stage is not None:
        return stage
    component = platform_of(env, deployment).component.default_releaser()
    return None if component is None else ConfiguredStage(component, env.labels(), ())


def releaser_of(env: AppJob, release: pb.Release) -> ConfiguredStage | None:
    """The release manager that made a release; like `platform_of` when the file has changed. None when nobody did."""
    if release.unimplemented:
        return None
    deployment = deployment_for(env, release) or pb.Deployment(component=pb.Component())
    stage = releaser(env, deployment)
    if stage is not None and release.component.name in ("", stage.component.plugin):
        return stage
    return _without_configuration(env, release.component.name, ComponentKind.RELEASE_MANAGER, StageKind.RELEASE)


def _without_configuration(env: AppJob, plugin: str, role: ComponentKind, stage: StageKind) -> ConfiguredStage:
    component = env.host.component(plugin, role)
    needed = [a.name for a in component.schema.attributes if a.required]
    if needed:
        raise PluginError(
            f'This was made by the plugin "{plugin}", which the file does not use in {stage.value} any more; '
            f"it needs {', '.join(needed)}",
            do=f'Put use "{plugin}" back for this operation',
        )
    env.configure(component, stage, {})
    return ConfiguredStage(component, env.labels(), ())
