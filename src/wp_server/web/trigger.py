"""The URL of a trigger: whoever calls it queues the trigger's jobs, and may follow them (server.md §9.3).

Every method that is used to call a URL runs it, as in the reference; `HEAD` and `DELETE` do not, because nobody means
that with them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import grpc
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from wp_proto.waypoint import api as pb
from wp_server.errors import DomainError, InvalidArgument
from wp_server.transport.pipeline import Pipeline
from wp_server.web.json_api import AUTHORIZATION, PREFIX, metadata_of

METHODS = ("GET", "POST", "PUT", "PATCH")
REFUSED = {
    grpc.StatusCode.PERMISSION_DENIED: 401,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
}
"""HTTP status of a refusal; 412 for others."""
WAITING_LINES = 256
"""Lines that are read ahead of a slow client, for all jobs together."""

Event = pb.GetJobStreamResponse.Terminal.Event


def route(pipeline: Pipeline) -> Route:
    """Returns the route of all triggers."""

    async def run(request: Request) -> Response:
        if request.method == "HEAD":  # the router adds it to GET
            return Response(status_code=405)
        query = request.query_params
        metadata = metadata_of(request)
        if query.get("token"):
            metadata[AUTHORIZATION] = query["token"]
        authenticated = AUTHORIZATION in metadata
        asked = pb.RunTriggerRequest(ref=pb.Ref.Trigger(id=request.path_params["id"]))
        try:
            asked.variable_overrides.extend(_variables(query.get("variables", "")))
            rpc = "RunTrigger" if authenticated else "NoAuthRunTrigger"
            async with aclosing(await pipeline.begin(rpc, asked, metadata)) as answers:
                answer = await anext(answers)
        except DomainError as error:
            return JSONResponse({"error": error.message}, REFUSED.get(error.code, 412))
        assert isinstance(answer, pb.RunTriggerResponse)
        if not (authenticated and "stream" in query):
            return Response(status_code=204)
        followed = _followed(pipeline, list(answer.job_ids), metadata)
        return StreamingResponse(followed, media_type="application/x-ndjson")

    return Route(f"{PREFIX}/trigger/{{id}}", run, methods=list(METHODS))


def _variables(text: str) -> list[pb.Variable]:
    if not text:
        return []
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InvalidArgument(f"variables: {error}") from error
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise InvalidArgument("variables: must be a JSON object of strings")
    return [_variable(name, value) for name, value in values.items()]


def _variable(name: str, value: str) -> pb.Variable:
    variable = pb.Variable(name=name)
    variable.cli.SetInParent()
    if value in ("true", "false"):
        variable.bool = value == "true"
        return variable
    try:
        variable.num = int(value)
    except ValueError:
        variable.str = value
    return variable


async def _followed(pipeline: Pipeline, job_ids: list[str], metadata: dict[str, str]) -> AsyncIterator[bytes]:
    """Yields one JSON object a line for everything that happens to the jobs, until all have ended."""
    lines: asyncio.Queue[dict[str, str] | None] = asyncio.Queue(WAITING_LINES)

    async def follow(job_id: str) -> None:
        try:
            asked = pb.GetJobStreamRequest(job_id=job_id)
            async with aclosing(await pipeline.begin("GetJobStream", asked, metadata)) as answers:
                async for answer in answers:
                    assert isinstance(answer, pb.GetJobStreamResponse)
                    for line in _lines(job_id, answer):
                        await lines.put(line)
        except DomainError as error:
            await lines.put(_line(job_id, "Error", error=error.message))

    async def follow_all() -> None:
        async with asyncio.TaskGroup() as group:
            for job_id in job_ids:
                group.create_task(follow(job_id))
        await lines.put(None)

    following = asyncio.create_task(follow_all())
    try:
        while (line := await lines.get()) is not None:
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
        await following
    finally:
        following.cancel()  # the client has gone; the jobs go on


def _lines(job_id: str, answer: pb.GetJobStreamResponse) -> list[dict[str, str]]:
    match answer.WhichOneof("event"):
        case "terminal":
            return [_line(job_id, *shown) for event in answer.terminal.events if (shown := _shown(event))[1]]
        case "complete":
            failed = answer.complete.HasField("error")
            message = answer.complete.error.message if failed else ""
            return [_line(job_id, "Complete", exit_code="1" if failed else "0", error=message)]
        case "error":
            return [_line(job_id, "Error", error=answer.error.error.message)]
        case _:
            return []


def _line(job_id: str, kind: str, value: str = "", *, exit_code: str = "", error: str = "") -> dict[str, str]:
    return {"jobId": job_id, "value": value, "valueType": kind, "exitCode": exit_code, "error": error}


def _shown(event: Event) -> tuple[str, str]:
    """Kind and text of one event of a job's output."""
    match event.WhichOneof("event"):
        case "line":
            return "TerminalEventLine", event.line.msg
        case "status":
            return "TerminalEventStatus", event.status.msg
        case "raw":
            return "TerminalEventRaw", event.raw.data.decode("utf-8", "replace")
        case "named_values":
            pairs = (f"{value.name}: {value.value}" for value in event.named_values.values)
            return "TerminalEventNamedValues", "\n".join(pairs)
        case "table":
            rows = [list(event.table.headers), *([entry.value for entry in row.entries] for row in event.table.rows)]
            return "TerminalEventTable", "\n".join("\t".join(row) for row in rows)
        case _:
            return "TerminalEventStep", event.step.msg or event.step.output.decode("utf-8", "replace")
