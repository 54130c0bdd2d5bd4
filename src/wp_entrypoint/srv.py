"""Finding servers by DNS SRV records (RFC 2782), which the standard library cannot ask for.

A stub resolver as small as the question: one query to the name servers of resolv.conf, over TCP when the answer is too
long for UDP.
"""

from __future__ import annotations

import _socket
import os

from wp_entrypoint.instance import chance

TYPE_CHECKING = False
if TYPE_CHECKING:
    Record = tuple[int, int, int, bytes]  # priority, weight, port, target

RESOLV_CONF = "/etc/resolv.conf"
DNS_PORT = 53
TIMEOUT = 2.0
"""Seconds for one answer of one name server."""
ROUNDS = 2
SRV = 33
INTERNET = 1
OPT = 41
LARGEST = 1232
"""Bytes of an answer that travel unfragmented (the recommendation of DNS flag day 2020)."""
TRUNCATED = 0x0200
NO_SUCH_NAME = 3


class SrvError(OSError):
    """The records cannot be had; the text says why."""


def look_up(name: bytes) -> list[tuple[bytes, int]]:
    """Targets and their ports, in the order to try them. Blocks. Raises SrvError."""
    records = _records(name)
    if len(records) == 1 and records[0][3] == b"":
        raise SrvError("its SRV record says that there is no such service")
    return [(target, port) for _, _, port, target in in_order(records)]


def in_order(records: list[Record]) -> list[Record]:
    """Lower priorities first; among equals by chance, as their weights say."""
    ordered: list[Record] = []
    left = sorted(records)
    while left:
        same = [record for record in left if record[0] == left[0][0]]
        point = chance() * (sum(record[1] for record in same) or 1)
        chosen = same[-1]
        for record in same:
            point -= record[1]
            if point < 0:
                chosen = record
                break
        ordered.append(chosen)
        left.remove(chosen)
    return ordered


def _records(name: bytes) -> list[Record]:
    trouble = "no name server answered"
    query = question(name)
    for _ in range(ROUNDS):
        for server in _name_servers():
            try:
                answer = _ask(server, query)
                return parse(answer, query[:2])
            except SrvError:
                raise
            except (OSError, ValueError, IndexError) as error:
                trouble = f"the name server {server} did not answer: {getattr(error, 'strerror', None) or error}"
    raise SrvError(trouble)


def _name_servers() -> list[str]:
    found = []
    try:
        with open(RESOLV_CONF, "rb") as file:
            for line in file:
                words = line.split()
                if len(words) > 1 and words[0] == b"nameserver":
                    found.append(words[1].decode("ascii", "replace"))
    except OSError:
        pass  # as the C library: the own machine
    return found or ["127.0.0.1"]


def _ask(server: str, query: bytes) -> bytes:
    family = _socket.AF_INET6 if ":" in server else _socket.AF_INET
    udp = _socket.socket(family, _socket.SOCK_DGRAM)
    try:
        udp.settimeout(TIMEOUT)
        udp.connect((server, DNS_PORT))
        udp.send(query)
        answer = udp.recv(65535)
    finally:
        udp.close()
    if len(answer) < 4 or not int.from_bytes(answer[2:4], "big") & TRUNCATED:
        return answer
    tcp = _socket.socket(family, _socket.SOCK_STREAM)
    try:
        tcp.settimeout(TIMEOUT)
        tcp.connect((server, DNS_PORT))
        tcp.sendall(len(query).to_bytes(2, "big") + query)
        answer = b""
        while len(answer) < 2 or len(answer) < 2 + int.from_bytes(answer[:2], "big"):
            piece = tcp.recv(65535)
            if not piece:
                raise ValueError("the answer is cut off")
            answer += piece
    finally:
        tcp.close()
    return answer[2:]


def question(name: bytes) -> bytes:
    """A query for the SRV records of a name. Raises SrvError when that cannot be a name."""
    labels = name.strip(b".").split(b".")
    if not all(0 < len(label) < 64 for label in labels):
        raise SrvError("that is not a DNS name")
    asked = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    head = os.urandom(2) + b"\1\0" + b"\0\1" + b"\0\0" + b"\0\0" + b"\0\1"
    edns = b"\0" + OPT.to_bytes(2, "big") + LARGEST.to_bytes(2, "big") + bytes(6)
    return head + asked + SRV.to_bytes(2, "big") + INTERNET.to_bytes(2, "big") + edns


def parse(answer: bytes, identity: bytes) -> list[Record]:
    """The SRV records of an answer. Raises SrvError, and ValueError or IndexError when it is not one."""
    flags = int.from_bytes(answer[2:4], "big")
    if len(answer) < 12 or answer[:2] != identity or not flags & 0x8000:
        raise ValueError("that is no answer to the question")
    if flags & 15 == NO_SUCH_NAME:
        raise SrvError("there is no such name")
    if flags & 15:
        raise ValueError(f"it answered with the error {flags & 15}")
    position = 12
    for _ in range(int.from_bytes(answer[4:6], "big")):
        _, position = _name(answer, position)
        position += 4
    records: list[Record] = []
    for _ in range(int.from_bytes(answer[6:8], "big")):
        _, position = _name(answer, position)
        kind = int.from_bytes(answer[position : position + 2], "big")
        length = int.from_bytes(answer[position + 8 : position + 10], "big")
        position += 10
        if position + length > len(answer):
            raise ValueError("the answer is cut off")
        if kind == SRV:
            numbers = [int.from_bytes(answer[position + n : position + n + 2], "big") for n in (0, 2, 4)]
            records.append((numbers[0], numbers[1], numbers[2], _name(answer, position + 6)[0]))
        position += length
    if not records:
        raise SrvError("the name has no SRV records")
    return records


def _name(message: bytes, position: int) -> tuple[bytes, int]:
    """A name, compressed or not (RFC 1035 section 4.1.4), and the position after it."""
    labels = []
    after = -1
    limit = len(message)
    while True:
        length = message[position]
        if length & 0xC0 == 0xC0:
            target = int.from_bytes(message[position : position + 2], "big") & 0x3FFF
            after = position + 2 if after < 0 else after
            if target >= limit:
                raise ValueError("a name refers to itself")
            position = limit = target  # each jump goes further back, so there is an end
        elif length & 0xC0:
            raise ValueError("a name has a label of an unknown kind")
        elif length:
            labels.append(message[position + 1 : position + 1 + length])
            position += 1 + length
        else:
            return b".".join(labels), position + 1 if after < 0 else after
