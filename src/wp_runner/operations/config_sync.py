"""Sends the `config` stanzas of the file to the server (language specification 6.2)."""

from __future__ import annotations

import grpc

from wp_config.records import ConfigVariable
from wp_proto.own.config_file_pb2 import ConfigFile
from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob


def sync_config(env: AppJob) -> int:
    """Set the project's entries, then the application's; returns how many.

    The server forgets those that it had from the file and that have left it, unless the job says to keep them.
    """
    entries = [*env.project.config(), *env.app.config()]
    request = pb.ConfigSetRequest(
        variables=[config_var(env.project.name, entry) for entry in entries],
        from_file=ConfigFile(
            project=env.project.name,
            application=env.app.name,
            workspace=env.workspace.workspace,
            keep_vanished=env.job.keep_config,
        ),
    )
    try:
        env.server.call(env.server.stub.SetConfig, request)
    except grpc.RpcError as error:
        # A server that does not know `from_file`, such as Go Waypoint's, refuses to set nothing.
        if entries or error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
            raise
    _sync_signal(env)
    return len(entries)


def _sync_signal(env: AppJob) -> None:
    """Store which signal tells the application that a file changed; the project's counts where it names none."""
    signal = env.app.file_change_signal or env.project.file_change_signal
    request = pb.GetApplicationRequest(application=env.application)
    found = env.server.find(env.server.stub.GetApplication, request)
    if (found.application.file_change_signal if found is not None else "") != signal:
        change = pb.UpsertApplicationRequest(
            project=pb.Ref.Project(project=env.project.name), name=env.app.name, file_change_signal=signal
        )
        env.server.call(env.server.stub.UpsertApplication, change)


def config_var(project: str, entry: ConfigVariable) -> pb.ConfigVar:
    """One entry as the server stores it."""
    target = pb.ConfigVar.Target(label_selector=entry.label_selector)
    if entry.app:
        target.application.CopyFrom(pb.Ref.Application(application=entry.app, project=project))
    else:
        target.project.project = project
    if entry.workspace:
        target.workspace.workspace = entry.workspace
    if entry.runner:
        target.runner.any.SetInParent()
    variable = pb.ConfigVar(name=entry.name, internal=entry.internal, name_is_path=entry.name_is_path, target=target)
    if entry.dynamic is not None:
        variable.dynamic.CopyFrom(
            pb.ConfigVar.DynamicVal(config=entry.dynamic.settings, **{"from": entry.dynamic.source})
        )
    else:
        variable.static = entry.value or ""
    return variable
