"""How a call that another server passed on ends, told beside the status (server.md §11.6).

A grpc.aio client that is writing at the moment at which its call ends loses the status: it reports INTERNAL, "Internal
error from Core". What passes a stream of requests on is always writing. So the status is told once more where that
cannot happen: as the last answer, in a field that no answer has; or, where the only answer is the result, in the
metadata before it.
"""

from __future__ import annotations

import asyncio
import contextlib

import grpc
from google.protobuf.message import DecodeError

from wp_server.errors import DomainError
from wp_server.transport import status

PASSED_ON = "waypoint-passed-on"
"""Metadata of a call that a server passed on: whoever gets it answers it himself."""
KEY = "waypoint-end-bin"
_TAG = b"\x82\xe2\x09"
"""Field 20000, length-delimited; fields are in the order of their numbers, so no other answer begins so."""
SECONDS = 2.0
"""Patience with a server that does not read."""

Context = grpc.aio.ServicerContext[bytes, bytes]


def is_passed_on(context: Context) -> bool:
    """Returns whether another server passed this call on to us."""
    return PASSED_ON in dict(context.invocation_metadata() or ())


async def say(context: Context, error: DomainError | None, *, in_answers: bool) -> None:
    """Tells how a passed-on stream is about to end (None: well); a server that has gone does not matter."""
    if not is_passed_on(context):
        return
    end = status.rich(error) if error is not None else b""
    with contextlib.suppress(asyncio.InvalidStateError, RuntimeError, grpc.aio.UsageError, TimeoutError):
        async with asyncio.timeout(SECONDS):
            if in_answers:
                await context.write(_TAG + _varint(len(end)) + end)
            elif error is not None:
                await context.send_initial_metadata(((KEY, end),))


def heard(answer: bytes) -> bytes | None:
    """Returns the end that an answer tells; None for an answer of the other kind. Errors: ValueError."""
    if not answer.startswith(_TAG):
        return None
    size, shift, position = 0, 0, len(_TAG)
    while True:
        if position >= len(answer):
            raise ValueError("the other server's last words are cut off")
        byte = answer[position]
        size |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if not byte & 0x80:
            break
    if len(answer) != position + size:
        raise ValueError("the other server's last words are cut off")
    return answer[position:]


def error_of(end: bytes) -> DomainError | None:
    """Returns what an end means for our own caller; None when all is well. Errors: ValueError."""
    if not end:
        return None
    try:
        return status.error_of(end)
    except DecodeError as error:
        raise ValueError("the other server's last words are garbled") from error


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)
