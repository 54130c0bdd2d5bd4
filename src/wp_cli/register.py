"""Making the server know a project and its apps as waypoint.hcl has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from wp_cli.connect import Client, code_of
from wp_cli.target import ConfigFile, config_problem
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_config import GitSource


@dataclass(frozen=True)
class Registered:
    """What registering changed."""

    project: bool
    apps: tuple[str, ...]


def register(session: Session, client: Client, *, update: bool = False) -> Registered:
    """Create the project if it is missing, and the apps of the file that it lacks.

    A new project gets the settings of the file's `runner` block; an existing one only with `update`, and then nothing
    else of it changes.
    """
    file = session.required_file
    project, created = find(file.project, client), False
    if project is None:
        project, created = pb.Project(name=file.project), True
        project.data_source.local.SetInParent()
    if created or update:
        put_settings(file, session, project)
        project = client.calls.UpsertProject(pb.UpsertProjectRequest(project=project)).project
    known = {app.name.lower() for app in project.applications}
    missing = tuple(app for app in file.apps if app.lower() not in known)
    for app in missing:
        request = pb.UpsertApplicationRequest(project=pb.Ref.Project(project=file.project), name=app)
        client.calls.UpsertApplication(request)
    return Registered(created, missing)


def register_pipelines(session: Session, client: Client) -> tuple[str, ...]:
    """Give the server the pipelines of the file that it lacks; returns their names. Those it has stay as they are: a
    run brings what the file says by then.

    CliError with the place of what is wrong in the file.
    """
    file = session.required_file
    if not file.pipelines:
        return ()
    import wp_config
    from wp_cli.variables import given
    from wp_runner.operations.pipelines import message

    listed = client.calls.ListPipelines(pb.ListPipelinesRequest(project=pb.Ref.Project(project=file.project)))
    known = {pipeline.name.lower() for pipeline in listed.pipelines}
    try:
        variables = wp_config.VariableInputs(
            environment=session.environ, values_directory=file.folder, given=given(session)
        )
        context = wp_config.Context(workspace=session.workspace)
        with wp_config.load(file.path, context=context, variables=variables) as loaded:
            pipelines = loaded.pipelines()
    except wp_config.Diagnostics as problems:
        raise config_problem(problems) from problems
    missing = [pipeline for pipeline in pipelines if pipeline.name.lower() not in known]
    for pipeline in missing:
        client.calls.UpsertPipeline(pb.UpsertPipelineRequest(pipeline=message(file.project, pipeline)))
    return tuple(pipeline.name for pipeline in missing)


def find(name: str, client: Client) -> pb.Project | None:
    """Return the server's record of a project, None if it has none."""
    try:
        return client.calls.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=name))).project
    except grpc.RpcError as err:
        if code_of(err) is grpc.StatusCode.NOT_FOUND:
            return None
        raise


def put_settings(file: ConfigFile, session: Session, project: pb.Project) -> None:
    """Put what the file's `runner` block says into a project; what it does not say stays as it is stored.

    CliError with the place of what is wrong in it.
    """
    import wp_config
    from wp_config.bodies import content
    from wp_config.model import Project
    from wp_config.runner_block import RUNNER
    from wp_config.source import load_source

    context = wp_config.Context(workspace=session.workspace)
    try:
        with Project(load_source(file.path), context, wp_config.VariableInputs()) as loaded:
            runner, block = loaded.runner, loaded.content.one("runner")
    except wp_config.Diagnostics as problems:
        raise config_problem(problems) from problems
    if block is None:
        return
    said = content(block.body, RUNNER, wp_config.Diagnostics())
    if "enabled" in said.attributes:
        project.remote_enabled = runner.enabled
    if said.one("poll") is not None:
        project.data_source_poll.enabled = runner.poll.enabled
        project.data_source_poll.interval = runner.poll.interval
    if runner.git is not None:
        put_git(git_message(runner.git), project)
    elif runner.data_source == "local":
        project.data_source.local.SetInParent()


def put_git(source: pb.Job.Git, project: pb.Project) -> None:
    """Make a repository the project's source. Stored credentials stay where the file has none, for the same address
    only: no other server may see them."""
    stored = project.data_source.git
    kind = stored.WhichOneof("auth")
    if kind is not None and source.WhichOneof("auth") is None and stored.url == source.url:
        getattr(source, kind).CopyFrom(getattr(stored, kind))
    project.data_source.git.CopyFrom(source)


def git_message(source: GitSource) -> pb.Job.Git:
    """Return a git data source as a message."""
    message = pb.Job.Git(
        url=source.url, ref=source.ref, path=source.path, recurse_submodules=source.recurse_submodules,
        ignore_changes_outside_path=source.ignore_changes_outside_path,
    )  # fmt: skip
    if source.key:
        message.ssh.private_key_pem = source.key.encode()
        message.ssh.password = source.key_password
    elif source.username or source.password:
        message.basic.username, message.basic.password = source.username, source.password
    return message


def ensure_registered(session: Session, client: Client) -> None:
    """Register the project here if the server does not know it, and say so."""
    done = register(session, client)
    if done.project:
        session.screen.note(f"Registered project {session.required_file.project!r} with the server.")
    elif done.apps:
        session.screen.note(f"Registered {', '.join(done.apps)} with the server.")
