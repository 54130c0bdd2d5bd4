"""The other ends of the live streams, as plain grpcio peers: entrypoints, log readers, exec clients."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from wp_proto.waypoint import api as pb
from wp_server import app
from wp_server.auth import tokens

from .conftest import VERSION_HEADERS, Client

FEATURES = ("waypoint-entrypoint-features", "tunnel1")
DEADLINE = 60.0
_numbers = itertools.count(1)

APPLICATION = pb.Ref.Application(project="shop", application="web")
WORKSPACE = pb.Ref.Workspace(workspace="default")


async def deployment(
    client: Client, state: int = pb.Status.SUCCESS, application: pb.Ref.Application = APPLICATION
) -> pb.Deployment:
    """A stored deployment, as a runner leaves it."""
    await client.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name=application.project)))
    await client.UpsertApplication(
        pb.UpsertApplicationRequest(project=pb.Ref.Project(project=application.project), name=application.application)
    )
    record = pb.Deployment(
        application=application,
        workspace=WORKSPACE,
        component=pb.Component(type=pb.Component.PLATFORM, name="docker"),
        state=pb.Operation.CREATED,
        status=pb.Status(state=state),
        labels={"tier": "front"},
    )
    return (await client.UpsertDeployment(pb.UpsertDeploymentRequest(deployment=record))).deployment


async def entrypoint_token(server: app.RunningServer, deployment_id: str) -> str:
    """A login token as an entrypoint gets it for its invite."""
    entrypoint = pb.Token.Entrypoint(deployment_id=deployment_id)
    request = pb.InviteTokenRequest(unused_entrypoint=entrypoint)
    invite = await server.store.write(tokens.invite, "", request, 3600.0)
    return await server.store.write(tokens.convert_invite, invite)


class Entrypoint:
    """One instance: holds its configuration stream and keeps what arrives."""

    def __init__(
        self, client: Client, deployment_id: str, instance_id: str, kind: int = pb.Instance.LONG_RUNNING
    ) -> None:
        self.client = client
        self.deployment_id = deployment_id
        self.id = instance_id
        self.kind = kind
        self.received = 0
        self.snapshots: asyncio.Queue[pb.EntrypointConfig] = asyncio.Queue()

    async def run(self) -> None:
        """Reads snapshots until cancelled."""
        request = pb.EntrypointConfigRequest(deployment_id=self.deployment_id, instance_id=self.id, type=self.kind)
        async for response in self.client.EntrypointConfig(request):
            self.received += 1
            self.snapshots.put_nowait(response.config)

    async def snapshot(self, accept: Callable[[pb.EntrypointConfig], bool] = lambda _: True) -> pb.EntrypointConfig:
        """The next snapshot that `accept` takes."""
        async with asyncio.timeout(DEADLINE):
            while not accept(found := await self.snapshots.get()):
                pass
        return found

    async def send(self, lines: Iterable[str], source: int = pb.LogBatch.Entry.APP) -> None:
        """Ships lines as one batch on a stream of their own."""
        entries = [pb.LogBatch.Entry(line=line, source=source) for line in lines]
        await self.client.EntrypointLogStream(iter([pb.EntrypointLogBatch(instance_id=self.id, lines=entries)]))

    async def take_session(self) -> ExecPeer:
        """Waits for an exec session, attaches to it and returns the entrypoint's end."""
        config = await self.snapshot(lambda snapshot: bool(snapshot.exec))
        return await self.attach(config.exec[-1])

    async def attach(self, announced: pb.EntrypointConfig.Exec) -> ExecPeer:
        """Attaches to an announced session."""
        call = self.client.EntrypointExecStream()
        peer = ExecPeer(call, announced)
        opening = pb.EntrypointExecRequest.Open(instance_id=self.id, index=announced.index)
        await call.write(pb.EntrypointExecRequest(open=opening))
        opened = await call.read()
        assert opened.opened
        return peer


class ExecPeer:
    """The entrypoint's end of one exec session."""

    def __init__(self, call, announced: pb.EntrypointConfig.Exec) -> None:
        self.call = call
        self.announced = announced

    async def output(self, data: bytes, channel: int = pb.EntrypointExecRequest.Output.STDOUT) -> None:
        await self.call.write(
            pb.EntrypointExecRequest(output=pb.EntrypointExecRequest.Output(channel=channel, data=data))
        )

    async def exit(self, code: int) -> None:
        await self.call.write(pb.EntrypointExecRequest(exit=pb.EntrypointExecRequest.Exit(code=code)))


@asynccontextmanager
async def connected(
    server: app.RunningServer, client: Callable[..., Client], *deployments: pb.Deployment, go: bool = False
) -> AsyncIterator[list[Entrypoint]]:
    """One connected entrypoint per given deployment, each with its own token; `go` hides our feature header."""
    headers = VERSION_HEADERS if go else (*VERSION_HEADERS, FEATURES)
    async with AsyncExitStack() as stack:
        found: list[Entrypoint] = []
        for record in deployments:
            token = await entrypoint_token(server, record.id)
            one = Entrypoint(client(token, headers), record.id, f"{next(_numbers):026}")
            stack.callback(asyncio.create_task(one.run()).cancel)
            await one.snapshot()
            found.append(one)
        yield found


async def lines_of(call, count: int) -> list[str]:
    """The next `count` lines of a log stream."""
    found: list[str] = []
    async with asyncio.timeout(DEADLINE):
        while len(found) < count:
            batch = await call.read()
            found += [entry.line for entry in batch.lines]
    return found


async def eventually(true: Callable[[], object]) -> None:
    """Waits until `true()` is true."""
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.01)
