"""What the server knows that may stand at a place of the command line, for shell completion.

Nobody waits for a completion and nobody reads its errors: it starts no server, it takes a second at most, and whatever
goes wrong means that there are no values.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from wp_cli import standard_flags as shared
from wp_cli.errors import EXIT_OK, CliError
from wp_cli.flags import Parsed

if TYPE_CHECKING:
    from wp_cli.connect import Client
    from wp_cli.session import Session
    from wp_proto.waypoint import api as pb

CONNECT_SECONDS = 1.0
ALTOGETHER_SECONDS = 2.0
MOST_JOBS = 20


class Known(NamedTuple):
    """A value, and what to show beside it."""

    value: str
    about: str = ""


Finder = Callable[["Session"], Iterable[Known]]


def find(finder: Finder, command: str, parsed: Parsed) -> list[Known]:
    """Return what the finder finds, given the flags typed so far; nothing when anything goes wrong."""
    import grpc

    from wp_cli.session import Session

    leave = threading.Timer(ALTOGETHER_SECONDS, os._exit, (EXIT_OK,))  # a call may hang for longer than anyone waits
    leave.daemon = True
    leave.start()
    try:
        with Session(command, parsed) as session:
            return list(finder(session))
    except (CliError, grpc.RpcError, OSError):
        return []
    finally:
        leave.cancel()


def client_of(session: Session) -> Client:
    """The connection, to a server that runs already."""
    return session.client(start=False, timeout=CONNECT_SECONDS)


def apps(session: Session) -> Iterable[Known]:
    """Apps of the file here, else of the project on the server."""
    from wp_cli.target import server_apps

    file = session.file
    if file and file.apps and session[shared.PROJECT] in {"", file.project}:
        return map(Known, file.apps)
    return map(Known, server_apps(session.project, client_of(session)))


def projects(session: Session) -> Iterable[Known]:
    """Projects of the server."""
    from wp_cli.commands.project import all_projects

    return sorted(Known(found.project) for found in all_projects(client_of(session)))


def workspaces(session: Session) -> Iterable[Known]:
    """Workspaces of the server."""
    from wp_proto.waypoint import api as pb

    answer = client_of(session).calls.ListWorkspaces(pb.ListWorkspacesRequest())
    return sorted(Known(found.name) for found in answer.workspaces)


def deployments(session: Session) -> Iterable[Known]:
    """Deployments that exist, newest first."""
    from wp_proto.waypoint import api as pb

    calls, (application, workspace) = client_of(session).calls, target(session)
    request = pb.ListDeploymentsRequest(
        application=application, workspace=workspace, physical_state=pb.Operation.CREATED
    )
    found = sorted(calls.ListDeployments(request).deployments, key=lambda deployment: -deployment.sequence)
    return [Known(str(one.sequence), about(one)) for one in found]


def artifacts(session: Session) -> Iterable[Known]:
    """Pushed artifacts, newest first."""
    from wp_proto.waypoint import api as pb

    calls, (application, workspace) = client_of(session).calls, target(session)
    answer = calls.ListPushedArtifacts(pb.ListPushedArtifactsRequest(application=application, workspace=workspace))
    return [Known(str(one.sequence), about(one)) for one in sorted(answer.artifacts, key=lambda one: -one.sequence)]


def about(record: pb.Deployment | pb.PushedArtifact) -> str:
    """What made a record, and when."""
    from wp_cli.render.records import age_of

    return f"{record.component.name}, {age_of(record.status, 'start_time')}"


def instances(session: Session) -> Iterable[Known]:
    """Instances of the app that are connected."""
    from wp_proto.waypoint import api as pb

    request = pb.ListInstancesRequest()
    application, workspace = target(session)
    request.application.application.CopyFrom(application)
    request.application.workspace.CopyFrom(workspace)
    return sorted(Known(found.id) for found in client_of(session).calls.ListInstances(request).instances)


def jobs(session: Session) -> Iterable[Known]:
    """The newest jobs."""
    from wp_cli.commands.job import operation_of, state_of
    from wp_cli.render.records import age_of
    from wp_proto.waypoint import api as pb

    found = list(client_of(session).calls.ListJobs(pb.ListJobsRequest()).jobs)
    found.sort(key=lambda job: -(job.queue_time.seconds + job.queue_time.nanos / 1e9))
    return [
        Known(
            job.id, f"{operation_of(job)} {job.application.application}, {state_of(job)}, {age_of(job, 'queue_time')}"
        )
        for job in found[:MOST_JOBS]
    ]


def pipelines(session: Session) -> Iterable[Known]:
    """Pipelines that the server has of the project, else those of the file here."""
    import grpc

    from wp_proto.waypoint import api as pb

    request = pb.ListPipelinesRequest(project=pb.Ref.Project(project=session.project))
    with contextlib.suppress(CliError, grpc.RpcError):
        found = client_of(session).calls.ListPipelines(request).pipelines
        if found:
            return [Known(one.name, f"{len(one.steps)} steps") for one in found]
    file = session.file
    return [Known(name) for name in file.pipelines] if file else []


def runners(session: Session) -> Iterable[Known]:
    """Runners that are registered."""
    from wp_proto.waypoint import api as pb

    answer = client_of(session).calls.ListRunners(pb.ListRunnersRequest())
    return sorted(Known(runner.id, runner.WhichOneof("kind") or "") for runner in answer.runners)


def profiles(session: Session) -> Iterable[Known]:
    """Runner profiles, with the plugin that launches."""
    from google.protobuf.empty_pb2 import Empty

    answer = client_of(session).calls.ListOnDemandRunnerConfigs(Empty())
    return sorted(Known(profile.name, profile.plugin_type) for profile in answer.configs)


def variables(session: Session) -> Iterable[Known]:
    """Names of configuration variables."""
    from wp_proto.waypoint import api as pb

    request = pb.ConfigGetRequest(project=pb.Ref.Project(project=session.project))
    return sorted({Known(found.name) for found in client_of(session).calls.GetConfig(request).variables})


def hostnames(session: Session) -> Iterable[Known]:
    """Hostnames, with where they lead."""
    from wp_proto.waypoint import api as pb

    answer = client_of(session).calls.ListHostnames(pb.ListHostnamesRequest())
    return sorted(Known(found.hostname, found.fqdn) for found in answer.hostnames)


def config_sources(session: Session) -> Iterable[Known]:
    """Types of the config sources that have settings somewhere."""
    from wp_proto.waypoint import api as pb

    answer = client_of(session).calls.GetConfigSource(pb.GetConfigSourceRequest(all=True))
    return sorted({Known(found.type) for found in answer.config_sources})


def target(session: Session) -> tuple[pb.Ref.Application, pb.Ref.Workspace]:
    """The one app that the flags and the file leave, and the workspace. CliError if there are several."""
    from wp_proto.waypoint import api as pb

    names = [session[shared.APP]] if session[shared.APP] else [known.value for known in apps(session)]
    if len(names) != 1:
        raise CliError("several apps are possible")
    application = pb.Ref.Application(project=session.project, application=names[0])
    return application, pb.Ref.Workspace(workspace=session.workspace)


OF_FLAGS: dict[str, Finder] = {
    "app": apps, "artifact": artifacts, "deployment": deployments, "deployment-seq": deployments,
    "instance": instances, "pipeline-name": pipelines, "project": projects, "target-runner-id": runners,
    "type": config_sources, "workspace": workspaces,
}  # fmt: skip
OF_WORDS: dict[str, Finder] = {
    "config delete": variables, "config get": variables, "deployment destroy": deployments, "job cancel": jobs,
    "hostname delete": hostnames, "job explain": jobs, "job get-stream": jobs, "job inspect": jobs,
    "pipeline inspect": pipelines, "pipeline run": pipelines, "project apply": projects, "project inspect": projects,
    "runner adopt": runners, "runner forget": runners, "runner inspect": runners,
    "runner profile delete": profiles, "runner profile edit": profiles, "runner profile inspect": profiles,
    "runner profile set": profiles, "runner reject": runners, "workspace inspect": workspaces,
}  # fmt: skip
"""What the positional words of a command name."""


def parsed_of(flags: Iterable[Any], typed: list[str], *, interspersed: bool) -> Parsed | None:
    """What was typed so far, None if it does not parse."""
    from wp_cli.errors import UsageProblem
    from wp_cli.flags import parse

    try:
        return parse(tuple(flags), typed, interspersed=interspersed)
    except UsageProblem:
        return None
