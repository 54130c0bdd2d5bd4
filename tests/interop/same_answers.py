"""What counts as the same answer of two servers: everything but what ours does otherwise on purpose."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from wp_proto.waypoint import api as pb

from .rich_state import Made, Tokens

Answers = dict[str, Message | str]


def differences(one: Answers, other: Answers) -> list[str]:
    """Questions to which the answers differ."""
    left, right = dict(plain(one)), dict(plain(other))
    return sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))


def write_answers(made: Made, answers: Answers) -> dict[str, Any]:
    """Everything as JSON."""
    said = {
        key: answer
        if isinstance(answer, str)
        else [answer.DESCRIPTOR.full_name, base64.b64encode(answer.SerializeToString(deterministic=True)).decode()]
        for key, answer in answers.items()
    }
    return {"made": dataclasses.asdict(made), "answers": said}


def read_answers(told: dict[str, Any]) -> tuple[Made, Answers]:
    """What `write_answers` wrote."""
    fields = told["made"]
    made = Made(**fields | {"tokens": Tokens(**fields["tokens"])})
    answers: Answers = {}
    for key, answer in told["answers"].items():
        if isinstance(answer, str):
            answers[key] = answer
        else:
            name, content = answer
            kind: Any = pb
            for part in name.removeprefix("hashicorp.waypoint.").split("."):
                kind = getattr(kind, part)
            answers[key] = kind.FromString(base64.b64decode(content))
    return made, answers


def plain(answers: Answers) -> Iterator[tuple[str, Message | str]]:
    for key, answer in answers.items():
        if not isinstance(answer, Message):
            yield key, answer
            continue
        copy = type(answer)()
        copy.CopyFrom(answer)
        _walk(copy)
        copy = _of_question(key, copy)
        yield key, copy


def _of_question(key: str, answer: Any) -> Any:
    name = key.partition(" ")[0]
    match name:
        case "ListRunners":  # the order is nobody's
            answer.runners.sort(key=lambda runner: runner.id)
        case "ListPipelines":
            answer.pipelines.sort(key=lambda pipeline: pipeline.id)
        case "ListProjects":  # defect 9: in lower case
            for project in answer.projects:
                project.project = project.project.lower()
        case "UI_GetProject":  # the Go server does not find a job that succeeded
            answer.ClearField("latest_init_job")
        case "UI_GetDeployment":
            _only_deployment(answer.deployment)
        case "UI_ListDeployments":
            for bundle in answer.deployments:
                _only_deployment(bundle)
        case "GetConfig" if "project=" in key:  # there also those of the project's applications
            kept = [one for one in answer.variables if one.target.WhichOneof("app_scope") != "application"]
            del answer.variables[:]
            answer.variables.extend(kept)
    if answer.DESCRIPTOR.fields_by_name.get("pagination"):
        answer.ClearField("pagination")
    return answer


def _only_deployment(bundle: pb.UI.DeploymentBundle) -> None:
    """Defect 15: the Go server leaves the rest empty."""
    bundle.ClearField("deploy_url")
    for field in ("artifact", "build", "deploy_url"):
        bundle.deployment.preload.ClearField(field)


def _project(project: pb.Project) -> None:
    project.applications.sort(key=lambda application: application.name)


def _job(job: pb.Job) -> None:
    """Ours tells no secrets, and ends what ran when the state was somewhere else."""
    if job.WhichOneof("operation") == "start_task":
        job.start_task.info.environment_variables.pop("WAYPOINT_SERVER_TOKEN", None)
    for variable in job.variables:
        for field in ("str", "num", "hcl", "bool"):
            variable.ClearField(field)
    if job.state == pb.Job.RUNNING or job.error.code == ABORTED:
        for name in ("state", "error", "complete_time"):
            job.ClearField(name)


ABORTED = 10
_PLAIN: dict[str, Callable[[Any], object]] = {
    "hashicorp.waypoint.Project": _project,
    "hashicorp.waypoint.Job": _job,
    "hashicorp.waypoint.ConfigSource": lambda source: source.ClearField("hash"),  # any hash will do
    "hashicorp.waypoint.Workspace.Project": lambda project: project.ClearField("workspace"),
    "hashicorp.waypoint.Task": lambda task: task.ClearField("job_state"),  # ours follows from its jobs
}


def _walk(message: Any) -> None:
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            continue
        if field.message_type.GetOptions().map_entry:
            for one in value.values():
                if isinstance(one, Message):
                    _walk(one)
        elif isinstance(value, Message):
            _walk(value)
        else:
            for one in value:
                _walk(one)
    change = _PLAIN.get(message.DESCRIPTOR.full_name)
    if change:
        change(message)
