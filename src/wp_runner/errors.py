"""Exceptions as `google.rpc.Status`: what a job and an operation record store about a failure (protocol specification
9)."""

from __future__ import annotations

import errno
import traceback

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2

from wp_config.diagnostics import Diagnostics
from wp_sdk.errors import Cancelled, PluginError
from wp_sdk.mapper import UnsatisfiedArguments

DOMAIN = "waypoint.plugin"


class PluginDefect(Exception):
    """A plugin failed in a way its author did not foresee. The cause is chained."""


class OperationFailed(PluginError):
    """An operation as a whole failed for a reason the runner found, not a plugin."""


_ENVIRONMENT = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some space, or ask for a larger quota",
    errno.EROFS: "Use a folder that can be written to",
    errno.EACCES: "Give the user who runs waypoint access to it",
    errno.EPERM: "Give the user who runs waypoint access to it",
    errno.EMFILE: "Raise the limit of open files",
    errno.ENFILE: "Close some programs",
    errno.ENOMEM: "Close some programs",
}


def environment_problem(error: OSError) -> PluginError | None:
    """The error in words when the machine is to blame (disk full, no permission), None when a program is."""
    advice = _ENVIRONMENT.get(error.errno or 0)
    if advice is None:
        return None
    return PluginError(error.strerror or str(error), where=str(error.filename or ""), do=advice)


def to_status(error: BaseException) -> status_pb2.Status:
    """Turn a failure into a status; code INTERNAL means a defect, whose traceback belongs into the log."""
    match error:
        case Cancelled():
            return status_pb2.Status(code=code_pb2.CANCELLED, message="canceled")
        case UnsatisfiedArguments():
            return _unsatisfied(error)
        case PluginError():
            return status_pb2.Status(code=code_pb2.UNKNOWN, message=str(error))
        case Diagnostics():
            return status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message=error.render())
        case grpc.RpcError():
            code = error.code()
            details = error.details() or "the connection was lost"
            return status_pb2.Status(code=code.value[0], message=f"The server answered: {details}")
        case OSError() if (problem := environment_problem(error)) is not None:
            return to_status(problem)
        case _:
            return _defect(error)


def _unsatisfied(error: UnsatisfiedArguments) -> status_pb2.Status:
    status = status_pb2.Status(code=code_pb2.FAILED_PRECONDITION, message=str(error))
    reason = error_details_pb2.ErrorInfo(reason="UNSATISFIED_ARGUMENTS", domain=DOMAIN)
    failure = error_details_pb2.PreconditionFailure(
        violations=[
            error_details_pb2.PreconditionFailure.Violation(type="argument", subject=key) for key in error.missing
        ]
    )
    for detail in (reason, failure):
        status.details.add().Pack(detail)
    return status


def _defect(error: BaseException) -> status_pb2.Status:
    cause = error.__cause__ if isinstance(error, PluginDefect) and error.__cause__ is not None else error
    text = str(error) if isinstance(error, PluginDefect) else f"{type(error).__name__}: {error}"
    status = status_pb2.Status(code=code_pb2.INTERNAL, message=text)
    frames = traceback.format_exception(cause)
    status.details.add().Pack(error_details_pb2.DebugInfo(stack_entries=frames, detail=text))
    return status
