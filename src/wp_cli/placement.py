"""Where the jobs of a command run: in this process or on a remote runner (CLI specification 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from google.protobuf.empty_pb2 import Empty

from wp_cli import standard_flags as shared
from wp_cli.connect import Client, code_of
from wp_cli.errors import CliError
from wp_cli.target import ConfigFile, config_problem, unknown_project
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session


@dataclass(frozen=True)
class Placement:
    """`folder` is where local jobs run.

    The project's folder. `profiles` are the on-demand runner profiles that waypoint.hcl names for remote ones, by app.
    """

    local: bool
    folder: Path
    profiles: Mapping[str, str] = field(default_factory=dict)


def decide(session: Session, client: Client) -> Placement:
    """Decide for a command. CliError if -local asks for what cannot be."""
    file = session.file
    wanted = session.maybe(shared.LOCAL)
    elsewhere = file is not None and bool(file.project) and file.project != session.project
    if elsewhere and file:
        if wanted:
            raise CliError(
                f"{file.path} is of project {file.project!r}, not of {session.project!r}; this cannot run locally",
                do="Change to the other project's folder, or leave -local away.",
            )
        session.screen.warn(
            f"{file.path} is of project {file.project!r}; running remotely for project {session.project!r}."
        )
    folder = file.folder if file and not elsewhere else Path.cwd()
    if wanted:
        return Placement(True, folder)
    profiles = profiles_of(file, session) if file and not elsewhere else {}
    if elsewhere or wanted is False or prefers_remote(session.project, client, profiles):
        return Placement(False, folder, profiles)
    if file is None:
        raise CliError(
            "there is no waypoint.hcl here or in a folder above, and the project has no remote runner",
            do="Change to the project's folder.",
        )
    return Placement(True, folder)


def profiles_of(file: ConfigFile, session: Session) -> dict[str, str]:
    """Return the runner profile of every app: its own, else the project's; without those that have none.

    CliError if the file does not load.
    """
    import wp_config
    from wp_config.model import Project
    from wp_config.source import load_source

    if b"profile" not in file.path.read_bytes():
        return {}
    context = wp_config.Context(workspace=session.workspace)
    try:
        with Project(load_source(file.path), context, wp_config.VariableInputs(), dry=True) as project:
            found = {name: project.app(name).profile for name in project.app_names}
    except wp_config.Diagnostics as problems:
        raise config_problem(problems) from problems
    return {name: profile for name, profile in found.items() if profile}


def prefers_remote(project: str, client: Client, profiles: Mapping[str, str]) -> bool:
    """Return whether project and server are set up for remote operations."""
    try:
        found = client.calls.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=project))).project
    except grpc.RpcError as err:
        if code_of(err) is grpc.StatusCode.NOT_FOUND:
            raise unknown_project(project) from err
        raise
    if not found.remote_enabled or found.data_source.WhichOneof("source") in {None, "local"}:
        return False
    runners = client.calls.ListRunners(pb.ListRunnersRequest()).runners
    if not any(runner.WhichOneof("kind") == "remote" for runner in runners):
        return False
    return bool(profiles) or any(one.default for one in client.calls.ListOnDemandRunnerConfigs(Empty()).configs)
