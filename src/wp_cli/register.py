"""Making the server know a project and its apps as waypoint.hcl has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from wp_cli.connect import Client, code_of
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.target import ConfigFile


@dataclass(frozen=True)
class Registered:
    """What registering changed."""

    project: bool
    apps: tuple[str, ...]


def register(file: ConfigFile, client: Client) -> Registered:
    """Create the project if it is missing, and the apps of the file that it lacks. Nothing that exists is changed."""
    try:
        project = client.calls.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=file.project))).project
        created = False
    except grpc.RpcError as err:
        if code_of(err) is not grpc.StatusCode.NOT_FOUND:
            raise
        fresh = pb.Project(name=file.project)
        fresh.data_source.local.SetInParent()
        project = client.calls.UpsertProject(pb.UpsertProjectRequest(project=fresh)).project
        created = True
    known = {app.name.lower() for app in project.applications}
    missing = tuple(app for app in file.apps if app.lower() not in known)
    for app in missing:
        request = pb.UpsertApplicationRequest(project=pb.Ref.Project(project=file.project), name=app)
        client.calls.UpsertApplication(request)
    return Registered(created, missing)


def ensure_registered(session: Session, client: Client) -> None:
    """Register the project here if the server does not know it, and say so."""
    done = register(session.required_file, client)
    if done.project:
        session.screen.note(f"Registered project {session.required_file.project!r} with the server.")
    elif done.apps:
        session.screen.note(f"Registered {', '.join(done.apps)} with the server.")
