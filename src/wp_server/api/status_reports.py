"""Status reports of deployments and releases (server.md §3.5)."""

from __future__ import annotations

import grpc
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.auth.identity import current
from wp_server.errors import InvalidArgument, NotFound, Violation
from wp_server.ids import new_id
from wp_server.jobs import queueing
from wp_server.store import Store, operations, projects
from wp_server.store.operations import DEPLOYMENT, RELEASE, STATUS_REPORT, Search

Context = grpc.aio.ServicerContext[object, object]


class StatusReportHandlers:
    """The RPCs about how deployments and releases are doing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def UpsertStatusReport(
        self, request: pb.UpsertStatusReportRequest, context: Context
    ) -> pb.UpsertStatusReportResponse:
        """Inserts or replaces a report."""
        checks = Checks()
        checks.present(request, "status_report")
        checks.raise_invalid()
        stored = await self._store.write(operations.upsert, STATUS_REPORT, request.status_report)
        return pb.UpsertStatusReportResponse(status_report=stored)

    async def GetStatusReport(self, request: pb.GetStatusReportRequest, context: Context) -> pb.StatusReport:
        """Answers one report."""
        return await self._store.read(operations.get, STATUS_REPORT, request.ref)

    async def GetLatestStatusReport(
        self, request: pb.GetLatestStatusReportRequest, context: Context
    ) -> pb.StatusReport:
        """Answers the newest report of an application, of its deployments or releases, or of one of them."""
        _application(request)
        return await self._store.read(_latest, request)

    async def ListStatusReports(
        self, request: pb.ListStatusReportsRequest, context: Context
    ) -> pb.ListStatusReportsResponse:
        """Answers reports, newest first."""
        _application(request)
        return pb.ListStatusReportsResponse(status_reports=await self._store.read(_listed, request))

    async def ExpediteStatusReport(
        self, request: pb.ExpediteStatusReportRequest, context: Context
    ) -> pb.ExpediteStatusReportResponse:
        """Queues a status report job for any runner and answers its id."""
        if request.WhichOneof("target") is None:
            raise InvalidArgument.of([Violation("target", "must be a deployment or a release")])
        job_id = new_id()
        await self._store.write(_expedite, request, job_id, str(current()))
        return pb.ExpediteStatusReportResponse(job_id=job_id)


def _application(request: pb.GetLatestStatusReportRequest | pb.ListStatusReportsRequest) -> None:
    checks = Checks()
    if checks.present(request, "application") and not request.application.application:
        checks.fail("application.application", "must not be empty")
    checks.raise_invalid()


def _latest(connection: Connection, request: pb.GetLatestStatusReportRequest) -> pb.StatusReport:
    target = request.WhichOneof("target") or "any"
    kind = "" if target == "any" else target.split("_")[0] + "_id"
    search = Search(
        request.application,
        request.workspace.workspace,
        frozenset({pb.Status.SUCCESS}),
        by_complete_time=True,
        limit=1,
        target_kind=kind,
        target_id={"deployment_id": request.deployment_id, "release_id": request.release_id}.get(target, ""),
    )
    found = operations.listed(connection, STATUS_REPORT, search)
    if not found:
        app = request.application
        raise NotFound(f"There is no status report of {app.project}/{app.application} yet.")
    return found[0]


def _listed(connection: Connection, request: pb.ListStatusReportsRequest) -> list[pb.StatusReport]:
    search = Search.of(request.application, request.workspace, request.order, request.status)
    match request.WhichOneof("target"):
        case "deployment":
            target_id = (
                operations.get(connection, DEPLOYMENT, request.deployment).id if _names(request.deployment) else ""
            )
            search = search.about("deployment_id", target_id)
        case "release":
            target_id = operations.get(connection, RELEASE, request.release).id if _names(request.release) else ""
            search = search.about("release_id", target_id)
    return operations.listed(connection, STATUS_REPORT, search)


def _names(ref: pb.Ref.Operation) -> bool:
    return bool(ref.id or ref.HasField("sequence"))


def _expedite(connection: Connection, request: pb.ExpediteStatusReportRequest, job_id: str, queued_by: str) -> None:
    """The singleton names project, application and target, so that only the same question replaces it (defect 17)."""
    operation = pb.Job.StatusReportOp()
    if request.WhichOneof("target") == "deployment":
        deployment = operations.get(connection, DEPLOYMENT, request.deployment)
        operation.deployment.CopyFrom(deployment)
        app, target = deployment.application, f"deployment/{deployment.id}"
    else:
        release = operations.get(connection, RELEASE, request.release)
        operation.release.CopyFrom(release)
        app, target = release.application, f"release/{release.id}"
    job = pb.Job(
        id=job_id,
        application=app,
        workspace=pb.Ref.Workspace(workspace=request.workspace.workspace or "default"),
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        data_source=projects.get(connection, app.project).data_source,
        singleton_id=f"status-report-ondemand/{app.project}/{app.application}/{target}",
        status_report=operation,
    )
    queueing.queue(connection, [job], None, queued_by)
