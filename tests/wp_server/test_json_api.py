"""The JSON API, its description, and gRPC-web, over the real HTTPS listener (server.md §1.7)."""

from __future__ import annotations

import asyncio
import base64
import json
import struct

import pytest
import requests
from google.protobuf.message import Message

from wp_proto.own import administration_pb2 as own
from wp_proto.waypoint import api as pb
from wp_server.app import SERVICE
from wp_server.auth.rules import RULES
from wp_server.web.routes import all_routes

from .peers import deployment

APP = "/project/shop/application/web"


class Http:
    """A client of the HTTPS listener that trusts the server's certificate."""

    def __init__(self, server, token: str) -> None:
        self.base = f"https://{server.http_address}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(server.certificate.chain_file)
        self.session.headers["Connection"] = "close"  # none is left open when the server stops
        self.headers = {"Authorization": token} if token else {}

    async def __call__(self, method: str, path: str, body: object = None, **query) -> requests.Response:
        call = {"json": body, "params": query, "headers": self.headers, "timeout": 30}
        return await asyncio.to_thread(self.session.request, method, self.base + path, **call)

    async def ok(self, method: str, path: str, body: object = None, **query) -> dict:
        answer = await self(method, f"/v1{path}", body, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def http(server, token):
    return Http(server, token)


async def test_a_project_is_made_read_listed_and_destroyed(http):
    project = {"project": {"name": "shop", "remoteEnabled": True}}
    assert (await http.ok("POST", "/project", project))["project"]["remoteEnabled"] is True
    found = await http.ok("GET", "/project/shop")
    assert (found["project"]["name"], found["project"]["fileChangeSignal"], found["workspaces"]) == ("shop", "", [])
    assert await http.ok("POST", "/project/shop/application", {"name": "web"})
    assert (await http.ok("GET", APP))["application"]["name"] == "web"
    listed = await http.ok("GET", "/projects")
    assert listed["projects"] == [{"project": "shop"}]
    assert listed["totalCount"] == "1"
    assert await http.ok("DELETE", "/project/shop") == {}
    gone = await http("GET", "/v1/project/shop")
    assert gone.status_code == 404
    assert gone.json()["code"] == 5
    assert "no project 'shop'" in gone.json()["message"]


async def test_pages_have_the_names_of_the_wire(http):
    for number in range(3):
        await http.ok("POST", "/project", {"project": {"name": f"p{number}"}})
    names, query = [], {"pagination.page_size": 2}
    while True:
        answer = await http.ok("GET", "/projects", **query)
        names += [one["project"] for one in answer["projects"]]
        token = answer["pagination"]["next_page_token"]
        if not token:
            break
        query["pagination.next_page_token"] = token
    assert names == ["p0", "p1", "p2"]


async def test_paths_and_queries_fill_every_kind_of_field(client, token, http):
    record = await deployment(client(token))
    query = {"loadDetails": "BUILD", "order.limit": "1", "physical_state": "CREATED", "order.order": "1"}
    (found,) = (await http.ok("GET", f"{APP}/deployments", **query))["deployments"]
    assert found["id"] == record.id
    assert found["sequence"] == "1"
    assert found["status"]["state"] == "SUCCESS"
    assert (await http.ok("GET", f"{APP}/deployment/1"))["id"] == record.id
    assert (await http.ok("GET", f"/deployment/{record.id}"))["labels"] == {"tier": "front"}
    assert not (await http.ok("GET", f"{APP}/workspace/other/deployments"))["deployments"]
    config = {"variables": [{"name": "A", "static": "1", "target": {"project": {"project": "shop"}}}]}
    await http.ok("PUT", "/project/config", config)
    variables = (await http.ok("GET", f"{APP}/config", **{"labels[env]": "prod", "prefix": "a"}))["variables"]
    assert [one["name"] for one in variables] == ["A"]
    jobs = await http.ok("GET", "/jobs/state/QUEUED")
    assert jobs["jobs"] == []


async def test_a_trigger_is_made_shown_and_deleted_and_looking_at_it_runs_nothing(client, token, http):
    await http.ok("POST", "/project", {"project": {"name": "shop"}})
    await http.ok("POST", "/project/shop/application", {"name": "web"})
    trigger = {"id": "nightly1", "project": {"project": "shop"}, "authenticated": True, "init": {}}
    await http.ok("POST", "/triggers", {"trigger": trigger})
    assert (await http.ok("GET", "/triggers/nightly1"))["trigger"]["name"] == "nightly1"
    assert [one["id"] for one in (await http.ok("GET", "/project/shop/triggers"))["triggers"]] == ["nightly1"]
    assert not (await client(token).ListJobs(pb.ListJobsRequest())).jobs
    await http.ok("DELETE", "/triggers/nightly1")
    assert (await http("GET", "/v1/triggers/nightly1")).status_code == 404


def test_no_route_lies_where_a_trigger_is_run():
    assert not [route for route in all_routes() if route.path.startswith("/trigger/")]


async def test_opaque_values_of_plugins_are_left_out(client, token, http):
    api = client(token)
    record = await deployment(api)
    record.deployment.type_url, record.deployment.value = "type.googleapis.com/docker.Deployment", b"\x0a\x01x"
    record.status.error.details.add(type_url="type.googleapis.com/nobody.Knows", value=b"x")
    await api.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record))
    found = await http.ok("GET", f"/deployment/{record.id}")
    assert "deployment" not in found
    assert found["status"]["error"]["details"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/v1/project", {"project": {"name": "a b"}}, 400, "project.name"),
        ("POST", "/v1/project", {"project": {"nonsense": 1}}, 400, "nonsense"),
        ("POST", "/v1/project", [1], 400, "must be a JSON object"),
        ("GET", "/v1/projects?nonsense=1", None, 400, "is not a parameter of this call"),
        ("GET", "/v1/projects?pagination=1", None, 400, "is not a single value"),
        ("GET", "/v1/projects?pagination.page_size=x", None, 400, "cannot be read"),
        ("GET", "/v1/config-source?all=maybe", None, 400, "must be true or false"),
        ("GET", "/v1/deployment/none", None, 404, "no deployment none"),
        ("POST", "/v1/exec", {}, 501, "StartExecStream"),
        ("GET", "/v1/add-ons", None, 501, "ListAddOns"),
        ("GET", "/v1/nothing", None, 404, ""),
        ("PUT", "/v1/projects", {}, 405, ""),
    ],
)
async def test_what_cannot_be_answered_says_why(http, method, path, body, status, words):
    answer = await http(method, path, body)
    assert answer.status_code == status
    assert words in answer.text


async def test_violations_come_one_by_one(http):
    answer = await http("POST", "/v1/project", {"project": {"name": "a b", "dataSource": {"git": {}}}})
    fields = {detail["field"] for detail in answer.json()["details"]}
    assert {"project.name", "project.data_source.git.url"} <= fields


async def test_tokens_decide_as_over_grpc(server, client, token):
    anonymous = Http(server, "")
    assert (await anonymous("GET", "/v1/projects")).status_code == 401
    assert (await anonymous.ok("GET", "/version"))["info"]["api"]["current"] == 1
    assert (await Http(server, f"Bearer {token}").ok("GET", "/user/by-username/waypoint"))["user"]["username"]
    invite = (await client(token).GenerateInviteToken(
        pb.InviteTokenRequest(duration="1h", unused_entrypoint=pb.Token.Entrypoint(deployment_id="d"))
    )).token  # fmt: skip
    entrypoint = (await anonymous.ok("POST", "/token/exchange", {"token": invite}))["token"]
    refused = await Http(server, entrypoint)("GET", "/v1/projects")
    assert refused.status_code == 403
    assert "entrypoint token may not call ListProjects" in refused.json()["message"]


async def test_what_is_done_by_http_is_in_the_audit(client, token, http):
    await http.ok("POST", "/project", {"project": {"name": "shop"}})
    asked = own.ListAuditEventsRequest(filter=own.AuditFilter(rpc="UpsertProject"))
    (found,) = (await client(token).ListAuditEvents(asked)).events
    assert found.actor.startswith("user:")


async def test_streams_are_lines_that_arrive_as_they_happen(client, token, http):
    api = client(token)
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="shop")))
    job = pb.Job(
        application=pb.Ref.Application(project="shop", application="web"),
        workspace=pb.Ref.Workspace(workspace="default"),
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        data_source=pb.Job.DataSource(local=pb.Job.Local()),
        noop=pb.Job.Noop(),
    )
    job_id = (await api.QueueJob(pb.QueueJobRequest(job=job))).job_id
    url = f"{http.base}/v1/jobs/stream/{job_id}"

    def follow(loop: asyncio.AbstractEventLoop) -> list[dict]:
        lines = []
        with http.session.get(url, headers=http.headers, stream=True, timeout=60) as answer:
            assert answer.headers["content-type"] == "application/x-ndjson"
            for line in answer.iter_lines():
                lines.append(json.loads(line))
                if "state" in lines[-1]["result"]:
                    asyncio.run_coroutine_threadsafe(_cancel(api, job_id), loop)
        return lines

    lines = await asyncio.to_thread(follow, asyncio.get_running_loop())
    kinds = [next(iter(line["result"])) for line in lines]
    assert kinds[0] == "open"
    assert kinds[-1] == "complete"
    refused = await http("GET", "/v1/jobs/stream/none")
    assert json.loads(refused.text.splitlines()[-1])["error"]["code"] == 5


async def _cancel(api, job_id: str) -> None:
    await api.CancelJob(pb.CancelJobRequest(job_id=job_id))


async def test_the_description_has_every_route_and_only_references_that_resolve(server):
    document = await Http(server, "").ok("GET", "/openapi.json")
    described = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    routes = [route for route in all_routes() if route.rpc in SERVICE.methods_by_name]
    offered = {
        (route.method, route.path) for route in routes if not SERVICE.methods_by_name[route.rpc].client_streaming
    }
    assert described == offered
    assert len(offered) > 125
    schemas = document["components"]["schemas"]
    references = set(_references(document))
    assert {one.removeprefix("#/components/schemas/") for one in references} == set(schemas)
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert in_path == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
            rpc = operation["operationId"].rstrip("0123456789")
            assert (operation["security"] == []) == RULES[rpc].anonymous


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own_one = [value["$ref"]] if "$ref" in value else []
        return own_one + [one for inner in value.values() for one in _references(inner)]
    return [one for inner in value for one in _references(inner)] if isinstance(value, list) else []


async def test_answers_are_as_described(client, token, http):
    await deployment(client(token))
    document = await http.ok("GET", "/openapi.json")
    for path, filled in (
        ("/project/{project.project}", "/project/shop"),
        ("/project/{application.project}/application/{application.application}/deployments", f"{APP}/deployments"),
        ("/projects", "/projects"),
        ("/workspaces", "/workspaces"),
        ("/users", "/users"),
        ("/server/config", "/server/config"),
    ):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        _check(document, schema, await http.ok("GET", filled), path)


def _check(document: dict, schema: dict, value: object, where: str) -> None:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    match schema["type"]:
        case "object" if "additionalProperties" in schema:
            for key, inner in value.items():
                _check(document, schema["additionalProperties"], inner, f"{where}.{key}")
        case "object":
            assert set(value) <= set(schema.get("properties", {})), where
            for key, inner in value.items():
                _check(document, schema["properties"][key], inner, f"{where}.{key}")
        case "array":
            for inner in value:
                _check(document, schema["items"], inner, where)
        case "string":
            assert isinstance(value, str), where
            assert value in schema.get("enum", [value]), where
        case "boolean":
            assert isinstance(value, bool), where
        case kind:
            assert kind in ("integer", "number"), where
            assert isinstance(value, int | float), where


# gRPC-web


def frame(message: Message) -> bytes:
    raw = message.SerializeToString()
    return struct.pack(">BI", 0, len(raw)) + raw


def frames(raw: bytes) -> tuple[list[bytes], dict[str, str]]:
    messages, trailers = [], {}
    while raw:
        flags, length = struct.unpack(">BI", raw[:5])
        content, raw = raw[5 : 5 + length], raw[5 + length :]
        if flags & 0x80:
            trailers = dict(line.split(": ", 1) for line in content.decode().splitlines())
        else:
            messages.append(content)
    return messages, trailers


class Browser:
    """Calls by gRPC-web, in one of its two forms."""

    def __init__(self, http: Http, text: bool) -> None:
        self.http = http
        self.text = text

    async def __call__(self, rpc: str, request: Message | bytes, service: str = SERVICE.full_name, **headers):
        raw = request if isinstance(request, bytes) else frame(request)
        form = "application/grpc-web-text" if self.text else "application/grpc-web+proto"
        given = self.http.headers | {"content-type": form, "client-api-protocol": "1,1", "Origin": "https://ui"}
        answer = await asyncio.to_thread(
            self.http.session.post,
            f"{self.http.base}/grpc/{service}/{rpc}",
            data=base64.b64encode(raw) if self.text else raw,
            headers=given | headers,
            timeout=60,
        )
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        return frames(_unbase64(answer.content) if self.text else answer.content)


def _unbase64(content: bytes) -> bytes:
    """Frames follow each other, each base64 with a padding of its own."""
    return b"".join(base64.b64decode(content[start : start + 4]) for start in range(0, len(content), 4))


@pytest.fixture(params=[False, True], ids=["binary", "text"])
def browser(request, http):
    return Browser(http, request.param)


async def test_a_browser_calls_both_services(browser):
    messages, trailers = await browser("GetVersionInfo", pb.GetUserRequest())
    assert trailers == {"grpc-status": "0"}
    assert pb.GetVersionInfoResponse.FromString(messages[0]).info.api.current == 1
    messages, _ = await browser("ListProjects", pb.ListProjectsRequest())
    assert pb.ListProjectsResponse.FromString(messages[0]).total_count == 0
    messages, trailers = await browser("ListKeys", pb.GetUserRequest(), "waypoint.v1.Administration")
    assert [key.id for key in own.ListKeysResponse.FromString(messages[0]).keys] == ["k1"]


async def test_a_browser_gets_streams_and_refusals_with_details(browser):
    messages, trailers = await browser("ExportAuditEvents", pb.GetUserRequest(), "waypoint.v1.Administration")
    assert trailers["grpc-status"] == "0"
    await browser("UpsertProject", pb.UpsertProjectRequest(project=pb.Project(name="shop")))
    messages, _ = await browser("ExportAuditEvents", pb.GetUserRequest(), "waypoint.v1.Administration")
    assert own.AuditEvent.FromString(messages[-1]).rpc == "UpsertProject"
    messages, trailers = await browser("UpsertProject", pb.UpsertProjectRequest(project=pb.Project(name="ä b")))
    assert messages == []
    assert trailers["grpc-status"] == "3"
    assert "%C3%A4 b" in trailers["grpc-message"]
    assert trailers["grpc-status-details-bin"]


@pytest.mark.parametrize(
    ("rpc", "request_", "service", "status"),
    [
        ("ListProjects", b"\x00\x00", SERVICE.full_name, "3"),
        ("ListProjects", b"\x00\x00\x00\x00\x09x", SERVICE.full_name, "3"),
        ("ListProjects", b"\x01\x00\x00\x00\x00", SERVICE.full_name, "3"),
        ("ListProjects", b"\x00\x00\x00\x00\x01\xff", SERVICE.full_name, "3"),
        ("Nothing", pb.GetUserRequest(), SERVICE.full_name, "12"),
        ("ListProjects", pb.GetUserRequest(), "other.Service", "12"),
        ("StartExecStream", pb.GetUserRequest(), SERVICE.full_name, "12"),
        ("GetProject", pb.GetProjectRequest(project=pb.Ref.Project(project="none")), SERVICE.full_name, "5"),
    ],
)
async def test_what_a_browser_cannot_call(browser, rpc, request_, service, status):
    messages, trailers = await browser(rpc, request_, service)
    assert (messages, trailers["grpc-status"]) == ([], status)


async def test_browsers_send_their_own_version_and_may_ask_first(browser):
    _, trailers = await browser("ListProjects", pb.ListProjectsRequest(), **{"client-api-protocol": "9,9"})
    assert trailers["grpc-status"] == "3"
    path = f"{browser.http.base}/grpc/{SERVICE.full_name}/ListProjects"
    asked = await asyncio.to_thread(browser.http.session.options, path, timeout=60)
    assert asked.status_code == 204
    assert "authorization" in asked.headers["access-control-allow-headers"]
    wrong = await asyncio.to_thread(browser.http.session.post, path, data=b"", timeout=60)
    assert wrong.status_code == 415
