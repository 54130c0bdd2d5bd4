"""What records carry along when they are read: what they were made from, and their job's source revision (§3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar, cast

from sqlalchemy import Connection, bindparam, select

from wp_proto.waypoint import api as pb
from wp_server.store import operations
from wp_server.store.prepared import Prepared
from wp_server.store.schema import jobs

R = TypeVar("R", pb.Build, pb.PushedArtifact, pb.Deployment)

_TOGETHER = 16
"""Jobs of one question. A fixed number, unused ones empty, so that its statement is compiled once."""
_source_refs = Prepared(
    select(jobs.c.id, jobs.c.data_source_ref).where(
        jobs.c.id.in_([bindparam(f"id{place}") for place in range(_TOGETHER)]), jobs.c.data_source_ref.is_not(None)
    )
)


def builds(connection: Connection, records: Sequence[pb.Build]) -> None:
    """Fills the preload of builds."""
    refs = source_refs(connection, (record.job_id for record in records))
    for record in records:
        record.preload.SetInParent()
        if record.job_id in refs:
            record.preload.job_data_source_ref.CopyFrom(refs[record.job_id])


def artifacts(connection: Connection, records: Sequence[pb.PushedArtifact], include_build: bool = False) -> None:
    """Fills the preload of pushed artifacts, and `build` on request; a build that is gone stays empty."""
    refs = source_refs(connection, (record.job_id for record in records))
    made_from = operations.many(connection, operations.BUILD, _build_ids(records)) if include_build else {}
    for record in records:
        record.preload.SetInParent()
        if record.job_id in refs:
            record.preload.job_data_source_ref.CopyFrom(refs[record.job_id])
        if record.build_id in made_from:
            _show(made_from[record.build_id], record.build)


def deployments(connection: Connection, records: Sequence[pb.Deployment], details: int) -> None:
    """Fills the preload of deployments: URL and source always, artifact and build as `details` asks."""
    refs = source_refs(connection, (record.job_id for record in records))
    with_artifact = details in (pb.Deployment.ARTIFACT, pb.Deployment.BUILD)
    artifact_ids = (record.artifact_id for record in records) if with_artifact else ()
    pushed = operations.many(connection, operations.ARTIFACT, artifact_ids)
    with_build = details == pb.Deployment.BUILD
    made_from = operations.many(connection, operations.BUILD, _build_ids(pushed.values()) if with_build else ())
    for record in records:
        preload = record.preload
        preload.SetInParent()
        preload.deploy_url = record.url
        if record.job_id in refs:
            preload.job_data_source_ref.CopyFrom(refs[record.job_id])
        artifact = pushed.get(record.artifact_id)
        if artifact is not None:
            _show(artifact, preload.artifact)
            if artifact.build_id in made_from:
                _show(made_from[artifact.build_id], preload.build)


def releases(connection: Connection, records: Sequence[pb.Release], details: int) -> None:
    """Fills the preload of releases: source always; deployment, artifact and build as `details` asks, cumulatively."""
    refs = source_refs(connection, (record.job_id for record in records))
    deployment_ids = (record.deployment_id for record in records) if details >= pb.Release.DEPLOYMENT else ()
    deployed = operations.many(connection, operations.DEPLOYMENT, deployment_ids)
    artifact_ids = (one.artifact_id for one in deployed.values()) if details >= pb.Release.ARTIFACT else ()
    pushed = operations.many(connection, operations.ARTIFACT, artifact_ids)
    made_from = operations.many(
        connection, operations.BUILD, _build_ids(pushed.values()) if details >= pb.Release.BUILD else ()
    )
    for record in records:
        preload = record.preload
        preload.SetInParent()
        if record.job_id in refs:
            preload.job_data_source_ref.CopyFrom(refs[record.job_id])
        deployment = deployed.get(record.deployment_id)
        artifact = pushed.get(deployment.artifact_id) if deployment is not None else None
        build = made_from.get(artifact.build_id) if artifact is not None else None
        if deployment is not None:
            _show(deployment, preload.deployment)
        if artifact is not None:
            _show(artifact, preload.artifact)
        if build is not None:
            _show(build, preload.build)


def source_refs(connection: Connection, job_ids: Iterable[str]) -> dict[str, pb.Job.DataSource.Ref]:
    """Returns the source revisions that these jobs downloaded, for those that still exist and did."""
    wanted = sorted({job_id for job_id in job_ids if job_id})
    found: dict[str, pb.Job.DataSource.Ref] = {}
    for first in range(0, len(wanted), _TOGETHER):
        asked = wanted[first : first + _TOGETHER]
        asked += [""] * (_TOGETHER - len(asked))
        for job_id, ref in _source_refs.rows(connection, {f"id{place}": one for place, one in enumerate(asked)}):
            found[cast("str", job_id)] = pb.Job.DataSource.Ref.FromString(cast("bytes", ref))
    return found


def _show(record: R, place: R) -> None:
    """Puts a record where another shows it: its own preload is empty, but there."""
    place.CopyFrom(record)
    place.preload.SetInParent()


def _build_ids(artifacts: Iterable[pb.PushedArtifact]) -> Iterable[str]:
    return (artifact.build_id for artifact in artifacts)
