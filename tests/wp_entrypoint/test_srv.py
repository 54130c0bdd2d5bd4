"""Servers that are found by SRV records, with a name server of the tests' own."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ports import free_port

from wp_entrypoint import srv

from .conftest import Entrypoints
from .fake_server import FakeServer

NAME = b"_waypoint._tcp.example.test"
Records = list[tuple[int, int, int, bytes]]


def encoded(name: bytes) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in name.split(b".") if label) + b"\0"


class NameServer:
    """Answers on loopback, over UDP and TCP on one port."""

    def __init__(self, records: Records, rcode: int = 0, compressed: bool = True, truncate: bool = False) -> None:
        self.records = records
        self._rcode = rcode
        self._compressed = compressed
        self._truncate = truncate
        self.asked: list[str] = []
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port = free_port()
        self._udp.bind(("127.0.0.1", self.port))
        self._tcp = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._serve_tcp, daemon=True).start()

    def _serve_udp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                query, peer = self._udp.recvfrom(4096)
                self.asked.append("udp")
                self._udp.sendto(self.answer(query, self._truncate), peer)

    def _serve_tcp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._tcp.accept()
                with peer:
                    self.asked.append("tcp")
                    answer = self.answer(peer.recv(4096)[2:], False)
                    peer.sendall(struct.pack(">H", len(answer)))
                    for start in range(0, len(answer), 100):
                        peer.sendall(answer[start : start + 100])

    def answer(self, query: bytes, truncate: bool) -> bytes:
        end = query.index(b"\0", 12) + 5
        flags = 0x8180 | self._rcode | (0x0200 if truncate else 0)
        records = [] if truncate else self.records
        out = query[:2] + struct.pack(">HHHHH", flags, 1, len(records) + bool(records), 0, 0) + query[12:end]
        owner = b"\xc0\x0c" if self._compressed else query[12 : end - 4]
        if records:  # something else that a name may have too
            out += owner + struct.pack(">HHIH", 16, 1, 60, 3) + b"\2hi"
        for priority, weight, port, target in records:
            data = struct.pack(">HHH", priority, weight, port) + encoded(target)
            out += owner + struct.pack(">HHIH", 33, 1, 60, len(data)) + data
        return out

    def close(self) -> None:
        self._udp.close()
        self._tcp.close()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[object]:
    started: list[NameServer] = []
    (tmp_path / "resolv.conf").write_text("# comment\nsearch example.test\nnameserver 127.0.0.1\n")
    monkeypatch.setattr(srv, "RESOLV_CONF", str(tmp_path / "resolv.conf"))

    def serve(records: Records, **how: object) -> NameServer:
        started.append(NameServer(records, **how))  # type: ignore[arg-type]
        monkeypatch.setattr(srv, "DNS_PORT", started[-1].port)
        return started[-1]

    yield serve
    for server in started:
        server.close()


@pytest.mark.parametrize("compressed", [True, False])
def test_targets_in_the_order_of_their_priority(serve, compressed: bool) -> None:
    serve([(20, 0, 9702, b"b.example.test"), (10, 5, 9701, b"a.example.test")], compressed=compressed)
    assert srv.look_up(NAME) == [(b"a.example.test", 9701), (b"b.example.test", 9702)]


def test_a_long_answer_comes_over_tcp(serve) -> None:
    records = [(n, 0, 9000 + n, b"host-%d.a-rather-long-name.example.test" % n) for n in range(60)]
    server = serve(records, truncate=True)
    assert [port for _, port in srv.look_up(NAME)] == [9000 + n for n in range(60)]
    assert server.asked == ["udp", "tcp"]


def test_equal_priorities_share_by_weight() -> None:
    records: Records = [(10, 30, 1, b"often"), (10, 10, 2, b"seldom"), (10, 0, 3, b"hardly")]
    first = Counter(srv.in_order(records)[0][3] for _ in range(2000))
    assert 1300 < first[b"often"] < 1700
    assert 350 < first[b"seldom"] < 650
    assert all(sorted(srv.in_order(records)) == sorted(records) for _ in range(20))
    assert {srv.in_order([(1, 0, 1, b"a"), (1, 0, 2, b"b")])[0][3] for _ in range(50)} <= {b"a", b"b"}


@pytest.mark.parametrize(
    ("records", "rcode", "words"),
    [([], 3, "no such name"), ([], 0, "no SRV records"), ([(0, 0, 0, b"")], 0, "no such service"), ([], 2, "error 2")],
)
def test_what_there_is_not(serve, records: Records, rcode: int, words: str) -> None:
    serve(records, rcode=rcode)
    with pytest.raises(srv.SrvError, match=words):
        srv.look_up(NAME)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, serve) -> None:
    serve([]).close()
    monkeypatch.setattr(srv, "TIMEOUT", 0.2)
    with pytest.raises(srv.SrvError, match="did not answer"):
        srv.look_up(NAME)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_refused_never_worse(noise: bytes) -> None:
    whole = b"id\x81\x80\0\1\0\2\0\0\0\0" + encoded(NAME) + b"\0\x21\0\1" + noise
    with contextlib.suppress(srv.SrvError, ValueError, IndexError):
        srv.parse(whole, b"id")


@pytest.mark.parametrize("name", [b"", b"a..b", b"x" * 64 + b".test"])
def test_what_cannot_be_asked_for(name: bytes) -> None:
    with pytest.raises(srv.SrvError, match="not a DNS name"):
        srv.question(name)


def test_an_entrypoint_finds_its_server(entrypoints: Entrypoints, server: FakeServer, tmp_path) -> None:
    """The first target refuses, the second is the server; its certificate must bear the target's name."""
    names = NameServer([(1, 0, 1, b"localhost"), (2, 0, server.port, b"localhost")])
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    assert server.certificate is not None
    (tmp_path / "ca.pem").write_bytes(server.certificate.pem)
    entrypoints.repack("srv", RESOLV_CONF=repr(str(tmp_path / "resolv.conf")), DNS_PORT=names.port)
    server.set_config(GREETING="hello")
    env = {
        "WAYPOINT_SERVER_ADDR": f"srv:{NAME.decode()}",
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "",
        "WAYPOINT_SERVER_TLS_CA": str(tmp_path / "ca.pem"),
    }
    result = entrypoints.run("sh", "-c", "echo $GREETING", server=server, env=env)
    assert result.stdout == "hello\n", result.stderr
    names.close()


def test_a_name_that_is_none_is_told(entrypoints: Entrypoints, tmp_path) -> None:
    names = NameServer([], rcode=3)
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    entrypoints.repack("srv", RESOLV_CONF=repr(str(tmp_path / "resolv.conf")), DNS_PORT=names.port)
    result = entrypoints.run("echo", "started", env={"WAYPOINT_SERVER_ADDR": "srv:_none._tcp.example.test"})
    assert result.stdout == "started\n"
    assert "srv:_none._tcp.example.test: the name cannot be resolved: there is no such name" in result.stderr
    names.close()
