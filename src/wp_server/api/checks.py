"""Request structure: every broken rule of a request is reported at once (server.md §1.8, §3.1)."""

from __future__ import annotations

import re

from google.protobuf.message import Message

from wp_proto.waypoint import api as pb
from wp_server.durations import parse_duration
from wp_server.errors import FailedPrecondition, InvalidArgument, Violation

_NAME = re.compile(r"[a-zA-Z0-9_-]*")
_WORKSPACE = re.compile(r"[^\W_]+[\w\-]*")
_WORKSPACE_LIMIT = 38
NAME_LIMIT = 255
"""Characters of a name (§11.7: keys and values up to 255 bytes)."""


class Checks:
    """Collects violations; `raise_invalid` or `raise_precondition` ends the request if there are any."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def fail(self, field: str, reason: str) -> None:
        """Records that `field` breaks a rule."""
        self.violations.append(Violation(field, reason))

    def present(self, message: Message, field: str, path: str = "") -> bool:
        """Records a missing submessage; returns whether it is there."""
        there = message.HasField(field)
        if not there:
            self.fail(path or field, "is required")
        return there

    def name(self, field: str, value: str) -> None:
        """A name of a project, application, profile or trigger (§3.1): these appear in paths."""
        if not value:
            self.fail(field, "must not be empty")
        elif len(value) > NAME_LIMIT:
            self.fail(field, f"must not be longer than {NAME_LIMIT} characters")
        elif not _NAME.fullmatch(value):
            self.fail(field, f"{value!r} may only have letters, digits, '-' and '_'")

    def workspace(self, field: str, value: str) -> None:
        """A name of a workspace: the rule of names, and no '-' or '_' at either end, 1-38 characters."""
        self.name(field, value)
        if value and _NAME.fullmatch(value):
            if len(value) > _WORKSPACE_LIMIT:
                self.fail(field, f"must not be longer than {_WORKSPACE_LIMIT} characters")
            elif not _WORKSPACE.fullmatch(value) or value[-1] in "-_":
                self.fail(field, f"{value!r} must start and end with a letter or digit")

    def duration(self, field: str, value: str) -> float:
        """Returns the seconds of a Go duration; 0 after recording a violation."""
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(field, str(error))
            return 0.0

    def application(self, message: Message, field: str = "application") -> None:
        """A required `Ref.Application` with both names."""
        if self.present(message, field):
            ref: pb.Ref.Application = getattr(message, field)
            self.name(f"{field}.application", ref.application)
            self.name(f"{field}.project", ref.project)

    def raise_invalid(self) -> None:
        """Errors: InvalidArgument naming everything that was recorded."""
        if self.violations:
            raise InvalidArgument.of(self.violations)

    def raise_precondition(self) -> None:
        """Errors: FailedPrecondition naming everything that was recorded."""
        if self.violations:
            raise FailedPrecondition.of(self.violations)
