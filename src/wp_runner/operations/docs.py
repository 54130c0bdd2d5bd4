"""The documentation of the plugins that an application uses, as a job answers with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wp_config.records import StageKind
from wp_proto.sdk.plugin_pb2 import Config
from wp_proto.waypoint import api as pb
from wp_runner.environment import ROLES, AppJob
from wp_runner.operations.skeleton import component_ref


def docs(env: AppJob) -> pb.Job.DocsResult:
    """Describe each stage's component; stages the application does not have are left out."""
    answer = pb.Job.DocsResult()
    for kind in StageKind:
        stage = env.app.stage(kind, {})
        if stage is None:
            continue
        described = env.host.open(stage.use.plugin).documentation(ROLES[kind])
        if described is not None:
            component = component_ref(ROLES[kind], stage.use.plugin)
            answer.results.add(component=component, docs=as_record(described))
    return answer


def as_record(described: Config.Documentation) -> pb.Documentation:
    """The plugin's own words in the server's message, which has no nested fields: `auth.username` is a name there."""
    record = pb.Documentation(
        description=described.description, example=described.example, input=described.input, output=described.output
    )
    for field in _flat(described.fields.values(), ""):
        record.fields[field.name].CopyFrom(field)
    for mapper in described.mappers:
        record.mappers.add(input=mapper.input, output=mapper.output, description=mapper.description)
    return record


def _flat(fields: Iterable[Config.FieldDocumentation], path: str) -> Iterator[pb.Documentation.Field]:
    for field in fields:
        name = f"{path}.{field.name}" if path else field.name
        yield pb.Documentation.Field(
            name=name, synopsis=field.synopsis, summary=field.summary, optional=field.optional,
            env_var=field.env_var, type=field.type, default=field.default,
        )  # fmt: skip
        yield from _flat(field.sub_fields, name)
