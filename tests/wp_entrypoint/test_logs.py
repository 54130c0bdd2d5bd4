"""The application's output: passed on byte for byte, and shipped without loss while there is a server."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wp_entrypoint.conftest import Entrypoints, eventually
from tests.wp_entrypoint.fake_server import FakeServer

from wp_entrypoint import loop as loops
from wp_entrypoint.grpc import Call
from wp_entrypoint.journal import Journal
from wp_entrypoint.logs import GATHER, MAX_LINE, PIECE_OVERHEAD, Buffer, Lines, Shipper
from wp_entrypoint.session import Session
from wp_proto.waypoint import api as pb


@pytest.mark.both_natures
def test_both_streams_arrive_here_and_at_the_server(entrypoints: Entrypoints, server: FakeServer) -> None:
    result = entrypoints.run("sh", "-c", "echo out; echo err >&2; printf rest", server=server)
    assert result.stdout == "out\nrest"
    assert "err\n" in result.stderr
    eventually(lambda: sorted(server.app_lines()) == ["err", "out", "rest"])
    assert any("started sh" in line for line in server.own_lines())


def test_lines_have_their_time_and_source(entrypoints: Entrypoints, server: FakeServer) -> None:
    before = time.time()
    entrypoints.run("echo", "one", server=server)
    entry = next(entry for entry in server.lines if entry.source == pb.LogBatch.Entry.APP)
    assert before <= entry.timestamp.ToNanoseconds() / 1e9 <= time.time()


@pytest.mark.as_zipapp
@pytest.mark.timeout(600)
def test_a_burst_of_100_000_lines_is_complete_and_in_order(entrypoints: Entrypoints, server: FakeServer) -> None:
    # A server that takes nothing for as long as this only has no processor, here.
    entrypoints.repack("logs", STALL=60.0)
    entrypoints.repack("agent", FLUSH_TIMEOUT=60.0)
    batches: list[int] = []
    server.on_log_batch = lambda batch: batches.append(len(batch.lines))
    program = "import sys; sys.stdout.write(''.join('%099d\\n' % n for n in range(100000)))"
    result = entrypoints.run("/usr/bin/python3", "-c", program, server=server, timeout=120)
    lines = [f"{n:099d}" for n in range(100_000)]
    assert result.stdout.splitlines() == lines
    assert server.app_lines() == lines
    assert len(batches) < 1000, "many lines to a message"


@pytest.mark.both_natures
def test_what_is_not_text_is_passed_on_unchanged(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start("sh", "-c", "printf '\\377\\376\\0x\\r\\nlast'", server=server)
    out, _ = process.communicate(timeout=60)
    assert out == b"\xff\xfe\0x\r\nlast"
    assert server.app_lines() == ["\ufffd\ufffd\0x", "last"]


@pytest.mark.both_natures
def test_ten_megabytes_without_a_newline(entrypoints: Entrypoints, server: FakeServer) -> None:
    script = "head -c 10000000 /dev/zero | tr '\\\\0' x; read x"
    process = entrypoints.start("sh", "-c", script, server=server, stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert len(process.stdout.read(10_000_000)) == 10_000_000
    server.wait(lambda: sum(map(len, server.app_lines())) == 10_000_000)
    assert max(map(len, server.app_lines())) <= MAX_LINE
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]
    assert peak < 48 * 1024, "kB; a line is not kept whole"
    process.communicate(b"\n", timeout=60)


@pytest.mark.both_natures
def test_a_prompt_without_newline_is_shipped_after_a_while(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start("sh", "-c", "printf 'name? '; read x", server=server, stdin=subprocess.PIPE)
    server.wait(lambda: "name? " in server.app_lines())
    process.communicate(b"\n", timeout=60)


@pytest.mark.both_natures
def test_switched_off_the_application_writes_directly(entrypoints: Entrypoints, server: FakeServer) -> None:
    process = entrypoints.start(
        "sh", "-c", "readlink /proc/self/fd/1; exit 3", server=server, env={"WAYPOINT_CEB_DISABLE_LOGS": "1"}
    )
    assert process.stdout is not None
    own = os.readlink(f"/proc/self/fd/{process.stdout.fileno()}")
    out, _ = process.communicate(timeout=60)
    assert out.decode().strip() == own
    assert process.returncode == 3
    assert not server.lines


def test_without_a_server_nothing_blocks_and_all_is_passed_on(entrypoints: Entrypoints) -> None:
    program = "import sys; sys.stdout.write(''.join('%099d\\n' % n for n in range(200000)))"
    env = {"WAYPOINT_SERVER_ADDR": "127.0.0.1:1"}
    result = entrypoints.run("/usr/bin/python3", "-c", program, env=env, timeout=60)
    assert len(result.stdout) == 20_000_000
    assert result.returncode == 0


def told_missing(server: FakeServer) -> int:
    """Lines that the entrypoint said were not kept; several times where some could be sent in between."""
    said = [line for line in server.own_lines() if "were not kept" in line]
    return sum(int(line.split("logs: ")[1].split()[0]) for line in said)


def test_the_newest_lines_are_kept_while_the_server_is_away_and_the_loss_is_told(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    server.config_error = (grpc.StatusCode.UNAVAILABLE, "not yet")
    program = (
        "import sys, time\n"
        "sys.stdout.write(''.join('%099d\\n' % n for n in range(20000))); sys.stdout.flush()\n"
        "sys.stdin.readline()\n"
    )
    env = {"WAYPOINT_CEB_LOG_BUFFER": "1MiB"}
    process = entrypoints.start("/usr/bin/python3", "-c", program, server=server, env=env, stdin=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(20_000):
        process.stdout.readline()
    server.config_error = None
    server.wait(lambda: f"{19_999:099d}" in server.app_lines())
    kept = [int(line) for line in server.app_lines() if len(line) == 99]
    assert kept == list(range(kept[0], 20_000)), "what is kept is the newest, without gaps"
    assert 5_000 < len(kept) < 11_000
    server.wait(lambda: told_missing(server) in (kept[0], kept[0] - 1))  # a piece may be cut inside a line
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]
    assert peak < 64 * 1024, "kB; memory does not grow with what is dropped"
    process.communicate(b"\n", timeout=60)


@pytest.mark.both_natures
def test_four_megabytes_outlast_an_absence_of_a_server_that_was_there(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    """With the settings as they are unless somebody changes them. How long it is away does not matter, only how much is
    said meanwhile."""
    number = 0
    program = (
        "import sys\n"
        "for line in sys.stdin:\n"
        "    for n in map(int, range(*map(int, line.split()))):\n"
        "        print('%099d' % n)\n"
        "    sys.stdout.flush()\n"
    )
    process = entrypoints.start("/usr/bin/python3", "-c", program, server=server, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None

    def say(until: int) -> None:
        nonlocal number
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"%d %d\n" % (number, until))
        process.stdin.flush()
        for _ in range(number, until):
            process.stdout.readline()
        number = until

    say(1000)
    server.wait(lambda: f"{999:099d}" in server.app_lines())
    server.config_error = (grpc.StatusCode.UNAVAILABLE, "away")
    server.log_error = server.config_error
    server.end_streams()
    server.wait(lambda: [method for method, _ in server.metadata].count("EntrypointConfig") > 1)
    say(101_000)
    server.config_error = server.log_error = None
    server.wait(lambda: f"{100_999:099d}" in server.app_lines(), timeout=60)
    kept = [int(line) for line in server.app_lines() if int(line) >= 1000]
    tail = kept[kept.index(max(set(range(1000, 101_000)) - set(kept)) + 1) :]
    assert tail == list(range(tail[0], 101_000)), "the newest, without gaps and in order"
    assert 30_000 < len(tail) <= 43_000, "4 MiB of them"
    server.wait(lambda: told_missing(server) > 50_000)
    process.communicate(b"", timeout=30)


@pytest.mark.both_natures
@pytest.mark.parametrize("graceful", [True, False])
def test_a_restart_of_the_server_loses_no_line(entrypoints: Entrypoints, graceful: bool) -> None:
    first = FakeServer(None)
    program = (
        "import sys, time\n"
        "for n in range(3000):\n"
        "    print(n, flush=True)\n"
        "    time.sleep(0.001)\n"
        "sys.stdin.readline()\n"
    )
    process = entrypoints.start("/usr/bin/python3", "-c", program, server=first, stdin=subprocess.PIPE)
    drain = threading.Thread(target=lambda: process.stdout.read() if process.stdout else None)  # type: ignore[union-attr]
    drain.start()
    first.wait(lambda: len(first.app_lines()) > 500)
    first.stop(grace=0.2 if graceful else None)
    second = FakeServer(None, first.port)
    try:
        second.wait(lambda: "2999" in second.app_lines(), timeout=60)
        seen = {int(line) for line in first.app_lines() + second.app_lines()}
        assert seen == set(range(3000))
        numbers = [int(line) for line in second.app_lines()]
        assert numbers == sorted(numbers), "never reordered"
    finally:
        process.terminate()
        process.wait(60)
        drain.join(60)
        second.stop()


def test_a_server_that_stalls_holds_up_nobody_for_long(entrypoints: Entrypoints, server: FakeServer) -> None:
    release = threading.Event()
    server.on_log_batch = lambda batch: release.wait(60)
    program = "import sys; sys.stdout.write(''.join('%099d\\n' % n for n in range(200000)))"
    process = entrypoints.start("/usr/bin/python3", "-c", program, server=server)
    assert process.stdout is not None
    count = sum(1 for _ in process.stdout)
    release.set()
    assert count == 200_000
    assert process.wait(60) == 0


def test_a_server_that_refuses_logs_is_left_alone(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.log_error = (grpc.StatusCode.UNIMPLEMENTED, "no logs here")
    program = "while :; do echo line; sleep 0.05; done"
    process = entrypoints.start("sh", "-c", program, server=server)
    assert process.stdout is not None
    for _ in range(60):
        process.stdout.readline()
    assert [method for method, _ in server.metadata].count("EntrypointLogStream") == 1


def test_lines_that_the_server_will_not_have_are_given_up_and_told(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    server.log_error = (grpc.StatusCode.INVALID_ARGUMENT, "I do not like these")
    process = entrypoints.start("sh", "-c", "echo bad; read x; echo good; read x", server=server, stdin=subprocess.PIPE)
    assert process.stderr is not None
    assert process.stdin is not None
    while b"refused by the server" not in (line := process.stderr.readline()):
        assert line, "nothing was told"
    server.log_error = None
    process.stdin.write(b"\n")
    process.stdin.flush()
    server.wait(lambda: "good" in server.app_lines())
    assert "bad" not in server.app_lines()


def test_lines_wait_for_a_server_that_does_not_know_the_instance_yet(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    server.log_error = (grpc.StatusCode.NOT_FOUND, "who is that?")
    entrypoints.start("sh", "-c", "echo early; exec sleep 100", server=server)
    server.wait(lambda: [method for method, _ in server.metadata].count("EntrypointLogStream") >= 4)
    server.log_error = None
    server.wait(lambda: server.app_lines() == ["early"])


@pytest.mark.both_natures
def test_own_output_closed_does_not_stop_shipping(entrypoints: Entrypoints, server: FakeServer) -> None:
    read, write = os.pipe()
    process = entrypoints.start("sh", "-c", "sleep 0.2; echo one; sleep 0.1; echo two", server=server, stdout=write)
    os.close(write)
    os.close(read)
    assert process.wait(60) == 0
    assert server.app_lines() == ["one", "two"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.binary(max_size=40) | st.integers(MAX_LINE - 2, MAX_LINE * 2 + 2).map(lambda n: b"x" * n), max_size=9)
)
def test_lines_do_not_depend_on_how_output_is_cut(pieces: list[bytes]) -> None:
    whole, cut = Lines(), Lines()
    expected = whole.cut(b"".join(pieces)) + whole.rest()
    found = [line for piece in pieces for line in cut.cut(piece)] + cut.rest()
    assert all(len(line) <= MAX_LINE for line in expected + found)
    strip = b"".join(pieces).replace(b"\r\n", b"\n").replace(b"\n", b"")
    if b"\r\n" not in b"".join(pieces):
        assert b"".join(expected) == b"".join(found) == strip


def test_a_full_buffer_drops_the_oldest_and_counts_them() -> None:
    buffer = Buffer(10 * (100 + PIECE_OVERHEAD))
    for number in range(25):
        buffer.put(1, number, b"%098d\n\n" % number)
    assert buffer.take_losses() == (30, 1500)
    first = buffer.take()
    assert first is not None
    assert first[1] == 15


def test_a_full_buffer_waits_for_a_server_that_takes() -> None:
    buffer = Buffer(1000)
    buffer.drain(True)
    taken: list[int] = []

    def drain() -> None:
        while len(taken) < 200:
            piece = buffer.take()
            if piece is not None:
                taken.append(piece[1])

    thread = threading.Thread(target=drain)
    thread.start()
    for number in range(200):
        buffer.put(1, number, b"x" * 300)
    thread.join(60)
    assert taken == list(range(200))
    assert buffer.take_losses() == (0, 0)


def test_lines_wait_only_for_others_right_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(loops, "now", lambda: moment)
    loop = Mock(spec=loops.Loop, wake=lambda call: call())
    call = Mock(spec=Call, half_closed=False, queued=lambda: 0)
    session = Mock(spec=Session, ready=True, instance_id="I", open=lambda *_: call)
    session.on_ready, session.on_gone, session.on_room, session.on_leaving = [], [], [], []
    shipper = Shipper(loop, Journal(), session, 1 << 20)
    waited, batches = [], []
    call.send = lambda batch: batches.append([line.line for line in pb.EntrypointLogBatch.FromString(batch).lines])
    moments = ((0.0, b"first\n"), (GATHER / 4, b"second\nthird\n"), (60.0, b"not the"), (0.001, b" whole line\n"))
    for later, output in moments:
        moment += later
        shipper.take(1, output)
        seconds, gathered = next(
            each.args for each in reversed(loop.after.call_args_list) if each.args[1] == shipper._gathered
        )
        waited.append(seconds)
        moment += seconds
        gathered()
    assert waited == pytest.approx([0.0, GATHER * 3 / 4, 0.0, 0.0])
    assert batches == [["first"], ["second", "third"], ["not the whole line"]]
