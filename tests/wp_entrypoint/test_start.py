"""How an application comes to life: with configuration, without a server, switched off, and when it cannot; with both
natures of the entrypoint."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

import grpc
import pytest
from tests.ports import free_port
from tests.wp_entrypoint.conftest import Entrypoints, eventually
from tests.wp_entrypoint.fake_server import FakeServer, make_certificate, write_certificate

pytestmark = pytest.mark.both_natures


def test_the_configuration_is_in_the_applications_environment(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.set_config(GREETING="hello\nworld", EMPTY="")
    result = entrypoints.run("/usr/bin/env", "-0", server=server)
    variables = dict(entry.split("=", 1) for entry in result.stdout.split("\0") if entry)
    assert variables["GREETING"] == "hello\nworld"
    assert variables["EMPTY"] == ""
    assert result.returncode == 0


def test_nothing_else_changes_in_the_environment(entrypoints: Entrypoints, server: FakeServer) -> None:
    given = entrypoints.environment(server, FOO="bar", PYTHONHOME="/nowhere", PYTHONPATH="/nowhere")
    result = entrypoints.run(
        "/usr/bin/env", "-0", server=server, env={k: given[k] for k in ("FOO", "PYTHONHOME", "PYTHONPATH")}
    )
    variables = dict(entry.split("=", 1) for entry in result.stdout.split("\0") if entry)
    del given["WAYPOINT_CEB_INVITE_TOKEN"]
    assert variables == given | {"PORT": "5000"}


@pytest.mark.parametrize("connected", [True, False])
def test_signals_and_descriptors_are_as_if_started_directly(
    entrypoints: Entrypoints, server: FakeServer, connected: bool
) -> None:
    command = ["sh", "-c", "grep -E 'Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd"]
    direct = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, text=True, check=True)
    through = entrypoints.run(*command, server=server if connected else None)
    assert without_libc_signals(through.stdout) == without_libc_signals(direct.stdout)


def without_libc_signals(status: str) -> str:
    """Signals 32 and 33 belong to the C library, which treats them as it likes."""
    return re.sub(r"(?<=\t)[0-9a-f]{16}", lambda mask: f"{int(mask[0], 16) & ~(3 << 31):016x}", status)


def test_switched_off_it_becomes_the_application(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start("sh", "-c", "echo $$", server=server, env={"WAYPOINT_CEB_DISABLE": "TRUE"})
    out, _ = process.communicate(timeout=60)
    assert int(out) == process.pid
    assert not server.metadata


def test_without_a_server_address_it_becomes_the_application(entrypoints: Entrypoints) -> None:
    process = entrypoints.start("sh", "-c", 'echo $$ "$0"', "x y")
    out, err = process.communicate(timeout=60)
    assert out.decode() == f"{process.pid} x y\n"
    assert err == b""


@pytest.mark.parametrize(
    "off",
    [
        {"WAYPOINT_CEB_DISABLE": "1"},
        {"WAYPOINT_CEB_DISABLE": " Yes "},
        {"WAYPOINT_CEB_DISABLE": "t", "WAYPOINT_SERVER_DISABLE": "off"},
        {"WAYPOINT_SERVER_DISABLE": "on"},
        {"WAYPOINT_SERVER_ADDR": " "},
    ],
)
def test_switched_off_the_environment_stays_but_for_token_and_port(
    entrypoints: Entrypoints, server: FakeServer, off: dict[str, str]
) -> None:
    given = entrypoints.environment(server, ODD="\udcff", EMPTY="", LC_CTYPE="C.UTF-8") | off
    result = entrypoints.start("/usr/bin/env", "-0", server=server, env=given).communicate(timeout=60)[0]
    del given["WAYPOINT_CEB_INVITE_TOKEN"]
    expected = {os.fsencode(f"{name}={value}") for name, value in {**given, "PORT": "5000"}.items()}
    assert set(result.split(b"\0")) - {b""} == expected
    assert not server.metadata


def test_a_switch_that_is_neither_on_nor_off_is_told(entrypoints: Entrypoints) -> None:
    result = entrypoints.run("echo", "up", env={"WAYPOINT_CEB_DISABLE": "perhaps"})
    assert result.stdout == "up\n"
    assert "WAYPOINT_CEB_DISABLE is 'perhaps', but must be true or false" in result.stderr


def test_commands_are_found_as_a_shell_finds_them(entrypoints: Entrypoints) -> None:
    (entrypoints.folder / "mine").write_text("#!/bin/sh\necho mine $0\n")
    (entrypoints.folder / "mine").chmod(0o755)
    (entrypoints.folder / "other").mkdir()
    (entrypoints.folder / "other/mine").write_text("not executable")
    for path, shown in (("other::/bin", "./mine"), (f"/nowhere:{entrypoints.folder}", f"{entrypoints.folder}/mine")):
        assert entrypoints.run("mine", env={"PATH": path}).stdout == f"mine {shown}\n"
    assert entrypoints.run("./mine").stdout == "mine ./mine\n"


def test_without_a_path_the_usual_folders_are_searched(entrypoints: Entrypoints) -> None:
    command = [*entrypoints.program(), "sh", "-c", "echo found"]
    assert subprocess.run(command, env={}, capture_output=True, check=True, timeout=60).stdout == b"found\n"


@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9), ("kill -TERM $$", -15)]
)
def test_it_ends_as_the_application_ends(
    entrypoints: Entrypoints, server: FakeServer, script: str, status: int
) -> None:
    assert entrypoints.run("sh", "-c", script, server=server).returncode == status


@pytest.mark.parametrize("connected", [True, False])
@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("no-such-command", 127, "command not found"),
        ("/no/such/file", 127, "no such file"),
        ("/etc", 126, "directory"),
        ("/etc/passwd", 126, "permission denied"),
    ],
)
def test_a_command_that_cannot_run_is_told_in_a_sentence(
    entrypoints: Entrypoints, server: FakeServer, connected: bool, command: str, status: int, words: str
) -> None:
    result = entrypoints.run(command, server=server if connected else None)
    assert result.returncode == status
    assert result.stderr.count("\n") == 1
    assert command in result.stderr
    assert words in result.stderr


def test_argv0_stays_as_given(entrypoints: Entrypoints, server: FakeServer) -> None:
    result = entrypoints.run("sh", "-c", "tr '\\0' ' ' < /proc/$$/cmdline", server=server)
    assert result.stdout.startswith("sh -c")


def test_usage(entrypoints: Entrypoints) -> None:
    assert entrypoints.run().returncode == 1
    assert entrypoints.run("-h").returncode == 0
    assert entrypoints.run("-x").returncode == 2
    assert entrypoints.run("--version").stdout.startswith("waypoint-entrypoint v")
    assert entrypoints.run("--", "echo", "-h").stdout == "-h\n"


def test_an_entrypoint_inside_an_entrypoint_is_left_out(entrypoints: Entrypoints, server: FakeServer) -> None:
    nested = entrypoints.program()[-1]
    result = entrypoints.run(nested, nested, "sh", "-c", "echo once", server=server)
    assert result.stdout == "once\n"
    eventually(lambda: server.app_lines() == ["once"])


def test_a_refused_connection_starts_the_application_at_once(entrypoints: Entrypoints) -> None:
    result = entrypoints.run("sh", "-c", "echo up; exit 3", env={"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{free_port()}"})
    assert (result.returncode, result.stdout) == (3, "up\n")
    assert "Connection refused" in result.stderr


def test_a_silent_server_delays_the_application_for_the_timeout_only(entrypoints: Entrypoints) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{silent.getsockname()[1]}", "WAYPOINT_CEB_CONNECT_TIMEOUT": "300ms"}
        result = entrypoints.run("sh", "-c", "echo up; exit 3", env=env)
    assert (result.returncode, result.stdout) == (3, "up\n")
    assert "0.3s" in result.stderr


@pytest.mark.parametrize("tls", ["", "1"])
def test_garbage_on_the_port_does_not_matter(entrypoints: Entrypoints, tls: str) -> None:
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            peer, _ = listener.accept()
            peer.sendall(b"220 mail.example.com ESMTP ready, and some more text for good measure\r\n")
            peer.recv(1000)
            peer.close()

        threading.Thread(target=talk, daemon=True).start()
        env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{listener.getsockname()[1]}", "WAYPOINT_SERVER_TLS": tls}
        result = entrypoints.run("sh", "-c", "exit 3", env=env)
    assert result.returncode == 3
    assert "without the server's configuration" in result.stderr


def test_an_unknown_authority_is_named(entrypoints: Entrypoints, server: FakeServer) -> None:
    result = entrypoints.run("true", server=server, env={"WAYPOINT_SERVER_TLS_SKIP_VERIFY": "0"})
    assert result.returncode == 0
    assert "certificate" in result.stderr


def test_plaintext_to_a_tls_server(entrypoints: Entrypoints, server: FakeServer) -> None:
    assert entrypoints.run("sh", "-c", "exit 3", server=server, env={"WAYPOINT_SERVER_TLS": "0"}).returncode == 3


@pytest.mark.parametrize("form", ["file", "inline", "fingerprint"])
def test_the_servers_certificate_can_be_pinned(
    entrypoints: Entrypoints, server: FakeServer, tmp_path: Path, form: str
) -> None:
    assert server.certificate is not None
    server.set_config(GREETING="hello")
    pins = {
        "file": str(write_certificate(server.certificate, tmp_path)),
        "inline": server.certificate.pem.decode(),
        "fingerprint": "sha256:" + server.certificate.fingerprint,
    }
    env = {"WAYPOINT_SERVER_TLS_SKIP_VERIFY": "", "WAYPOINT_SERVER_TLS_CA": pins[form]}
    assert entrypoints.run("sh", "-c", "echo $GREETING", server=server, env=env).stdout == "hello\n"


@pytest.mark.parametrize("form", ["inline", "fingerprint"])
def test_another_certificate_than_the_pinned_one_is_refused(
    entrypoints: Entrypoints, server: FakeServer, form: str
) -> None:
    other = make_certificate()
    pins = {"inline": other.pem.decode(), "fingerprint": "sha256:" + other.fingerprint}
    env = {"WAYPOINT_SERVER_TLS_SKIP_VERIFY": "", "WAYPOINT_SERVER_TLS_CA": pins[form]}
    result = entrypoints.run("sh", "-c", "exit 3", server=server, env=env)
    assert result.returncode == 3
    assert "certificate" in result.stderr
    assert not server.metadata


def test_a_wrong_token_starts_the_application(entrypoints: Entrypoints, server: FakeServer) -> None:
    result = entrypoints.run("sh", "-c", "exit 3", server=server, env={"WAYPOINT_CEB_INVITE_TOKEN": "wrong"})
    assert result.returncode == 3
    assert "UNAUTHENTICATED" in result.stderr


def test_no_token_starts_the_application(entrypoints: Entrypoints, server: FakeServer) -> None:
    result = entrypoints.run("sh", "-c", "exit 3", server=server, env={"WAYPOINT_CEB_INVITE_TOKEN": ""})
    assert result.returncode == 3


def test_an_unknown_deployment_starts_the_application(entrypoints: Entrypoints, server: FakeServer) -> None:
    result = entrypoints.run("sh", "-c", "exit 3", server=server, env={"WAYPOINT_DEPLOYMENT_ID": "other"})
    assert result.returncode == 3
    assert "deployment not found" in result.stderr


def test_required_mode_waits_for_the_server(entrypoints: Entrypoints, certificate: object) -> None:
    port = free_port()
    env = {
        "WAYPOINT_SERVER_ADDR": f"127.0.0.1:{port}",
        "WAYPOINT_SERVER_TLS": "1",
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
        "WAYPOINT_CEB_SERVER_REQUIRED": "1",
        "WAYPOINT_CEB_CONNECT_TIMEOUT": "50ms",
        "WAYPOINT_CEB_INVITE_TOKEN": "invite-token",
    }
    process = entrypoints.start("sh", "-c", "echo $GREETING", env=env)
    assert process.stderr is not None
    assert b"Connection refused" in process.stderr.readline()
    server = FakeServer(make_certificate(), port)
    try:
        server.set_config(GREETING="hello")
        out, _ = process.communicate(timeout=60)
        assert out == b"hello\n"
    finally:
        server.stop()


def test_a_stop_while_waiting_ends_without_a_start(entrypoints: Entrypoints) -> None:
    env = {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{free_port()}", "WAYPOINT_CEB_SERVER_REQUIRED": "1"}
    process = entrypoints.start("sh", "-c", "echo started", env=env)
    assert process.stderr is not None
    process.stderr.readline()
    process.terminate()
    out, _ = process.communicate(timeout=60)
    assert process.returncode in (143, -15)
    assert out == b""


def test_unreadable_settings_are_reported_and_do_not_stop_the_start(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    env = {"WAYPOINT_CEB_DISABLE_EXEC": "perhaps", "WAYPOINT_CEB_CONNECT_TIMEOUT": "soon", "PORT": "tcp://10.0.0.1:80"}
    result = entrypoints.run("sh", "-c", "echo $PORT", server=server, env=env)
    assert result.stdout == "tcp://10.0.0.1:80\n"
    assert "WAYPOINT_CEB_DISABLE_EXEC" in result.stderr
    assert "WAYPOINT_CEB_CONNECT_TIMEOUT" in result.stderr


def test_a_value_too_large_for_an_environment_is_left_out_with_a_word(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    server.set_config(BIG="x" * (1 << 20), SMALL="here")
    result = entrypoints.run("sh", "-c", "echo ${BIG:-none} $SMALL", server=server)
    assert result.stdout == "none here\n"
    assert "BIG has 1048576 bytes" in result.stderr


def test_many_large_values_lose_the_largest_until_the_application_starts(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    server.set_config(**{f"V{n}": "x" * (100_000 + n) for n in range(28)})
    result = entrypoints.run("sh", "-c", "echo ${V27:-none} ; exit 3", server=server)
    assert (result.returncode, result.stdout) == (3, "none\n")
    assert "too large to start the application" in result.stderr


def test_closed_standard_descriptors(entrypoints: Entrypoints, server: FakeServer) -> None:
    marker = entrypoints.folder / "done"

    def close() -> None:
        for fd in (0, 1, 2):
            os.close(fd)

    process = entrypoints.start(
        "sh",
        "-c",
        f"sleep 0.2; touch {marker}; exit 3",
        server=server,
        preexec_fn=close,
        stdin=None,
        stdout=None,
        stderr=None,
    )
    assert process.wait(60) == 3
    assert marker.exists()


def test_the_status_of_a_stream_that_failed_once_is_not_the_end(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.config_error = (grpc.StatusCode.INTERNAL, "out of order")
    process = entrypoints.start("sh", "-c", "sleep 30", server=server)
    eventually(lambda: [m for m, _ in server.metadata].count("EntrypointConfig") >= 2)
    server.config_error = None
    server.wait(lambda: bool(server.instances))
    assert process.poll() is None
