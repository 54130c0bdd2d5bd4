"""What a domain function raises when it refuses: a gRPC status code and one sentence for the person who called.

Handlers and SQL functions raise these; the transport pipeline turns them into statuses. Anything else that escapes a
handler is a bug: the pipeline answers Internal and writes the traceback to the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc


@dataclass(frozen=True)
class Violation:
    """One broken rule of a request: `field` is the path in proto names joined by dots, `reason` says what is wrong."""

    field: str
    reason: str


class DomainError(Exception):
    """Base of all refusals (server.md §1.8). `details` become `ErrorDetail`s, `violations` a `BadRequest` detail."""

    code: grpc.StatusCode = grpc.StatusCode.INTERNAL

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        delay: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, str] = dict(details or {})
        self.violations = tuple(violations)
        self.delay = delay
        """Seconds the transport waits before it answers, so that a refused peer cannot retry in a hot loop."""


class Canceled(DomainError):
    """The work was stopped on somebody's request."""

    code = grpc.StatusCode.CANCELLED


class InvalidArgument(DomainError):
    """The request is malformed whatever the state of the server is."""

    code = grpc.StatusCode.INVALID_ARGUMENT

    @classmethod
    def of(cls, violations: Sequence[Violation]) -> InvalidArgument:
        """Returns one error that names every violation."""
        return cls(joined(violations), violations=violations)


class DeadlineExceeded(DomainError):
    """The caller's waiting time is over."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class NotFound(DomainError):
    """The record does not exist."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(DomainError):
    """A record with this identity exists."""

    code = grpc.StatusCode.ALREADY_EXISTS


class PermissionDenied(DomainError):
    """The caller is known, and may not do this."""

    code = grpc.StatusCode.PERMISSION_DENIED


class Unauthenticated(DomainError):
    """The caller is not known."""

    code = grpc.StatusCode.UNAUTHENTICATED


class ResourceExhausted(DomainError):
    """Something is full: disk, quota, or every candidate refuses."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class FailedPrecondition(DomainError):
    """The state of the server does not allow this now."""

    code = grpc.StatusCode.FAILED_PRECONDITION

    @classmethod
    def of(cls, violations: Sequence[Violation]) -> FailedPrecondition:
        """Returns one error that names every violation; `QueueJob` and `SetServerConfig` answer this way (§1.8)."""
        return cls(joined(violations), violations=violations)


class Aborted(DomainError):
    """Somebody else's concurrent change won."""

    code = grpc.StatusCode.ABORTED


class Unimplemented(DomainError):
    """This server has no such feature."""

    code = grpc.StatusCode.UNIMPLEMENTED


class Unavailable(DomainError):
    """The server or its store cannot answer now; the caller should come back."""

    code = grpc.StatusCode.UNAVAILABLE


def joined(violations: Sequence[Violation]) -> str:
    """Returns all violations as one sentence."""
    return "; ".join(f"{violation.field}: {violation.reason}" for violation in violations)
