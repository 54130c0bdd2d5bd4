"""Deploy: the pushed artifact onto the platform, beside what runs already."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace

import grpc

from wp_config.records import StageKind
from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.waypoint import api as pb
from wp_runner.configuration import Scope
from wp_runner.environment import AppJob, ConfiguredStage
from wp_runner.operations.config_sync import sync_config
from wp_runner.operations.push import artifact_input
from wp_runner.operations.records import declared, save_deployment
from wp_runner.operations.skeleton import Lifecycle, perform
from wp_runner.operations.status_report import require_alive
from wp_runner.plugins import Outcome
from wp_sdk.arguments import KEYS, DeploymentConfig
from wp_sdk.errors import PluginError
from wp_sdk.mapper import Provider
from wp_sdk.values import decode_template

INVITE_DURATION = "87600h"


def deploy(env: AppJob, artifact: pb.PushedArtifact | None) -> pb.Deployment:
    """Deploy an artifact (None = the latest one). Returns the record as the server shows it, with its URL.

    The deployment counts as successful only when its platform, asked again, does not report it down or missing.
    """
    sync_config(env)
    artifact = artifact or latest_artifact(env)
    address = entrypoint_address(env)
    stage = env.stage(StageKind.DEPLOY, deploy_scope(artifact.template_data, address))
    if stage is None:
        raise PluginError(f'The app "{env.app.name}" has no deploy stanza', do='Add deploy { use "…" {} }')
    component = stage.component
    if not component.has("deploy"):
        raise PluginError(f'The plugin "{component.plugin}" cannot deploy')
    inputs = artifact_input(artifact.artifact)
    made_by = artifact.component.name
    known = address

    def providers(record: pb.Deployment) -> Sequence[Provider]:
        return (Provider(KEYS[DeploymentConfig], lambda: known),)

    def prepare(record: pb.Deployment) -> None:
        nonlocal known
        known = replace(address, id=record.id, sequence=record.sequence, entrypoint_invite_token=_invite(env, record))
        env.reconfigure(stage, StageKind.DEPLOY, deploy_scope(artifact.template_data, known))

    def store(record: pb.Deployment, outcome: Outcome) -> None:
        if outcome.value is not None:
            record.deployment.CopyFrom(outcome.value)
        record.deployment_json = outcome.json
        record.template_data = outcome.template
        record.url = outcome.url
        record.state = pb.Operation.CREATED
        del record.declared_resources[:]
        record.declared_resources.extend(declared(outcome.declared.resources))

    record = pb.Deployment(
        artifact_id=artifact.id,
        state=pb.Operation.PENDING,
        has_entrypoint_config=bool(address.server_addr) and _wants_entrypoint(stage),
        has_exec_plugin=component.has("exec"),
        has_logs_plugin=component.has("logs"),
    )
    generation = _generation(env, stage, artifact, address)
    if generation:
        record.generation.id = generation
    done = perform(
        env,
        Lifecycle(
            stage=stage,
            function="deploy",
            record=record,
            save=save_deployment,
            store=store,
            inputs=inputs,
            providers=providers,
            prepare=prepare,
            partial=_keep_partial,
            verify=lambda record: require_alive(env, stage, record, artifact),
            after=f"{made_by} build",
            producers=[made_by],
        ),
    )
    return read_back(env, done)


def read_back(env: AppJob, deployment: pb.Deployment) -> pb.Deployment:
    """The stored record with what only the server knows (its preloaded URL)."""
    request = pb.GetDeploymentRequest(ref=pb.Ref.Operation(id=deployment.id))
    return env.server.call(env.server.stub.GetDeployment, request)


def latest_artifact(env: AppJob) -> pb.PushedArtifact:
    """The newest successfully pushed artifact of the workspace; raises `PluginError` when there is none."""
    request = pb.GetLatestPushedArtifactRequest(application=env.application, workspace=env.workspace)
    found = env.server.find(env.server.stub.GetLatestPushedArtifact, request)
    if found is None:
        raise PluginError(f'The app "{env.app.name}" has no artifact to deploy', do="Run waypoint build first")
    return found


def entrypoint_address(env: AppJob) -> DeploymentConfig:
    """Where entrypoints reach the server; an empty address when it advertises none."""
    answer = env.server.call(env.server.stub.RunnerGetDeploymentConfig, pb.RunnerGetDeploymentConfigRequest())
    return DeploymentConfig(
        id="",
        server_addr=answer.server_addr,
        server_tls=answer.server_tls,
        server_tls_skip_verify=answer.server_tls_skip_verify,
    )


def deploy_scope(template: bytes, config: DeploymentConfig) -> Scope:
    """What the deploy body sees: `artifact.*` and `entrypoint.env`."""
    return {"artifact": decode_template(template), "entrypoint": {"env": config.env()}}


def _keep_partial(record: pb.Deployment, value: OpaqueAny, json: str) -> None:
    record.deployment.CopyFrom(value)
    record.deployment_json = json


def _wants_entrypoint(stage: ConfiguredStage) -> bool:
    return any(r.key == KEYS[DeploymentConfig] for r in stage.component.spec("deploy").requirements)


def _invite(env: AppJob, record: pb.Deployment) -> str:
    """A token with which instances of this deployment, and nothing else, may talk to the server; "" when none will."""
    if not record.has_entrypoint_config:
        return ""
    request = pb.InviteTokenRequest(
        duration=INVITE_DURATION, unused_entrypoint=pb.Token.Entrypoint(deployment_id=record.id)
    )
    try:
        return env.server.call(env.server.stub.GenerateInviteToken, request).token
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
            raise
        raise PluginError(  # so Go Waypoint's server answers to a runner's token
            "The server gives this runner no token for the app's entrypoint",
            do="Start the runner with a login token (`waypoint user token`) as WAYPOINT_SERVER_TOKEN",
        ) from error


def _generation(env: AppJob, stage: ConfiguredStage, artifact: pb.PushedArtifact, address: DeploymentConfig) -> str:
    """Id of what this deploy changes in place: 32 hex digits from the platform's answer, "" = something new."""
    if not stage.component.has("generation"):
        return ""
    outcome = env.invoke(
        stage.component,
        "generation",
        inputs=artifact_input(artifact.artifact),
        providers=[Provider(KEYS[DeploymentConfig], lambda: address)],
        labels=stage.labels,
    )
    answer = outcome.raw if isinstance(outcome.raw, bytes) else b""
    if not answer:
        return ""
    digest = hashlib.sha1(uuid.NAMESPACE_DNS.bytes + answer, usedforsecurity=False).digest()
    return uuid.UUID(bytes=digest[:16], version=5).hex
