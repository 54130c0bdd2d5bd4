"""One `waypoint exec`: the pipe between a client's stream and an entrypoint's stream (server.md §6).

The client's handler owns the session and its end; the entrypoint's handler attaches to it. Both directions are bounded,
and a full one holds its sender back by HTTP/2 flow control.
"""

from __future__ import annotations

import asyncio

from google.protobuf import empty_pb2

from wp_proto.waypoint import api as pb
from wp_server.live.channel import Channel

PIECE = 1024 * 1024
"""Bytes of one relayed message at most; a peer may send bigger ones than the other side takes."""
FAILED = 1
NOT_EXECUTABLE = 126
NOT_FOUND = 127
_EXIT_CODES = {3: NOT_FOUND, 5: NOT_FOUND, 7: NOT_EXECUTABLE}
"""gRPC code of an entrypoint's start failure → exit code, as a shell would give it. 3 is what Go entrypoints send."""
DEFAULT_ROWS, DEFAULT_COLUMNS = 24, 80


class Session:
    """`index` names it to entrypoints; it has ended once `to_client` is closed."""

    def __init__(self, index: int, instance_id: str, start: pb.ExecStreamRequest.Start) -> None:
        self.index = index
        self.instance_id = instance_id
        self.attached = asyncio.Event()
        self.to_client: Channel[pb.ExecStreamResponse] = Channel()
        self.to_entrypoint: Channel[pb.EntrypointExecResponse] = Channel()
        self._announcement = pb.EntrypointConfig.Exec(index=index, args=start.args)
        if start.HasField("pty"):
            self._announcement.pty.CopyFrom(start.pty)
            if not start.pty.HasField("window_size"):
                # Go entrypoints crash without a size.
                self._announcement.pty.window_size.rows = DEFAULT_ROWS
                self._announcement.pty.window_size.cols = DEFAULT_COLUMNS

    def renumber(self, index: int) -> None:
        """Gives a session that nobody took up another name, for another instance."""
        self.index = self._announcement.index = index

    @property
    def announcement(self) -> pb.EntrypointConfig.Exec:
        """How the session appears in the instance's configuration."""
        return self._announcement

    async def from_client(self, request: pb.ExecStreamRequest) -> None:
        """Relays what the client sent after `start`. Errors: ChannelClosed."""
        match request.WhichOneof("event"):
            case "input":
                data = request.input.data
                for offset in range(0, len(data), PIECE):
                    piece = data[offset : offset + PIECE]
                    await self.to_entrypoint.put(pb.EntrypointExecResponse(input=piece), len(piece))
            case "input_eof":
                await self.to_entrypoint.put(pb.EntrypointExecResponse(input_eof=empty_pb2.Empty()), 1)
            case "winch":
                await self.to_entrypoint.put(pb.EntrypointExecResponse(winch=request.winch), 16)

    async def from_entrypoint(self, request: pb.EntrypointExecRequest) -> None:
        """Relays what the entrypoint sent after `open`. Errors: ChannelClosed."""
        match request.WhichOneof("event"):
            case "output":
                is_error = request.output.channel == pb.EntrypointExecRequest.Output.STDERR
                channel = pb.ExecStreamResponse.Output.STDERR if is_error else pb.ExecStreamResponse.Output.STDOUT
                data = request.output.data
                for offset in range(0, len(data), PIECE):
                    await self._output(channel, data[offset : offset + PIECE])
            case "exit":
                self.exit(request.exit.code)
            case "error":
                status = request.error.error
                self.fail(status.message or "The command could not be started.", _EXIT_CODES.get(status.code, FAILED))

    def exit(self, code: int) -> None:
        """Ends the session with an exit code, after everything that was sent before."""
        if not self.to_client.closed:
            self.to_client.force(pb.ExecStreamResponse(exit=pb.ExecStreamResponse.Exit(code=code)))
        self.hang_up()

    def fail(self, reason: str, code: int = FAILED) -> None:
        """Ends the session for a reason the user is told on the standard error channel."""
        if not self.to_client.closed:
            output = pb.ExecStreamResponse.Output(
                channel=pb.ExecStreamResponse.Output.STDERR, data=f"{reason.rstrip()}\n".encode()
            )
            self.to_client.force(pb.ExecStreamResponse(output=output))
        self.exit(code)

    def hang_up(self) -> None:
        """Ends both directions; each side still gets what was queued for it."""
        self.to_client.close()
        self.to_entrypoint.close()

    async def _output(self, channel: pb.ExecStreamResponse.Output.Channel, data: bytes) -> None:
        output = pb.ExecStreamResponse.Output(channel=channel, data=data)
        await self.to_client.put(pb.ExecStreamResponse(output=output), len(data))
