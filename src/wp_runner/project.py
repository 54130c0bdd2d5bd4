"""Loads the configuration a job runs with: which file wins, its variables, and what the server is told about both."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from google.protobuf.empty_pb2 import Empty

import wp_config
from wp_config.records import (
    Context,
    DynamicFetcher,
    FinalValue,
    Format,
    InputValue,
    Source,
    ValueForm,
    VariableInputs,
    VariableSource,
)
from wp_proto.waypoint import api as pb
from wp_runner.configuration import Project
from wp_runner.datasource import DataSource
from wp_runner.errors import OperationFailed
from wp_runner.masking import Mask
from wp_runner.outbox import Outbox
from wp_runner.server import Server

FILE_NAMES = ("waypoint.hcl", "waypoint.hcl.json")


def load_project(
    job: pb.Job, server: Server, outbox: Outbox, source: DataSource, fetch: DynamicFetcher | None = None
) -> Project:
    """Load the job's own configuration, else the file of the data source, else the project's stored one.

    `fetch` asks configuration sources for defaults of variables; None where that is not possible. Never writes into
    the data source. Raises `Diagnostics` for what is wrong in the file, `OperationFailed` when there is none. Language
    specification 1.2, 7.1 and 7.4.
    """
    request = pb.GetProjectRequest(project=pb.Ref.Project(project=job.application.project))
    stored = server.call(server.stub.GetProject, request).project
    chosen, origin = _choose(job, stored, source.directory)
    outbox.send(
        pb.RunnerJobStreamRequest(config_load=pb.RunnerJobStreamRequest.ConfigLoad(config=pb.Job.Config(source=origin)))
    )
    variables = VariableInputs(
        server=tuple(_inputs(stored.variables, VariableSource.SERVER)),
        environment=dict(os.environ),
        values_directory=source.directory,
        given=tuple(_inputs(job.variables, None)),
        cookie=_cookie(server, chosen),
        fetch=fetch,
    )
    context = Context(workspace=job.workspace.workspace, labels=dict(job.labels), project=job.application.project)
    project = wp_config.load(chosen, context=context, variables=variables)
    outbox.hide(Mask(project.variables.secrets()))
    final = {value.name: _final(value) for value in project.variables.final()}
    if final:
        values = pb.RunnerJobStreamRequest.VariableValuesSet(final_values=final)
        outbox.send(pb.RunnerJobStreamRequest(variable_values_set=values))
    return project


def _choose(job: pb.Job, stored: pb.Project, directory: Path) -> tuple[Path | Source, pb.Job.Config.Source]:
    if job.waypoint_hcl.contents:
        return _source(job.waypoint_hcl.contents, job.waypoint_hcl.format, directory), pb.Job.Config.JOB
    for name in FILE_NAMES:
        path = directory / name
        if path.exists():
            return path, pb.Job.Config.FILE
    if stored.waypoint_hcl:
        return _source(stored.waypoint_hcl, stored.waypoint_hcl_format, directory), pb.Job.Config.SERVER
    raise OperationFailed(
        f"There is no waypoint.hcl in {directory}, and the server has none for the project",
        do="Run waypoint init in the project's folder",
    )


def _source(contents: bytes, form: pb.Hcl.Format, directory: Path) -> Source:
    is_json = form == pb.Hcl.JSON
    name = FILE_NAMES[1] if is_json else FILE_NAMES[0]
    return Source(contents, directory, name, Format.JSON if is_json else Format.HCL)


def _inputs(variables: Iterable[pb.Variable], source: VariableSource | None) -> Iterable[InputValue]:
    origins = {
        "cli": VariableSource.CLI,
        "file": VariableSource.FILE,
        "env": VariableSource.ENV,
        "vcs": VariableSource.VCS,
        "server": VariableSource.SERVER,
        "dynamic": VariableSource.DYNAMIC,
    }
    for variable in variables:
        form = variable.WhichOneof("value")
        if form is None:
            continue
        value: str | bool | int = getattr(variable, form)
        origin = source or origins.get(variable.WhichOneof("source") or "", VariableSource.UNKNOWN)
        yield InputValue(variable.name, value, ValueForm(form), origin, _place(variable))


def _place(variable: pb.Variable) -> str:
    """Where in a values file the command line found it; empty for everything else."""
    start = variable.file.hcl_range.start
    return f"{variable.file.fileName}:{start.line}:{start.column}" if start.line else variable.file.fileName


def _cookie(server: Server, chosen: Path | Source) -> str:
    """The salt for sensitive values; the server is asked only when the file declares variables."""
    if not wp_config.names(chosen).variables:
        return ""
    answer = server.attempt(server.stub.GetServerConfig, Empty())
    return answer.config.cookie if answer is not None else ""


def _final(value: FinalValue) -> pb.Variable.FinalValue:
    final = pb.Variable.FinalValue(source=pb.Variable.FinalValue.Source.Name(value.source.value))
    if value.value is None:
        return final
    if value.sensitive:
        final.sensitive = str(value.value)
    else:
        setattr(final, value.form.value, value.value)
    return final
