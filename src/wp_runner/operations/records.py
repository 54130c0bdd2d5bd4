"""Saving operation records, and turning what a component returned into their fields (server specification 3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.waypoint import api as pb
from wp_runner.errors import to_status
from wp_runner.masking import Mask
from wp_runner.plugins import Outcome
from wp_runner.server import Server
from wp_sdk.arguments import Resource, TargetResources
from wp_sdk.values import pack

Record = TypeVar("Record", pb.Build, pb.PushedArtifact, pb.Deployment, pb.Release, pb.StatusReport)


def save_build(server: Server, record: pb.Build) -> pb.Build:
    """Insert (no id yet) or update a build."""
    send = server.call if record.id else server.once
    return send(server.stub.UpsertBuild, pb.UpsertBuildRequest(build=record)).build


def save_artifact(server: Server, record: pb.PushedArtifact) -> pb.PushedArtifact:
    """Insert or update a pushed artifact."""
    send = server.call if record.id else server.once
    return send(server.stub.UpsertPushedArtifact, pb.UpsertPushedArtifactRequest(artifact=record)).artifact


def save_deployment(server: Server, record: pb.Deployment) -> pb.Deployment:
    """Insert or update a deployment."""
    send = server.call if record.id else server.once
    return send(server.stub.UpsertDeployment, pb.UpsertDeploymentRequest(deployment=record)).deployment


def save_release(server: Server, record: pb.Release) -> pb.Release:
    """Insert or update a release."""
    send = server.call if record.id else server.once
    return send(server.stub.UpsertRelease, pb.UpsertReleaseRequest(release=record)).release


def save_report(server: Server, record: pb.StatusReport) -> pb.StatusReport:
    """Insert or update a status report."""
    send = server.call if record.id else server.once
    return send(server.stub.UpsertStatusReport, pb.UpsertStatusReportRequest(status_report=record)).status_report


def begin(status: pb.Status) -> None:
    """Mark as running from now."""
    status.Clear()
    status.state = pb.Status.RUNNING
    status.start_time.CopyFrom(now())


def succeed(status: pb.Status) -> None:
    """Mark as successful, complete now."""
    status.state = pb.Status.SUCCESS
    status.complete_time.CopyFrom(now())


def fail(status: pb.Status, error: BaseException, mask: Mask) -> None:
    """Mark as failed, complete now; without the secrets of `mask`."""
    status.state = pb.Status.ERROR
    status.complete_time.CopyFrom(now())
    status.error.CopyFrom(to_status(error))
    mask.status(status.error)


def now() -> Timestamp:
    """The current time as the records carry it."""
    stamp = Timestamp()
    stamp.GetCurrentTime()
    return stamp


def artifact_of(outcome: Outcome) -> pb.Artifact:
    """The artifact fields of a build or push."""
    return pb.Artifact(artifact=outcome.value, artifact_json=outcome.json)


def declared(resources: Iterable[Resource]) -> list[pb.DeclaredResource]:
    """Declared resources as a record carries them; unknown categories count as OTHER."""
    categories: Mapping[str, int] = dict(pb.ResourceCategoryDisplayHint.items())
    return [
        pb.DeclaredResource(
            name=r.name,
            type=r.type,
            platform=r.platform,
            state=pack(r.state) if r.state is not None else None,
            state_json=r.state_json,
            category_display_hint=pb.ResourceCategoryDisplayHint.Name(
                categories.get(r.category, pb.ResourceCategoryDisplayHint.Value("OTHER"))
            ),
        )
        for r in resources
    ]


def destroyed(resources: Iterable[Resource]) -> list[pb.DestroyedResource]:
    """Destroyed resources as a record carries them."""
    return [
        pb.DestroyedResource(
            name=r.name,
            type=r.type,
            platform=r.platform,
            state=pack(r.state) if r.state is not None else None,
            state_json=r.state_json,
        )
        for r in resources
    ]


def target_resources(resources: Iterable[pb.DeclaredResource]) -> TargetResources:
    """What a record declared, as destroy and status functions may ask for it (states stay with the platform's
    message)."""
    return TargetResources(
        tuple(
            Resource(
                r.name,
                r.type,
                r.platform,
                None,
                r.state_json,
                pb.ResourceCategoryDisplayHint.Name(r.category_display_hint),
            )
            for r in resources
        )
    )


def present(value: OpaqueAny) -> bool:
    """Whether a record holds a typed value at all."""
    return bool(value.type_url)
