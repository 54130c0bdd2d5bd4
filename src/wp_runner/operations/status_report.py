"""Status report: asks a platform or releaser how a deployment or release is doing now, and keeps the answer."""

from __future__ import annotations

from collections.abc import Sequence

from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.sdk import plugin_pb2
from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob, ConfiguredStage
from wp_runner.errors import OperationFailed, PluginDefect
from wp_runner.operations.records import begin, fail, present, save_report, succeed, target_resources
from wp_sdk.arguments import KEYS, DeploymentConfig, PreviousStatusReport, TargetResources
from wp_sdk.mapper import Input, Provider
from wp_sdk.values import pack, to_json, type_name, unpack

DEAD = ("DOWN", "MISSING")
UNSETTLED = ("UNKNOWN", "PARTIAL", "ALIVE")
_HEALTH = plugin_pb2.StatusReport.Health


def require_alive(env: AppJob, stage: ConfiguredStage, deployment: pb.Deployment, artifact: pb.PushedArtifact) -> None:
    """Report a fresh deployment's status; raises `OperationFailed` when the platform calls it down or missing."""
    report = report_deployment(env, stage, deployment, artifact)
    if report is not None and report.health.health_status in DEAD:
        detail = report.health.health_message
        raise OperationFailed(
            f"The deployment does not run: {stage.component.plugin} reports {report.health.health_status}"
            + (f" ({detail})" if detail else ""),
            do="Look at its last output above",
        )
    if report is not None and report.resources and report.health.health_status in UNSETTLED:
        env.ui.info(
            f"The deployment reports {report.health.health_status}: {report.health.health_message}\n"
            "The application may still be starting; waypoint status -refresh asks again."
        )


def report_deployment(
    env: AppJob, stage: ConfiguredStage, deployment: pb.Deployment, artifact: pb.PushedArtifact | None = None
) -> pb.StatusReport | None:
    """Ask the platform; None when it cannot tell (no status function, or nothing stored)."""
    record = pb.StatusReport(deployment_id=deployment.id)
    inputs = _target(deployment.deployment)
    if artifact is not None and present(artifact.artifact.artifact):
        inputs.append(Input("artifact", type_name(artifact.artifact.artifact), artifact.artifact.artifact))
    return _report(env, stage, record, inputs, deployment.declared_resources, deployment.component.name, "deploy")


def report_release(env: AppJob, stage: ConfiguredStage, release: pb.Release) -> pb.StatusReport | None:
    """Ask the releaser; None when it cannot tell."""
    record = pb.StatusReport(release_id=release.id)
    return _report(
        env, stage, record, _target(release.release), release.declared_resources, release.component.name, "release"
    )


def _target(value: OpaqueAny) -> list[Input]:
    return [Input("target", type_name(value), value)] if present(value) else []


def _report(
    env: AppJob,
    stage: ConfiguredStage,
    record: pb.StatusReport,
    inputs: Sequence[Input],
    resources: Sequence[pb.DeclaredResource],
    producer: str,
    function: str,
) -> pb.StatusReport | None:
    if not inputs or not stage.component.has("status"):
        return None
    record.application.CopyFrom(env.application)
    record.workspace.CopyFrom(env.workspace)
    begin(record.status)
    previous = _previous(env, record)
    record = save_report(env.server, record)
    last = previous if previous is not None else plugin_pb2.StatusReport()
    try:
        outcome = env.invoke(
            stage.component,
            "status",
            inputs=[*inputs, Input("last_report", type_name(pack(last)), pack(last))],
            providers=[
                Provider(KEYS[TargetResources], lambda: target_resources(resources)),
                Provider(KEYS[PreviousStatusReport], lambda: PreviousStatusReport(previous)),
                Provider(KEYS[DeploymentConfig], lambda: DeploymentConfig(id=record.deployment_id)),
            ],
            labels=stage.labels,
            after=f"{producer} {function}",
            producers=[producer],
        )
        report = outcome.raw
        if not isinstance(report, plugin_pb2.StatusReport):
            raise PluginDefect(
                f"The status function of the plugin {stage.component.plugin} returned "
                f"{type(report).__name__}, not a StatusReport"
            )
        _store(record, report)
    except BaseException as error:
        fail(record.status, error, env.mask)
        save_report(env.server, record)
        raise
    succeed(record.status)
    return save_report(env.server, record)


def _store(record: pb.StatusReport, report: plugin_pb2.StatusReport) -> None:
    record.status_report.CopyFrom(pack(report))
    record.status_report_json = to_json(report)
    record.health.health_status = _HEALTH.Name(report.health)
    record.health.health_message = report.health_message
    record.external = report.external
    if report.HasField("generated_time"):
        record.generated_time.CopyFrom(report.generated_time)
    else:
        record.generated_time.GetCurrentTime()
    for resource in report.resources:
        shown = record.resources.add(
            id=resource.id,
            parent_resource_id=resource.parent_resource_id,
            name=resource.name,
            platform=resource.platform,
            type=resource.type,
            platform_url=resource.platform_url,
            category_display_hint=resource.category_display_hint,
            state_json=resource.state_json,
            health_message=resource.health_message,
            health=pb.StatusReport.Resource.Health.Value(_HEALTH.Name(resource.health)),
        )
        shown.declared_resource.name = resource.declared_resource.name
        if resource.HasField("created_time"):
            shown.created_time.CopyFrom(resource.created_time)
    record.instances_count = sum(r.category_display_hint == plugin_pb2.INSTANCE for r in report.resources)


def _previous(env: AppJob, record: pb.StatusReport) -> plugin_pb2.StatusReport | None:
    request = pb.GetLatestStatusReportRequest(application=env.application, workspace=env.workspace)
    if record.WhichOneof("target_id") == "deployment_id":
        request.deployment_id = record.deployment_id
    else:
        request.release_id = record.release_id
    found = env.server.find(env.server.stub.GetLatestStatusReport, request)
    if found is None or not present(found.status_report):
        return None
    return unpack(found.status_report, plugin_pb2.StatusReport)
