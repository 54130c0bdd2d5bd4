"""A terminal in a browser, all of it real: the program, an app with its entrypoint, and a websocket client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import websocket
from tests.wp_cli.projects import app, write_project

from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

DEADLINE = 60


def test_a_command_runs_in_the_app(cli: Cli) -> None:
    write_project(cli.folder, app("web"))
    cli.ok("init")
    cli.ok("config", "set", "-app=web", "GREETING=hello")
    cli.ok("up")
    try:
        (record,) = json.loads(cli.ok("deployment", "list", "-json"))
        place = cli.home / ".local/share/waypoint/server"
        address = json.loads((place / "server.json").read_text())["http"]
        token = (place / "token").read_text().strip()
        socket = websocket.create_connection(
            f"wss://{address}/v1/exec", timeout=DEADLINE,
            sslopt={"ca_certs": str(place / "tls-cert.pem"), "server_hostname": "waypoint"},
            subprotocols=["waypoint.exec.v1", f"waypoint.token.{token}"],
        )  # fmt: skip
        command = ["sh", "-c", "read line; echo $GREETING $line; echo trouble >&2; exit 4"]
        start = pb.ExecStreamRequest.Start(args=command, deployment_id=record["id"])
        line = pb.ExecStreamRequest.Input(data=b"world\n")
        for request in (pb.ExecStreamRequest(start=start), pb.ExecStreamRequest(input=line)):
            socket.send_binary(request.SerializeToString())
        said: dict[int, bytes] = {}
        code = None
        while code is None:
            answer = pb.ExecStreamResponse.FromString(socket.recv())
            if answer.HasField("output"):
                said[answer.output.channel] = said.get(answer.output.channel, b"") + answer.output.data
            if answer.HasField("exit"):
                code = answer.exit.code
        output = pb.ExecStreamResponse.Output
        assert (code, said) == (4, {output.STDOUT: b"hello world\n", output.STDERR: b"trouble\n"})
        opcode, content = socket.recv_data(control_frame=True)
        assert (opcode, int.from_bytes(content[:2])) == (websocket.ABNF.OPCODE_CLOSE, 1000)
        socket.shutdown()
    finally:
        cli.ok("destroy", "-auto-approve")
