"""Metrics as Prometheus reads them, traces as a collector gets them, and a log without secrets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from wp_proto.waypoint import api as pb
from wp_server import app
from wp_server.store.schema import jobs

from .conftest import VERSION_HEADERS, Client, channel
from .job_peers import Request, Runner, job, until_state
from .peers import connected, deployment, eventually, lines_of
from .test_web import fetch

SECRET = "hunter2-in-the-environment"


@pytest.fixture
def settings(settings):
    return replace(settings, listen_metrics="127.0.0.1:0")


async def scrape(server) -> dict[tuple[str, ...], float]:
    """Samples by name and the values of their labels, sorted."""
    status, headers, body = await fetch(server.metrics_address, "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(body.decode())
    return {(one.name, *sorted(one.labels.values())): one.value for family in families for one in family.samples}


async def test_calls_are_counted_by_name_and_status(server, client, token):
    api = client(token)
    for _ in range(3):
        await api.ListProjects(pb.ListProjectsRequest())
    with pytest.raises(grpc.aio.AioRpcError):
        await api.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project="none")))
    samples = await scrape(server)
    assert samples["waypoint_rpcs_total", "ListProjects", "OK"] == 3
    assert samples["waypoint_rpcs_total", "GetProject", "NOT_FOUND"] == 1
    assert samples["waypoint_rpc_seconds_count", "ListProjects"] == 3
    assert samples["process_resident_memory_bytes",] > 1e6
    assert any(name[0] == "waypoint_server_info" for name in samples)


async def test_jobs_streams_and_instances_are_counted_as_they_are(server, client, token):
    api = client(token)
    record = await deployment(api)
    job = pb.Job(
        application=record.application,
        workspace=record.workspace,
        target_runner=pb.Ref.Runner(any=pb.Ref.RunnerAny()),
        data_source=pb.Job.DataSource(local=pb.Job.Local()),
        noop=pb.Job.Noop(),
    )
    job_id = (await api.QueueJob(pb.QueueJobRequest(job=job))).job_id
    async with connected(server, client, record):
        samples = await scrape(server)
        assert samples["waypoint_jobs", "noop", "queued"] == 1
        assert samples["waypoint_job_oldest_queued_seconds",] > 0
        assert samples["waypoint_instances",] == 1
        assert samples["waypoint_streams_open", "EntrypointConfig"] == 1
        assert samples["waypoint_store_commits_total",] >= 3
    await api.CancelJob(pb.CancelJobRequest(job_id=job_id))
    await eventually(lambda: not server.pipeline.open_streams)
    samples = await scrape(server)
    assert ("waypoint_jobs", "noop", "queued") not in samples
    assert samples["waypoint_job_oldest_queued_seconds",] == 0
    assert samples["waypoint_instances",] == 0
    assert samples["waypoint_streams_open", "EntrypointConfig"] == 0


async def test_what_becomes_of_jobs_is_counted_by_operation_and_cause(server, client, token):
    api = client(token)
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
    runner = await Runner(api, "r1").register()
    # One job is refused, taken by a stream that ends at once, and then done; one fails; one ends before it begins.
    await api.QueueJob(job("r1"))
    refusing, _ = await runner.take(ack=False)
    await refusing.write(Request(error=Request.Error()))
    await refusing.read()
    leaving, _ = await runner.take(ack=False)
    leaving.cancel()
    await runner.work()
    failed = (await api.QueueJob(job("r1"))).job_id
    failing, _ = await runner.take()
    await failing.write(Request(error=Request.Error()))
    await failing.read()
    canceled = (await api.QueueJob(job("r1"))).job_id
    await api.CancelJob(pb.CancelJobRequest(job_id=canceled))
    for one, state in ((failed, pb.Job.ERROR), (canceled, pb.Job.ERROR)):
        await until_state(api, one, state)
    samples = await scrape(server)
    assert samples["waypoint_job_assignments_total", "noop"] == 4
    assert samples["waypoint_job_requeues_total", "noop", "refused"] == 1
    assert samples["waypoint_job_requeues_total", "disconnected", "noop"] == 1
    assert samples["waypoint_job_queue_seconds_count", "noop"] == 2
    assert samples["waypoint_job_run_seconds_count", "noop", "success"] == 1
    assert samples["waypoint_job_run_seconds_count", "error", "noop"] == 1
    assert ("waypoint_job_run_seconds_count", "canceled", "noop") not in samples
    for result in ("success", "error", "canceled"):
        assert samples["waypoint_jobs_finished_total", *sorted((result, "noop"))] == 1
    assert samples["waypoint_jobs_lost_total",] == samples["waypoint_job_reattachments_total",] == 0
    assert samples["waypoint_runners", "preadopted"] == 1


async def test_a_runner_that_comes_back_and_one_that_does_not_are_counted(server, client, token):
    api = client(token)
    await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
    runner = await Runner(api, "r1").register()
    job_id = (await api.QueueJob(job("r1"))).job_id
    stream, _ = await runner.take()
    await until_state(api, job_id, pb.Job.RUNNING)
    stream.cancel()
    again, _ = await runner.take(reattach=job_id)
    assert (await scrape(server))["waypoint_job_reattachments_total",] == 1
    again.cancel()

    def long_ago(connection):
        connection.execute(jobs.update().values(deadline=1))

    await server.store.write(long_ago)
    await until_state(api, job_id, pb.Job.ERROR)
    samples = await scrape(server)
    assert samples["waypoint_jobs_lost_total",] == 1
    assert samples["waypoint_job_run_seconds_count", "canceled", "noop"] == 1


async def test_log_lines_and_those_that_slow_readers_missed_are_counted(server, client, token):
    user = client(token)
    record = await deployment(user)
    async with connected(server, client, record) as [one]:
        call = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id))
        await one.send(["first"])
        assert await lines_of(call, 1) == ["first"]
        # Far more than flow control windows and ring take, while nobody reads.
        for _ in range(30):
            await one.send(["x" * 500] * 2_000)
        taken, skipped = 0, 0
        async with asyncio.timeout(60):
            while taken + skipped < 60_000:
                for line in (await call.read()).lines:
                    told = line.source == pb.LogBatch.Entry.ENTRYPOINT
                    skipped += int(line.line.split()[0 if line.line[0].isdigit() else 1]) if told else 0
                    taken += not told
        samples = await scrape(server)
        assert samples["waypoint_log_lines_total",] == 60_001
        assert samples["waypoint_log_lines_skipped_total",] == skipped > 0


async def test_the_store_tells_how_long_it_takes(server, client, token):
    api = client(token)
    before = await scrape(server)
    for name in ("a", "b", "c"):
        await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name=name)))
    await api.ListProjects(pb.ListProjectsRequest())
    samples = await scrape(server)
    for metric in ("waypoint_store_call_seconds", "waypoint_store_wait_seconds"):
        for kind, least in (("write", 3), ("read", 1)):
            assert samples[f"{metric}_count", kind] >= before[f"{metric}_count", kind] + least
        assert samples[f"{metric}_sum", "write"] > before[f"{metric}_sum", "write"]
    assert samples["waypoint_store_commits_total",] >= before["waypoint_store_commits_total",] + 1
    assert samples["waypoint_store_waiting",] == 0
    assert samples["waypoint_replicas",] == samples["waypoint_leader",] == 1


async def test_every_metric_is_documented_and_no_label_can_grow(server, client, token):
    text = (Path(app.__file__).parents[2] / "docs" / "metrics.md").read_text()
    documented = {
        row[0].strip("`"): {label.strip("`") for label in row[2].split(", ") if label}
        for row in ([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines())
        if row[0].startswith("`waypoint_")
    }
    _, _, body = await fetch(server.metrics_address, "/metrics")
    told = {}
    for family in text_string_to_metric_families(body.decode()):
        if family.name.startswith("waypoint_") and not family.name.endswith("_created"):
            told[family.name + ("_total" if family.type == "counter" else "")] = {
                label for one in family.samples for label in one.labels if label != "le"
            }
    assert told.keys() == documented.keys()
    assert {name: labels for name, labels in told.items() if labels - documented[name]} == {}
    assert set().union(*documented.values()) == {
        "adoption", "cause", "code", "kind", "operation", "result", "rpc", "state", "version",
    }  # fmt: skip


async def test_metrics_name_no_project_and_stay_off_the_other_listeners(server, client, token):
    await client(token).UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="secretproject")))
    _, _, body = await fetch(server.metrics_address, "/metrics")
    assert b"secretproject" not in body
    assert (await fetch(server.http_address, "/metrics", trust=server.certificate.chain))[0] == 404


# Traces


class Collector:
    """Takes spans the way an OpenTelemetry collector does."""

    def __init__(self) -> None:
        collector = self
        self.requests: list[ExportTraceServiceRequest] = []

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    import gzip

                    raw = gzip.decompress(raw)
                assert self.path == "/v1/traces"
                collector.requests.append(ExportTraceServiceRequest.FromString(raw))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def spans(self):
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


async def test_calls_become_spans_of_their_callers_trace(settings, monkeypatch):
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    with contextlib.closing(Collector()) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        async with app.running(replace(settings, listen_metrics="")) as server:
            connection = channel(server.grpc_address, server.certificate.chain)
            peer = Client(connection, "", (*VERSION_HEADERS, ("traceparent", f"00-{trace}-{parent}-01")))
            made = await peer.BootstrapToken(Empty())
            with pytest.raises(grpc.aio.AioRpcError):
                await peer.ListProjects(pb.ListProjectsRequest())
            await connection.close()
        spans = {span.name: span for span in collector.spans()}
        assert set(spans) == {"BootstrapToken", "ListProjects"}
        assert {span.trace_id.hex() for span in spans.values()} == {trace}
        assert {span.parent_span_id.hex() for span in spans.values()} == {parent}
        assert spans["BootstrapToken"].status.code == 0
        assert (spans["ListProjects"].status.code, spans["ListProjects"].status.message) == (2, "UNAUTHENTICATED")
        (resource, *_) = [one.resource for request in collector.requests for one in request.resource_spans]
        facts = {one.key: one.value.string_value for one in resource.attributes}
        assert facts["service.name"] == "waypoint-server"
        assert not any(made.token.encode() in request.SerializeToString() for request in collector.requests)


# The log


async def test_the_log_as_json_has_facts_and_no_secrets(tmp_path: Path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WAYPOINT_", "OTEL_"))}
    environment |= {"PYTHONPATH": str(Path(app.__file__).parents[1]), "WAYPOINT_LOG_FORMAT": "json"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "wp_server", "run", "-vvv", f"-db={tmp_path}/data.db", "-listen-grpc=127.0.0.1:0",
             "-listen-http=127.0.0.1:0", "-accept-tos"],
            env=environment, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        address = ""
        while not address:
            line = (await asyncio.to_thread(process.stdout.readline)).decode()
            assert line, (tmp_path / "log").read_text()
            address = line.rpartition("gRPC Address:")[2].strip() if "gRPC Address:" in line else ""
        certificate = (tmp_path / "tls-cert.pem").read_bytes()
        connection = channel(address, certificate)
        token = (await Client(connection).BootstrapToken(Empty())).token
        api = Client(connection, token)
        await api.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="shop")))
        target = pb.ConfigVar.Target(project=pb.Ref.Project(project="shop"))
        variables = [pb.ConfigVar(name="PASSWORD", static=SECRET, target=target)]
        await api.SetConfig(pb.ConfigSetRequest(variables=variables))
        with pytest.raises(grpc.aio.AioRpcError):
            await Client(connection, token[:-4] + "1111").ListProjects(pb.ListProjectsRequest())
        await connection.close()
    finally:
        process.terminate()
        await asyncio.to_thread(process.communicate, timeout=60)
    text = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    (found,) = [line for line in lines if line.get("rpc") == "SetConfig"]
    assert (found["level"], found["code"], found["logger"]) == ("info", "OK", "waypoint.server.rpc")
    assert found["seconds"] > 0
    assert [line["code"] for line in lines if line.get("rpc") == "ListProjects"] == ["UNAUTHENTICATED"]
    for secret in (token, token[:-4], SECRET):
        assert secret not in text
