"""Errors as gRPC statuses (server.md §1.8): code, sentence, and `grpc-status-details-bin`."""

from __future__ import annotations

import logging
import secrets
from typing import Never

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from wp_proto.waypoint import api as pb
from wp_server.errors import DomainError, Unavailable, Violation

DETAILS_KEY = "grpc-status-details-bin"
SHUTTING_DOWN = Unavailable("The server is shutting down. Connect again.")
TURNED_AWAY = Unavailable(SHUTTING_DOWN.message, delay=0.2)
"""For who comes back on the same connection: Go entrypoints do so at once, and for as long as they get this answer."""

_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}

log = logging.getLogger("waypoint.server.rpc")

Context = grpc.aio.ServicerContext[bytes, bytes]


async def refuse(context: Context, error: DomainError) -> Never:
    """Ends the call with the status of `error`."""
    trailers = ((DETAILS_KEY, rich(error)),) if error.details or error.violations else ()
    await context.abort(error.code, error.message, trailers)
    raise AssertionError("abort returned")


def unexpected(rpc: str, error: Exception) -> DomainError:
    """Returns what the caller hears of an error nobody expected, and writes its traceback to the log."""
    number = secrets.token_hex(4)
    log.error("%s failed unexpectedly (%s)", rpc, number, exc_info=error)
    return DomainError(f"Something in the server went wrong. Its log has the cause under {number}.")


def rich(error: DomainError) -> bytes:
    """Returns the serialized `google.rpc.Status` of `error`."""
    code: int = error.code.value[0]
    status = status_pb2.Status(code=code, message=error.message)
    for key, value in error.details.items():
        _attach(status.details.add(), pb.ErrorDetail(key=key, value=value))
    if error.violations:
        bad = error_details_pb2.BadRequest()
        for violation in error.violations:
            bad.field_violations.add(field=violation.field, description=violation.reason)
        _attach(status.details.add(), bad)
    serialized: bytes = status.SerializeToString()
    return serialized


def error_of(rich: bytes) -> DomainError:
    """Returns the error of a serialized `google.rpc.Status`. Errors: DecodeError."""
    status = status_pb2.Status.FromString(rich)
    details: dict[str, str] = {}
    violations: list[Violation] = []
    for packed in status.details:
        detail, bad = pb.ErrorDetail(), error_details_pb2.BadRequest()
        if packed.Unpack(detail):
            details[detail.key] = detail.value
        elif packed.Unpack(bad):
            violations += [Violation(one.field, one.description) for one in bad.field_violations]
    error = DomainError(status.message, details=details, violations=violations)
    error.code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    return error


def _attach(slot: any_pb2.Any, message: pb.ErrorDetail | error_details_pb2.BadRequest) -> None:
    slot.Pack(message)
