"""Push: the built artifact into the registry, or a copy of the record when there is none."""

from __future__ import annotations

from wp_config.records import StageKind
from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob
from wp_runner.operations.records import artifact_of, begin, present, save_artifact, succeed
from wp_runner.operations.skeleton import Lifecycle, perform
from wp_runner.plugins import Outcome
from wp_sdk.errors import PluginError
from wp_sdk.mapper import Input
from wp_sdk.values import decode_template, type_name


def push(env: AppJob, build: pb.Build | None) -> pb.PushedArtifact:
    """Push a build (None = the latest one) and return the pushed artifact's record.

    Without a registry the record carries the build's value, JSON, labels and template data unchanged (protocol 4.5).
    """
    build = build or latest_build(env)
    stage = env.stage(StageKind.REGISTRY, {"artifact": decode_template(build.template_data)})
    record = pb.PushedArtifact(build_id=build.id)
    if stage is None:
        return _unpushed(env, build, record)

    def store(pushed: pb.PushedArtifact, outcome: Outcome) -> None:
        pushed.artifact.CopyFrom(artifact_of(outcome))
        pushed.template_data = outcome.template

    record.labels.update({k: v for k, v in build.labels.items() if k not in stage.labels})
    return perform(
        env,
        Lifecycle(
            stage=stage,
            function="push",
            record=record,
            save=save_artifact,
            store=store,
            inputs=artifact_input(build.artifact),
            after=f"{build.component.name} build",
            producers=[build.component.name],
        ),
    )


def latest_build(env: AppJob) -> pb.Build:
    """The newest successful build of the workspace; raises `PluginError` when there is none."""
    request = pb.GetLatestBuildRequest(application=env.application, workspace=env.workspace)
    found = env.server.find(env.server.stub.GetLatestBuild, request)
    if found is None:
        raise PluginError(f'The app "{env.app.name}" has not been built yet', do="Run waypoint build")
    return found


def artifact_input(artifact: pb.Artifact) -> list[Input]:
    """The artifact as a value for the solver; nothing when the record has none."""
    return [Input("artifact", type_name(artifact.artifact), artifact.artifact)] if present(artifact.artifact) else []


def _unpushed(env: AppJob, build: pb.Build, record: pb.PushedArtifact) -> pb.PushedArtifact:
    record.application.CopyFrom(env.application)
    record.workspace.CopyFrom(env.workspace)
    record.job_id = env.job.id
    record.component.CopyFrom(build.component)
    record.artifact.CopyFrom(build.artifact)
    record.template_data = build.template_data
    record.labels.update(build.labels)
    begin(record.status)
    succeed(record.status)
    return save_artifact(env.server, record)
