"""Trouble as the program meets it: peers that do not behave, clocks and certificates, bad files, a lost database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server import app, tls
from wp_server.ids import new_id
from wp_server.jobs import machine
from wp_server.live import ring
from wp_server.store import Store, output
from wp_server.transport import listener
from wp_server.web import serve

from .conftest import VERSION_HEADERS, Client, ServerProcess, channel
from .job_peers import Event, Request, Runner, job, line, lines, until_state
from .peers import FEATURES, Entrypoint, deployment
from .test_replicas import ReplicaProcess, entrypoint_token_of

DEADLINE = 60.0
MIB = 2**20


@pytest.fixture
async def running(server_process: ServerProcess, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """The program, which must neither have ended nor have met something nobody thought of."""
    with (tmp_path / "log").open("ab") as log:
        await server_process.start(log)
    yield server_process
    assert server_process.process.poll() is None, (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.fixture
async def user(running: ServerProcess) -> AsyncIterator[Client]:
    async with running.channel() as opened:
        yield Client(opened, running.token)


async def invited(user: Client, deployment_id: str) -> str:
    """An entrypoint's token."""
    entrypoint = pb.Token.Entrypoint(deployment_id=deployment_id)
    asked = pb.InviteTokenRequest(duration="24h", unused_entrypoint=entrypoint)
    invite = (await user.GenerateInviteToken(asked)).token
    return (await user.ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite))).token


def peak(process: subprocess.Popen[bytes]) -> int:
    """Bytes of memory that the process has had at most."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def answers(user: Client) -> None:
    async with asyncio.timeout(DEADLINE):
        await user.ListProjects(pb.ListProjectsRequest())


class TestPeers:
    @pytest.mark.timeout(300)
    async def test_clients_that_never_read_cost_no_memory(self, running, user):
        record = await deployment(user)
        own = Client(user.channel, await invited(user, record.id), (*VERSION_HEADERS, FEATURES))
        one = Entrypoint(own, record.id, new_id())
        living = asyncio.create_task(one.run())
        await one.snapshot()
        request = pb.GetLogStreamRequest(deployment_id=record.id)
        async with AsyncExitStack() as stack:
            for _ in range(10):
                opened = running.channel()
                stack.push_async_callback(opened.close)
                deaf = Client(opened, running.token).GetLogStream(request)
                stack.callback(deaf.cancel)
            before = peak(running.process)
            batch = pb.EntrypointLogBatch(
                instance_id=one.id, lines=[pb.LogBatch.Entry(line="x" * 1000) for _ in range(1000)]
            )
            async with asyncio.timeout(200):
                await own.EntrypointLogStream(iter([batch] * 200))  # 200 MB
            await one.send(["the last one"])
            reader = user.GetLogStream(pb.GetLogStreamRequest(deployment_id=record.id, limit_backlog=1))
            async with asyncio.timeout(DEADLINE):
                assert [entry.line for entry in (await reader.read()).lines] == ["the last one"]
            reader.cancel()
        # what is kept of an instance's lines, and what is on its way to each reader
        assert peak(running.process) - before < 10 * ring.MAX_BYTES + 64 * MIB
        living.cancel()

    @pytest.mark.timeout(300)
    async def test_a_hundred_megabytes_of_job_output_arrive_and_are_kept_within_bounds(self, running, user):
        await user.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
        runner = await Runner(user, "r1").register()
        job_id = (await user.QueueJob(job("r1"))).job_id
        stream, _ = await runner.take()
        before = peak(running.process)
        count, at_once = 100_000, 200

        async def follow() -> list[int]:
            seen: list[int] = []
            async for event in user.GetJobStream(pb.GetJobStreamRequest(job_id=job_id)):
                seen += [int(shown.line.msg[:6]) for shown in event.terminal.events]
            return seen

        following = asyncio.create_task(follow())
        async with asyncio.timeout(240):
            for first in range(0, count, at_once):
                events = [
                    Event(line=Event.Line(msg=f"{number:06}{'x' * 1000}")) for number in range(first, first + at_once)
                ]
                await stream.write(Request(terminal=pb.GetJobStreamResponse.Terminal(events=events)))
            await stream.write(Request(complete=Request.Complete()))
            assert await stream.read() is grpc.aio.EOF
            followed = await following
        assert followed == sorted(set(followed)), "in order, none twice"
        assert followed[-1] == count - 1
        late = [event async for event in user.GetJobStream(pb.GetJobStreamRequest(job_id=job_id))]
        kept = [int(text[:6]) for text in lines(late)]
        assert kept == list(range(count - len(kept), count))
        assert len(kept) >= output.KEPT_EVENTS
        assert peak(running.process) - before < 96 * MIB
        assert (running.directory / "data.db").stat().st_size < 100 * MIB
        await runner.leave()

    @pytest.mark.timeout(600)
    async def test_a_thousand_entrypoints_come_back_at_once(self, running, user, tmp_path):
        record = await deployment(user)
        own = await invited(user, record.id)
        address, root = running.state.grpc, Path(running.state.certificate).read_bytes()
        greeting: dict[int, str] = {}
        connected: set[int] = set()

        async def live(number: int) -> None:
            instance_id = new_id()
            while True:
                opened = grpc.aio.secure_channel(
                    address,
                    grpc.ssl_channel_credentials(root),
                    options=[
                        ("grpc.ssl_target_name_override", tls.PINNED_NAME),
                        ("grpc.use_local_subchannel_pool", 1),
                        ("grpc.max_reconnect_backoff_ms", 1000),
                    ],
                )
                request = pb.EntrypointConfigRequest(deployment_id=record.id, instance_id=instance_id)
                with contextlib.suppress(grpc.aio.AioRpcError):
                    async for answer in Client(opened, own).EntrypointConfig(request):
                        connected.add(number)
                        for variable in answer.config.env_vars:
                            greeting[number] = variable.static
                connected.discard(number)
                await opened.close()
                await asyncio.sleep(random.uniform(0, 0.5))

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 4_000:
            pytest.skip("optional: no more than 4 000 open files are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4_000), hard))
        everybody = [asyncio.create_task(live(number)) for number in range(1000)]
        try:
            await all_of(connected)
            running.end(signal.SIGKILL)
            await none_of(connected)
            with (tmp_path / "log").open("ab") as log:
                await running.start(log)
            await all_of(connected)
            variable = pb.ConfigVar(name="GREETING", static="hello", target={"application": record.application})
            async with running.channel() as opened:
                again = Client(opened, running.token)
                await again.SetConfig(pb.ConfigSetRequest(variables=[variable]))
                async with asyncio.timeout(120):
                    while len(greeting) < 1000:
                        await asyncio.sleep(0.1)
                    asked = pb.ListInstancesRequest(deployment_id=record.id)
                    while len((await again.ListInstances(asked)).instances) < 1000:
                        await asyncio.sleep(0.1)
        finally:
            for one in everybody:
                one.cancel()
            await asyncio.gather(*everybody, return_exceptions=True)

    async def test_what_is_too_big_is_refused_and_nothing_else_is(self, running, user):
        before = peak(running.process)
        project = pb.Project(name="p", readme_markdown=b"x" * (listener.MAX_REQUEST + 1))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await user.UpsertProject(pb.UpsertProjectRequest(project=project))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "larger" in refused.value.details()
        headers = Client(user.channel, running.token, (*VERSION_HEADERS, ("note", "x" * MIB)))
        with pytest.raises(grpc.aio.AioRpcError):
            await headers.ListProjects(pb.ListProjectsRequest(), timeout=DEADLINE)
        await user.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
        runner = await Runner(user, "r1").register()
        job_id = (await user.QueueJob(job("r1"))).job_id
        stream, _ = await runner.take()
        with pytest.raises((grpc.aio.AioRpcError, asyncio.InvalidStateError)):
            await stream.write(line("x" * (listener.MAX_REQUEST + 1)))
            await stream.read()
            await stream.write(line("more"))
        again, taken = await runner.take(reattach=job_id)
        assert taken.id == job_id
        await again.write(Request(complete=Request.Complete()))
        await until_state(user, job_id, pb.Job.SUCCESS)
        await runner.leave()
        status, said = await asyncio.to_thread(posted, running, "/v1/project", listener.MAX_REQUEST * 2)
        assert status == 400 or "larger than" in said, (status, said)
        assert peak(running.process) - before < 8 * listener.MAX_REQUEST

    @pytest.mark.timeout(300)
    async def test_random_bytes_on_both_ports_harm_nobody(self, running, user):
        rng = random.Random(20)
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        starts = [
            b"",
            preface,
            preface + b"\0\0\0\4\0\0\0\0\0",
            b"GET / HTTP/1.1\r\n",
            b"POST /v1/projects HTTP/1.1\r\n",
        ]

        async def throw(address: str, secure: bool) -> None:
            host, _, port = address.rpartition(":")
            context = blind() if secure else None
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
                writer.write(rng.choice(starts) + rng.randbytes(rng.randrange(1, 4000)))
                if rng.random() < 0.5:
                    writer.write_eof() if writer.can_write_eof() else None
                    async with asyncio.timeout(0.2):
                        await reader.read(100)
                writer.close()

        for _ in range(10):
            thrown = [
                throw(address, secure)
                for address in (running.state.grpc, running.state.http)
                for secure in (True, False)
                for _ in range(10)
            ]
            await asyncio.gather(*thrown, return_exceptions=True)
            await answers(user)

    @pytest.mark.timeout(300)
    async def test_peers_that_begin_and_never_go_on_are_hung_up_on(self, running, user):
        """Many of each kind at once, and everybody else is served; a client hears in the end that it was too slow."""
        ports = {"grpc": running.state.grpc, "http": running.state.http}
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
        hello = client_hello()

        async def hang(port: str, secure: bool, said: bytes, drip: bytes) -> None:
            """Says something, then lets drip one byte after the other; returns when the server has hung up."""
            host, _, number = ports[port].rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(number), ssl=blind(port) if secure else None)
            try:
                writer.write(said)
                gone = asyncio.create_task(to_the_end(reader))
                while not gone.done():
                    if drip:
                        writer.write(drip[:1])
                        drip = drip[1:] + drip[:1]
                    await asyncio.wait([gone], timeout=0.5)
            finally:
                writer.close()

        request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nheader: "
        kinds = {
            "a handshake that never ends": [("grpc", False, hello[:50], b""), ("http", False, hello[:50], b"")],
            "bytes of a handshake one by one": [("grpc", False, hello[:20], b"\0"), ("http", False, hello[:20], b"\0")],
            "a preface, then silence": [("grpc", True, preface, b"")],
            "header bytes one by one": [("http", True, request, b"x")],
            "silence": [("http", True, b"", b"")],
        }
        hanging = [
            asyncio.create_task(hang(*arguments))
            for several in kinds.values()
            for arguments in several
            for _ in range(20)
        ]
        while not all(one.done() for one in hanging):
            await answers(user)
            host, _, number = running.state.http.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(number), ssl=blind())
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            async with asyncio.timeout(DEADLINE):
                assert b" 200 " in await reader.readline()
            writer.close()
            await asyncio.wait(hanging, timeout=2)
        for one in hanging:
            assert one.exception() is None


async def to_the_end(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(1000):
            pass


def blind(port: str = "") -> ssl.SSLContext:
    """TLS with whoever is there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if port == "grpc":
        context.set_alpn_protocols(["h2"])
    return context


def client_hello() -> bytes:
    """The first bytes of a TLS connection."""
    sent, received = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = blind("grpc").wrap_bio(received, sent)
    with contextlib.suppress(ssl.SSLWantReadError):
        secure.do_handshake()
    return sent.read()


def posted(running: ServerProcess, path: str, size: int) -> tuple[int, str]:
    """Status and body of an answer to a big request."""
    import http.client

    host, _, port = running.state.http.rpartition(":")
    connection = http.client.HTTPSConnection(host, int(port), context=blind(), timeout=DEADLINE)
    with closing(connection):
        piece = b"x" * MIB
        headers = {"authorization": running.token, "content-length": str(size)}
        connection.putrequest("POST", path)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        with contextlib.suppress(OSError):  # it need not hear all of it
            for _ in range(size // MIB):
                connection.send(piece)
        try:
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError as error:
            return 0, f"larger than it wanted to hear ({error})"


async def all_of(connected: set[int]) -> None:
    async with asyncio.timeout(180):
        while len(connected) < 1000:
            await asyncio.sleep(0.1)


async def none_of(connected: set[int]) -> None:
    async with asyncio.timeout(60):
        while connected:
            await asyncio.sleep(0.1)


FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


class TestClock:
    def test_pace(self):
        from wp_server.jobs.deadlines import JUMP, STALL, Pace

        second = machine.SECOND
        pace = Pace()
        assert pace.is_even(5, 1_000 * second)
        assert pace.is_even(5 + second, 1_001 * second + JUMP - 1)
        assert not pace.is_even(5 + 2 * second, 10_000 * second)
        assert pace.is_even(5 + 3 * second, 10_001 * second)
        assert not pace.is_even(5 + 4 * second, 9_000 * second)
        assert not pace.is_even(6 + 4 * second + STALL, 9_000 * second + STALL)

    @pytest.mark.parametrize("jump", ["+1d", "-1d"])
    async def test_a_clock_that_jumps_ends_no_job_and_lets_none_wait_for_ever(self, server_process, tmp_path, jump):
        if not FAKETIME:
            pytest.skip("needs libfaketime (Debian: faketime)")
        offset = tmp_path / "offset"
        offset.write_text("+0\n")
        server_process.extra = {
            "LD_PRELOAD": str(FAKETIME[0]),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        log_file = tmp_path / "log"
        with log_file.open("ab") as log:
            await server_process.start(log)
        async with server_process.channel() as opened:
            user = Client(opened, server_process.token)
            await user.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
            runner = await Runner(user, "r1").register()
            job_id = (await user.QueueJob(job("r1"))).job_id
            stream, _ = await runner.take()
            await until_state(user, job_id, pb.Job.RUNNING)
            offset.write_text(f"{jump}\n")
            async with asyncio.timeout(DEADLINE):
                while "the clock was set by" not in log_file.read_text():
                    await asyncio.sleep(0.05)
            with closing(sqlite3.connect(f"file:{tmp_path / 'data.db'}?mode=ro", uri=True)) as database:
                query = "SELECT deadline FROM jobs WHERE id = ?"
                async with asyncio.timeout(DEADLINE):
                    while True:
                        now = time.time_ns() + (1 if jump[0] == "+" else -1) * 86_400 * machine.SECOND
                        (deadline,) = database.execute(query, [job_id]).fetchone()
                        if 0 < deadline - now <= machine.HEARTBEAT_TIMEOUT:
                            break
                        await asyncio.sleep(0.05)
            await stream.write(line("still here"))
            await stream.write(Request(complete=Request.Complete()))
            assert await stream.read() is grpc.aio.EOF
            await until_state(user, job_id, pb.Job.SUCCESS)
            second = (await user.QueueJob(job("r1"))).job_id
            assert await runner.work() == second
            await runner.leave()


@pytest.fixture
def expired(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of yesterday, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName(tls.PINNED_NAME)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=9))
    made = (
        builder.not_valid_after(now - timedelta(days=1)).add_extension(names, critical=False).sign(key, hashes.SHA256())
    )
    chain_file, key_file = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, unencrypted))
    return chain_file, key_file


@pytest.fixture
def with_expired(expired: tuple[Path, Path], tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program with it, and its gRPC address."""
    chain_file, key_file = expired
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
    with (tmp_path / "log").open("w") as log, subprocess.Popen(
        [sys.executable, "-m", "wp_server", "run", f"-db={tmp_path / 'data.db'}", "-listen-grpc=127.0.0.1:0",
         "-listen-http=127.0.0.1:0", f"-tls-cert-file={chain_file}", f"-tls-key-file={key_file}"],
        env=environment | {"PYTHONPATH": str(Path(app.__file__).parents[1])},
        stdout=subprocess.PIPE, stderr=log, text=True,
    ) as process:  # fmt: skip
        try:
            address = ""
            while not address:
                said = process.stdout.readline()
                assert said, (tmp_path / "log").read_text()
                if said.startswith("  gRPC Address: "):
                    address = said.split()[-1]
            yield process, address
        finally:
            process.terminate()
            process.communicate(timeout=DEADLINE)


def test_an_expired_certificate_is_said_by_the_server_and_by_its_clients(with_expired, expired, tmp_path):
    process, address = with_expired
    end = time.monotonic() + DEADLINE
    while "expired on" not in (tmp_path / "log").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert f"the certificate in {expired[0]}: It expired on" in (tmp_path / "log").read_text()
    port = address.rpartition(":")[2]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WAYPOINT_", "XDG_"))}
    environment |= {"PYTHONPATH": str(Path(app.__file__).parents[1]), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "wp_cli", "project", "list", f"-server-addr=localhost:{port}"]
    done = subprocess.run(
        [*command, f"-server-tls-ca-file={expired[0]}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 1
    assert f"the certificate of the server at localhost:{port} (from -server-addr) has expired" in done.stderr
    assert process.poll() is None


async def test_the_token_of_a_destroyed_deployment_opens_nothing(running, user):
    record = await deployment(user)
    own = Client(user.channel, await invited(user, record.id), (*VERSION_HEADERS, FEATURES))
    one = Entrypoint(own, record.id, new_id())
    living = asyncio.create_task(one.run())
    await one.snapshot()
    record.state = pb.Operation.DESTROYED
    await user.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record))
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        async with asyncio.timeout(DEADLINE):
            await living
    assert ended.value.code() is grpc.StatusCode.NOT_FOUND
    for instance_id in (one.id, new_id()):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await Entrypoint(own, record.id, instance_id).run()
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        assert "was destroyed" in refused.value.details()
    await user.DestroyProject(pb.DestroyProjectRequest(project={"project": record.application.project}))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await Entrypoint(own, record.id, new_id()).run()
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_damaged_snapshot_is_refused_and_the_server_goes_on_as_it_was(running, user):
    await user.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="kept")))
    file = b"".join([one.chunk async for one in user.CreateSnapshot(Empty())])
    await user.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="later")))
    rng = random.Random(7)

    async def restore(content: bytes) -> None:
        async def pieces() -> AsyncIterator[pb.RestoreSnapshotRequest]:
            yield pb.RestoreSnapshotRequest(open={})
            for start in range(0, len(content), 100_000):
                yield pb.RestoreSnapshotRequest(chunk=content[start : start + 100_000])

        await user.RestoreSnapshot(pieces())

    damaged = [b"", rng.randbytes(10_000), file[: len(file) // 2], file[:-1], file + b"x"]
    for _ in range(10):
        at = rng.randrange(len(file))
        damaged.append(file[:at] + bytes([file[at] ^ 0x40]) + file[at + 1 :])
    for content in damaged:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await restore(content)
        assert refused.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)
        assert "\n" not in refused.value.details()
    found = (await user.ListProjects(pb.ListProjectsRequest())).projects
    assert sorted(one.project for one in found) == ["kept", "later"]
    await restore(file)
    async with running.channel() as opened:
        found = (await Client(opened, running.token).ListProjects(pb.ListProjectsRequest())).projects
    assert [one.project for one in found] == ["kept"]


OUTAGE_SECONDS = 32.0
"""Longer than the patience of streams, shorter than a job's deadline."""


@pytest.mark.timeout(300)
async def test_a_database_that_is_gone_for_half_a_minute(postgres, tmp_path):
    """Nothing that was answered is lost, the server is not started again, and everybody hears why."""
    from wp_server.auth import tokens

    server = ReplicaProcess(postgres.emptied(), tmp_path / "server")
    store = Store.open(postgres.url("emptied"))
    try:
        await server.start()
        user_token = await store.write(tokens.bootstrap)
        async with channel(server.address, server.chain) as opened:
            user = Client(opened, user_token)
            await user.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="p")))
            record = await deployment(user)
            own = Client(opened, await entrypoint_token_of(store, record.id), (*VERSION_HEADERS, FEATURES))
            one = Entrypoint(own, record.id, new_id())
            living = asyncio.create_task(one.run())
            await one.snapshot()
            runner = await Runner(user, "r1", remote={}).register()
            job_id = (await user.QueueJob(job())).job_id
            stream, _ = await runner.take()
            await stream.write(line("before"))
            await until_state(user, job_id, pb.Job.RUNNING)
            answered: list[str] = []
            writing = asyncio.create_task(keep_writing(user, answered))
            async with asyncio.timeout(DEADLINE):
                while len(answered) < 5:
                    await asyncio.sleep(0.02)
            await asyncio.to_thread(postgres.stop, "immediate")
            gone_at = time.monotonic()
            try:
                refusals: set[str] = set()
                while time.monotonic() < gone_at + OUTAGE_SECONDS:
                    with pytest.raises(grpc.aio.AioRpcError) as refused:
                        async with asyncio.timeout(DEADLINE):
                            await user.ListProjects(pb.ListProjectsRequest())
                    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
                    refusals.add(refused.value.details())
                    await asyncio.sleep(1)
            finally:
                await asyncio.to_thread(postgres.start)
            assert refusals == {
                "The server cannot reach its database now, so nothing was saved; it keeps trying. Try again."
            }
            async with asyncio.timeout(DEADLINE):
                while True:
                    with contextlib.suppress(grpc.aio.AioRpcError):
                        await user.ListProjects(pb.ListProjectsRequest())
                        break
                    await asyncio.sleep(0.1)
            # A runner and an entrypoint may have been sent back; they are taken again, and the job goes on.
            async with asyncio.timeout(DEADLINE):
                while True:
                    try:
                        await stream.write(line("after"))
                        await stream.write(Request(complete=Request.Complete()))
                        assert await stream.read() is grpc.aio.EOF
                        break
                    except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                        runner = await Runner(user, "r1", remote={}).register()
                        stream, taken = await runner.take(reattach=job_id)
                        assert taken.id == job_id
            done = await until_state(user, job_id, pb.Job.SUCCESS, pb.Job.ERROR)
            assert done.state == pb.Job.SUCCESS, done.error.message
            if living.done():
                living = asyncio.create_task(one.run())
            target = pb.ConfigVar.Target(application=record.application)
            variable = pb.ConfigVar(name="A", static="x", target=target)
            await user.SetConfig(pb.ConfigSetRequest(variables=[variable]))
            await one.snapshot(lambda snapshot: any(found.name == "A" for found in snapshot.env_vars))
            writing.cancel()
            await asyncio.wait([writing])
            found = await user.ListWorkspaces(pb.ListWorkspacesRequest())
            names = {workspace.name for workspace in found.workspaces}
            assert set(answered) <= names, "answered and lost"
            assert server.process.poll() is None
            living.cancel()
    finally:
        server.end(signal.SIGKILL)
        await store.close()


async def keep_writing(user: Client, answered: list[str]) -> None:
    """Makes workspaces for ever; notes those that were answered."""
    number = 0
    while True:
        number += 1
        with contextlib.suppress(grpc.aio.AioRpcError):
            workspace = pb.Workspace(name=f"w{number}")
            await user.UpsertWorkspace(pb.UpsertWorkspaceRequest(workspace=workspace), timeout=DEADLINE)
            answered.append(workspace.name)
        await asyncio.sleep(0.05)


def test_limits_are_what_the_documents_say():
    assert serve.HEAD_TIMEOUT == 5
    assert listener.HANDSHAKE_TIMEOUT == 20_000
