"""Pipelines and their runs as records (server.md §9.4). A pipeline is its project and name; its id is server-made."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, func, select

from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument, NotFound, Violation
from wp_server.ids import new_id
from wp_server.store import projects
from wp_server.store.prepared import Prepared
from wp_server.store.schema import pipeline_runs, pipelines
from wp_server.store.slices import EVERYTHING, Slice

_by_id = Prepared(select(pipelines.c.blob).where(func.lower(pipelines.c.id) == bindparam("id")))
_by_name = Prepared(
    select(pipelines.c.blob).where(
        pipelines.c.project_key == bindparam("project"), pipelines.c.name_key == bindparam("name")
    )
)
_runs = Prepared(
    select(pipeline_runs.c.blob)
    .where(pipeline_runs.c.pipeline_id == bindparam("pipeline"))
    .order_by(pipeline_runs.c.sequence)
)


def find(connection: Connection, project: str, name: str) -> pb.Pipeline | None:
    """Returns the pipeline of a project with this name, or None."""
    blob = _by_name.blob(connection, {"project": project.lower(), "name": name.lower()})
    return pb.Pipeline.FromString(blob) if blob is not None else None


def get(connection: Connection, ref: pb.Ref.Pipeline) -> pb.Pipeline:
    """Returns the pipeline that `ref` names by id, or by project and name. Errors: InvalidArgument, NotFound."""
    match ref.WhichOneof("ref"):
        case "id":
            blob = _by_id.blob(connection, {"id": ref.id.lower()})
            found, name = (pb.Pipeline.FromString(blob) if blob is not None else None), ref.id
        case "owner":
            owner = ref.owner
            found = find(connection, owner.project.project, owner.pipeline_name)
            name = f"{owner.pipeline_name!r} in project {owner.project.project!r}"
        case _:
            raise InvalidArgument.of([Violation("pipeline", "must name a pipeline by id, or by project and name")])
    if found is None:
        raise NotFound(f"There is no pipeline {name}.")
    return found


def of_project(connection: Connection, project: str, part: Slice = EVERYTHING) -> list[pb.Pipeline]:
    """Returns the pipelines of a project, or a part of them, by name."""
    query = select(pipelines.c.blob).where(pipelines.c.project_key == project.lower())
    blobs = connection.execute(part.of(query, pipelines.c.name_key, str)).scalars()
    return part.taken(map(pb.Pipeline.FromString, blobs))


def some(connection: Connection, ids: Iterable[str]) -> list[pb.Pipeline]:
    """Returns those of the pipelines with these ids that exist."""
    blobs = connection.execute(select(pipelines.c.blob).where(pipelines.c.id.in_(sorted(ids)))).scalars()
    return [pb.Pipeline.FromString(blob) for blob in blobs]


def is_placeholder(pipeline: pb.Pipeline) -> bool:
    """Returns whether a pipeline has a name only, as `init` of the Go command line registers it (cli.md §4.1).

    Its steps come with the next `config sync`; until then its one step `root` refers to no pipeline.
    """
    if list(pipeline.steps) != ["root"]:
        return False
    step = pipeline.steps["root"]
    return step.WhichOneof("kind") == "pipeline" and step.pipeline.ref.WhichOneof("ref") is None


def upsert(connection: Connection, new: pb.Pipeline) -> pb.Pipeline:
    """Stores a pipeline in place of the one of the same project and name, unless it is a placeholder.

    Errors: NotFound without its project.
    """
    projects.get(connection, new.project.project)
    stored = pb.Pipeline()
    stored.CopyFrom(new)
    known = find(connection, new.project.project, new.name)
    if known is not None and is_placeholder(new):
        return known
    stored.id = known.id if known is not None else new_id()
    values = {
        "project_key": new.project.project.lower(),
        "name_key": new.name.lower(),
        "blob": stored.SerializeToString(),
    }
    if known is not None:
        connection.execute(pipelines.update().where(pipelines.c.id == stored.id).values(**values))
    else:
        connection.execute(pipelines.insert().values(id=stored.id, **values))
    return stored


def runs(connection: Connection, pipeline_id: str) -> list[pb.PipelineRun]:
    """Returns the runs of a pipeline, oldest first."""
    return [pb.PipelineRun.FromString(blob) for blob in _runs.blobs(connection, {"pipeline": pipeline_id})]


def newest_runs(connection: Connection, pipeline_id: str, part: Slice) -> list[pb.PipelineRun]:
    """Returns a part of the runs of a pipeline, newest first; its key is the run's number. Errors: InvalidArgument."""
    if part.start and not part.start.isdecimal():
        raise InvalidArgument.of([Violation("pagination", "the page token is not one of this list")])
    query = select(pipeline_runs.c.blob).where(pipeline_runs.c.pipeline_id == pipeline_id)
    blobs = connection.execute(part.of(query, pipeline_runs.c.sequence, int, descending=True)).scalars()
    return part.taken(map(pb.PipelineRun.FromString, blobs))
