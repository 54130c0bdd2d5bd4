"""Three servers on one database: whatever server a peer reaches, whichever of them dies (server.md §11.5, §11.6)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection, text
from tests.postgres import PostgresServer

from wp_proto.waypoint import api as pb
from wp_server import app
from wp_server.auth import tokens
from wp_server.auth.verify import decode
from wp_server.errors import Aborted
from wp_server.ids import new_id
from wp_server.jobs.deadlines import SWEEPING
from wp_server.settings import Settings
from wp_server.store import Store, keys, projects, replicas, settings

from .conftest import START_DEADLINE, VERSION_HEADERS, Client, channel
from .job_peers import Request, Runner, job, kinds, line, lines, until_state, watch
from .peers import DEADLINE, FEATURES, Entrypoint, deployment, entrypoint_token, lines_of
from .test_telemetry import scrape


class Split:
    """A peer whose configuration stream is on one server, and all others on another one."""

    def __init__(self, config: Client, rest: Client) -> None:
        self.EntrypointConfig = config.EntrypointConfig
        self._rest = rest

    def __getattr__(self, rpc: str):
        return getattr(self._rest, rpc)


@pytest.fixture
async def three(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[list[app.RunningServer]]:
    """Three servers in this process."""
    url = postgres.emptied()
    async with AsyncExitStack() as stack:
        running = []
        for name in "abc":
            chosen = Settings(
                db=tmp_path / "unused.db", db_url=url, directory=tmp_path / name,
                listen_grpc="127.0.0.1:0", listen_http="127.0.0.1:0",
            )  # fmt: skip
            running.append(await stack.enter_async_context(app.running(chosen)))
        yield running


@pytest.fixture
async def token(three: list[app.RunningServer]) -> str:
    return await three[0].store.write(tokens.bootstrap)


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[app.RunningServer, str], Client]]:
    async with AsyncExitStack() as stack:

        def made(server: app.RunningServer, token: str) -> Client:
            opened = channel(server.grpc_address, server.certificate.chain)
            stack.push_async_callback(opened.close)
            return Client(opened, token, (*VERSION_HEADERS, FEATURES))

        yield made


async def test_all_servers_show_one_certificate_and_know_each_other(three):
    assert len({one.certificate.fingerprint for one in three}) == 1
    for one in three:
        others = {peer.id for peer in await one.store.read(replicas.peers)}
        assert others == {other.store.name for other in three if other is not one}


async def test_the_port_for_servers_is_closed_to_everybody_else(three, token):
    (peer, _) = await three[0].store.read(replicas.peers)
    root = await three[0].store.read(settings.value, "peer/chain")
    for client in (
        Client(channel(peer.address, three[0].certificate.chain), token),
        Client(channel(peer.address, root), token),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await client.ListProjects(pb.ListProjectsRequest(), timeout=DEADLINE)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        await client.channel.close()


async def playing(three, connect, token, config_at: int, rest_at: int, record: pb.Deployment) -> Entrypoint:
    own = await entrypoint_token(three[0], record.id)
    return Entrypoint(Split(connect(three[config_at], own), connect(three[rest_at], own)), record.id, new_id())


@pytest.mark.parametrize(("client_at", "config_at", "exec_at"), [(0, 1, 2), (0, 1, 0), (0, 0, 2), (2, 1, 1)])
async def test_exec_works_wherever_its_three_ends_are(three, connect, token, client_at, config_at, exec_at):
    user = connect(three[client_at], token)
    record = await deployment(user)
    one = await playing(three, connect, token, config_at, exec_at, record)
    running = asyncio.create_task(one.run())
    await one.snapshot()
    waited = pb.ListInstancesRequest(deployment_id=record.id, wait_timeout="60s")
    assert [found.id for found in (await user.ListInstances(waited)).instances] == [one.id]
    call = user.StartExecStream()
    begin = pb.ExecStreamRequest.Start(args=["true"], deployment_id=record.id)
    await call.write(pb.ExecStreamRequest(start=begin))
    assert (await call.read()).HasField("open")
    peer = await one.take_session()
    await call.write(pb.ExecStreamRequest(input=pb.ExecStreamRequest.Input(data=b"in")))
    assert (await peer.call.read()).input == b"in"
    big = os.urandom(3_000_000)
    sending = asyncio.create_task(send_all(peer, big))
    got = b""
    async with asyncio.timeout(DEADLINE):
        while len(got) < len(big):
            got += (await call.read()).output.data
        assert got == big
        await sending
        await peer.exit(7)
        assert (await call.read()).exit.code == 7
        assert await call.read() is grpc.aio.EOF
    by_id = pb.ExecStreamRequest.Start(args=["true"], instance_id=one.id)
    second = user.StartExecStream()
    await second.write(pb.ExecStreamRequest(start=by_id))
    assert (await second.read()).HasField("open")
    running.cancel()


async def send_all(peer, content: bytes) -> None:
    for start in range(0, len(content), 100_000):
        await peer.output(content[start : start + 100_000])


async def test_lines_reach_readers_on_every_server(three, connect, token):
    record = await deployment(connect(three[0], token))
    one = await playing(three, connect, token, 1, 2, record)
    other = await playing(three, connect, token, 0, 1, record)
    tasks = [asyncio.create_task(instance.run()) for instance in (one, other)]
    for instance in (one, other):
        await instance.snapshot()
    await one.send(["one"])
    await other.send(["other"])
    request = pb.GetLogStreamRequest(deployment_id=record.id)
    readers = [connect(server, token).GetLogStream(request) for server in three]
    for reader in readers:
        assert sorted(await lines_of(reader, 2)) == ["one", "other"]
    await one.send([f"{number}" for number in range(500)])
    for reader in readers:
        assert await lines_of(reader, 500) == [f"{number}" for number in range(500)]
        reader.cancel()
    for task in tasks:
        task.cancel()


async def test_configuration_reaches_entrypoints_on_every_server(three, connect, token):
    user = connect(three[0], token)
    record = await deployment(user)
    one = await playing(three, connect, token, 1, 1, record)
    running = asyncio.create_task(one.run())
    await one.snapshot()
    target = pb.ConfigVar.Target(application=record.application)
    variable = pb.ConfigVar(name="A", static="x", target=target)
    await user.SetConfig(pb.ConfigSetRequest(variables=[variable]))
    await one.snapshot(lambda snapshot: any(found.name == "A" for found in snapshot.env_vars))
    running.cancel()


async def test_metrics_of_each_server_count_all_and_one_leads(postgres, tmp_path):
    url = postgres.emptied()
    async with AsyncExitStack() as stack:
        running = []
        for name in "ab":
            chosen = Settings(
                db=tmp_path / "unused.db", db_url=url, directory=tmp_path / name,
                listen_grpc="127.0.0.1:0", listen_http="127.0.0.1:0", listen_metrics="127.0.0.1:0",
            )  # fmt: skip
            running.append(await stack.enter_async_context(app.running(chosen)))
        told = [await scrape(server) for server in running]
    assert [samples["waypoint_replicas",] for samples in told] == [2, 2]
    assert sum(samples["waypoint_leader",] for samples in told) == 1


@pytest.fixture
async def project(three) -> None:
    await three[0].store.write(projects.upsert, pb.Project(name="p"))


@pytest.mark.usefixtures("project")
async def test_a_job_its_runner_and_its_watcher_on_three_servers(three, connect, token):
    queuing, running, watching = (connect(server, token) for server in three)
    runner = await Runner(running, "r1", remote={}).register()
    job_id = (await queuing.QueueJob(job())).job_id
    seen = asyncio.create_task(watch(watching, job_id))
    assert await runner.work("hello", "world") == job_id
    events = await seen
    assert lines(events) == ["hello", "world"]
    assert kinds(events)[-1] == "complete"
    second = (await queuing.QueueJob(job())).job_id
    stream, taken = await runner.take()
    assert taken.id == second
    await until_state(watching, second, pb.Job.RUNNING)
    await watching.CancelJob(pb.CancelJobRequest(job_id=second))
    async with asyncio.timeout(DEADLINE):
        assert (await stream.read()).HasField("cancel")
    await runner.leave()


@pytest.mark.usefixtures("project")
async def test_a_runner_goes_on_with_its_job_on_another_server(three, connect, token):
    first, second = connect(three[0], token), connect(three[1], token)
    runner = await Runner(first, "r1", remote={}).register()
    job_id = (await first.QueueJob(job())).job_id
    stream, _ = await runner.take()
    await until_state(first, job_id, pb.Job.RUNNING)
    moved = await Runner(second, "r1", remote={}).register()
    again, _ = await moved.take(reattach=job_id)
    with pytest.raises((grpc.aio.AioRpcError, asyncio.InvalidStateError)):
        async with asyncio.timeout(DEADLINE):
            while True:
                await stream.write(line("from the old stream"))
                await asyncio.sleep(0.05)
    await again.write(line("from the new one"))
    await again.write(Request(complete=Request.Complete()))
    assert await again.read() is grpc.aio.EOF
    assert lines(await watch(first, job_id))[-1] == "from the new one"


async def test_a_withdrawn_token_is_refused_everywhere(three, connect, token):
    clients = [connect(server, token) for server in three]
    made = await three[0].store.write(tokens.login, "00000000000000000000000001", None)
    mine = [connect(server, made) for server in three]
    for client in mine:
        await client.ListProjects(pb.ListProjectsRequest())
    await three[0].store.write(_deny, made)
    async with asyncio.timeout(DEADLINE):
        for client in mine:
            while True:
                try:
                    await client.ListProjects(pb.ListProjectsRequest())
                except grpc.aio.AioRpcError as error:
                    if error.code() is grpc.StatusCode.UNAUTHENTICATED:
                        break
                    raise
    await clients[0].ListProjects(pb.ListProjectsRequest())


def _deny(connection: Connection, made: str) -> None:
    body, _ = decode(connection, made)
    keys.deny(connection, body.accessor_id.hex())


async def test_one_server_has_the_duty_and_a_late_one_is_fenced_off(postgres):
    url = postgres.emptied()
    one, other = Store.open(url), Store.open(url)
    fence = await one.write(replicas.hold, SWEEPING)
    assert await other.write(replicas.hold, SWEEPING) is None
    assert await one.write(replicas.hold, SWEEPING) == fence
    await one.write(_expire)
    assert await other.write(replicas.hold, SWEEPING) == fence + 1
    with pytest.raises(Aborted, match="passed to another server"):
        await one.write(replicas.check_fence, SWEEPING, fence)
    await other.write(replicas.check_fence, SWEEPING, fence + 1)
    await one.close()
    await other.close()


def _expire(connection: Connection) -> None:
    connection.execute(text("UPDATE duties SET lease_until = 0"))


async def test_a_server_that_drains_sends_its_streams_elsewhere_one_by_one(three, connect, token):
    user = connect(three[0], token)
    record = await deployment(user)
    playing_there = [await playing(three, connect, token, 0, 0, record) for _ in range(4)]
    ended: list[float] = []

    async def live(one: Entrypoint) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await one.run()
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        ended.append(time.monotonic())

    tasks = [asyncio.create_task(live(one)) for one in playing_there]
    for one in playing_there:
        await one.snapshot()
    await three[0].drain(4.0)
    assert three[0].unready() == "shutting down"
    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(*tasks)
    assert max(ended) - min(ended) > 0.5
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await Entrypoint(playing_there[0].client, record.id, playing_there[0].id).run()
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_an_outage_of_the_database_ends_no_stream_and_no_job(postgres, three, connect, token):
    """Longer than the job's deadline, and shorter than the patience of streams."""
    api = connect(three[0], token)
    await three[0].store.write(projects.upsert, pb.Project(name="p"))
    record = await deployment(api)
    one = await playing(three, connect, token, 1, 1, record)
    living = asyncio.create_task(one.run())
    await one.snapshot()
    runner = await Runner(api, "r1", remote={}).register()
    job_id = (await api.QueueJob(job())).job_id
    stream, _ = await runner.take()
    await until_state(api, job_id, pb.Job.RUNNING)
    overdue = await three[0].store.write(_soon_overdue)
    await asyncio.to_thread(postgres.stop, "immediate")
    try:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await api.ListProjects(pb.ListProjectsRequest())
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "cannot reach its database" in refused.value.details()
        await stream.write(line("said meanwhile"))
        async with asyncio.timeout(DEADLINE):
            while not three[0].unready():
                await asyncio.sleep(0.05)
        await asyncio.sleep(overdue - time.time())
    finally:
        await asyncio.to_thread(postgres.start)
    await stream.write(line("said later"))
    await stream.write(Request(complete=Request.Complete()))
    assert await stream.read() is grpc.aio.EOF
    assert lines(await watch(api, job_id)) == ["said meanwhile", "said later"]
    async with asyncio.timeout(DEADLINE):
        while three[0].unready():
            await asyncio.sleep(0.05)
    assert not living.done()
    living.cancel()


async def test_a_restore_on_one_server_sends_the_streams_of_all_back(three, connect, token, tmp_path):
    user = connect(three[0], token)
    record = await deployment(user)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    alone = Settings(db=elsewhere / "data.db", listen_grpc="127.0.0.1:0", listen_http="127.0.0.1:0")
    file = b"".join([one.chunk async for one in user.CreateSnapshot(Empty())])
    await user.UpsertProject(pb.UpsertProjectRequest(project={"name": "later"}))
    one = await playing(three, connect, token, 1, 1, record)
    living = asyncio.create_task(one.run())
    await one.snapshot()
    shown = await three[0].store.read(settings.value, "peer/chain")

    async def pieces() -> AsyncIterator[pb.RestoreSnapshotRequest]:
        yield pb.RestoreSnapshotRequest(open={})
        yield pb.RestoreSnapshotRequest(chunk=file)

    await user.RestoreSnapshot(pieces())
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        async with asyncio.timeout(DEADLINE):
            await living
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    other = connect(three[2], token)
    assert [found.project for found in (await other.ListProjects(pb.ListProjectsRequest())).projects] == ["shop"]
    assert await three[0].store.read(settings.value, "peer/chain") == shown
    (elsewhere / "waypoint-restore.db").write_bytes(file)
    async with app.running(alone) as small:
        assert (await small.store.read(projects.get, "shop")).name == "shop"


def _soon_overdue(connection: Connection) -> float:
    """The deadline of what runs, in seconds of the clock: late enough for the database to be stopped before it."""
    moment = time.time() + 8
    connection.execute(text("UPDATE jobs SET deadline = :at WHERE state = 3"), {"at": int(moment * 1e9)})
    return moment


class ReplicaProcess:
    """The program on the shared database."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self.address = ""
        self.process: subprocess.Popen[str] | None = None

    async def start(self) -> None:
        command = [sys.executable, "-m", "wp_server", "run", f"-db={self._url}", f"-data-dir={self._folder}"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WAYPOINT_")}
        with (self._folder.with_suffix(".log")).open("a") as log:
            self.process = subprocess.Popen(
                [*command, "-listen-grpc=127.0.0.1:0", "-listen-http=127.0.0.1:0"],
                env=environment | {"PYTHONPATH": str(Path(app.__file__).parents[1])},
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        async with asyncio.timeout(START_DEADLINE):
            while not (said := await asyncio.to_thread(self.process.stdout.readline)).startswith("  gRPC Address: "):
                assert said or self.process.poll() is None, "the server ended at once"
        self.address = said.split()[-1]

    @property
    def chain(self) -> bytes:
        return (self._folder / "tls-cert.pem").read_bytes()

    def end(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process.stdout.close()


class Wanderer:
    """Goes on to the next server at every `next`, as behind one name."""

    def __init__(self, servers: list[ReplicaProcess], token: str, first: int) -> None:
        self._servers, self._token, self._next = servers, token, first
        self._open: list[grpc.aio.Channel] = []

    def next(self) -> Client:
        server = self._servers[self._next % len(self._servers)]
        self._next += 1
        opened = channel(server.address, server.chain)
        self._open.append(opened)
        return Client(opened, self._token, (*VERSION_HEADERS, FEATURES))

    async def close(self) -> None:
        for one in self._open:
            await one.close()


async def runner_life(clients: Wanderer, runner_id: str, executed: Counter[str]) -> None:
    """Works until cancelled; a job whose stream broke is continued on another server, not begun again."""
    current = ""
    while True:
        try:
            runner = await Runner(clients.next(), runner_id, remote={}).register()
            while True:
                stream, taken = await runner.take(reattach=current)
                if taken.id != current:
                    executed[taken.id] += 1
                    current = taken.id
                await stream.write(line(f"{runner_id} has it"))
                await asyncio.sleep(0.05)
                await stream.write(Request(complete=Request.Complete()))
                if await stream.read() is grpc.aio.EOF:
                    current = ""
        except (grpc.aio.AioRpcError, AssertionError, asyncio.InvalidStateError, AttributeError) as error:
            if isinstance(error, grpc.aio.AioRpcError) and error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                current = ""  # the server has the end of the job already
            await asyncio.sleep(0.2)


class Lasting:
    """An instance that connects again, wherever, when its server is gone."""

    def __init__(self, clients: Wanderer, deployment_id: str) -> None:
        self._clients = clients
        self._id = new_id()
        self._deployment_id = deployment_id
        self.now: Entrypoint | None = None

    async def live(self) -> None:
        while True:
            self.now = Entrypoint(self._clients.next(), self._deployment_id, self._id)
            try:
                await self.now.run()
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.2)

    async def run_command(self, user: Client) -> None:
        """One command, from a client on some server to here and back. Errors: those of a server that is gone."""
        call = user.StartExecStream()
        begin = pb.ExecStreamRequest.Start(args=["true"], deployment_id=self._deployment_id)
        await call.write(pb.ExecStreamRequest(start=begin))
        assert (await call.read()).HasField("open")
        async with asyncio.timeout(5):
            peer = await self.now.take_session()
            await peer.exit(3)
            while (answer := await call.read()).WhichOneof("event") != "exit":
                assert answer is not grpc.aio.EOF
        assert answer.exit.code == 3


@pytest.mark.timeout(600)
async def test_servers_killed_in_turn_lose_no_job_run_none_twice_and_serve_again(postgres, tmp_path):
    url = postgres.emptied()
    servers = [ReplicaProcess(url, tmp_path / name) for name in "abc"]
    tasks: list[asyncio.Task[None]] = []
    everybody: list[Wanderer] = []
    store = Store.open(url)
    try:
        for server in servers:
            await server.start()
        token = await store.write(tokens.bootstrap)
        await store.write(projects.upsert, pb.Project(name="p"))

        def clients(first: int, own_token: str = "") -> Wanderer:
            made = Wanderer(servers, own_token or token, first)
            everybody.append(made)
            return made

        executed: Counter[str] = Counter()
        tasks += [asyncio.create_task(runner_life(clients(n), f"r{n}", executed)) for n in range(3)]
        asking = clients(0)
        record = await deployment(asking.next())
        instance = Lasting(clients(0, await entrypoint_token_of(store, record.id)), record.id)
        tasks.append(asyncio.create_task(instance.live()))
        queued: list[str] = []

        async def asked(rpc: str, request):
            """An answer, from whatever server gives one."""
            async with asyncio.timeout(DEADLINE):
                while True:
                    try:
                        return await getattr(asking.next(), rpc)(request, timeout=5)
                    except grpc.aio.AioRpcError as error:
                        if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                            raise

        for victim in range(3):
            for _ in range(15):
                queued.append((await asked("QueueJob", job())).job_id)
            servers[victim].end(signal.SIGKILL)
            await served(lambda: instance.run_command(asking.next()))
            for _ in range(5):
                queued.append((await asked("QueueJob", job())).job_id)
            await servers[victim].start()
        async with asyncio.timeout(90):
            while True:
                states = Counter(await store.read(_states))
                if set(states) <= {pb.Job.SUCCESS, pb.Job.ERROR}:
                    break
                await asyncio.sleep(0.2)
        assert states[pb.Job.SUCCESS] >= len(set(queued))
        assert {job_id for job_id, times in executed.items() if times != 1} == set()
        assert set(queued) <= set(executed)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in everybody:
            await one.close()
        for server in servers:
            server.end(signal.SIGKILL)
        await store.close()


async def served(attempt: Callable[[], Awaitable[None]]) -> None:
    """Tries until it works once."""
    async with asyncio.timeout(DEADLINE):
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError, AttributeError):
                return await attempt()
            await asyncio.sleep(0.1)


async def entrypoint_token_of(store: Store, deployment_id: str) -> str:
    request = pb.InviteTokenRequest(unused_entrypoint=pb.Token.Entrypoint(deployment_id=deployment_id))
    return await store.write(tokens.convert_invite, await store.write(tokens.invite, "", request, 3600.0))


def _states(connection: Connection) -> list[int]:
    return list(connection.execute(text("SELECT state FROM jobs")).scalars())
