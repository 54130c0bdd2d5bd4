"""The well-known values a component function may ask for by annotation (protocol specification 4.4).

Each is plain data or a small live object; none knows the server. `KEYS` names the message each one travels as, which
is also its type key in the mapper solver.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from google.protobuf.message import Message

from wp_sdk.context import Context
from wp_sdk.terminal import UI

Logger: TypeAlias = logging.Logger

_ARGS = "hashicorp.waypoint.sdk.Args."


@dataclass(frozen=True)
class Source:
    """The application's source: its name and the absolute path of its folder."""

    app: str
    path: Path


@dataclass(frozen=True)
class JobInfo:
    """The job that runs. `local` = the runner lives in the command line, on the user's machine."""

    id: str
    local: bool
    workspace: str
    project: str
    app: str


@dataclass(frozen=True)
class LabelSet:
    """Effective labels of the operation."""

    labels: Mapping[str, str] = field(default_factory=dict)


class DataDir:
    """Folders a plugin may keep files in. `cache_dir` may vanish at any time, `data_dir` stays; both exist."""

    @dataclass(frozen=True)
    class Project:
        """Shared by all applications of the project."""

        cache_dir: Path
        data_dir: Path

    @dataclass(frozen=True)
    class App:
        """Of one application."""

        cache_dir: Path
        data_dir: Path

    @dataclass(frozen=True)
    class Component:
        """Of one component of one application."""

        cache_dir: Path
        data_dir: Path


@dataclass(frozen=True)
class DeploymentConfig:
    """What the deployed instance needs to reach the server. An empty `server_addr` means: no server for entrypoints."""

    id: str
    server_addr: str = ""
    server_tls: bool = False
    server_tls_skip_verify: bool = False
    entrypoint_invite_token: str = ""
    sequence: int = 0

    def env(self) -> dict[str, str]:
        """Environment for the entrypoint, sorted by name (plugins specification 0.5)."""
        env = {"WAYPOINT_DEPLOYMENT_ID": self.id}
        if not self.server_addr:
            env["WAYPOINT_SERVER_DISABLE"] = "1"
        else:
            env["WAYPOINT_SERVER_ADDR"] = self.server_addr
            # Said in both cases: the entrypoint leaves the machine without encryption only when it is told to.
            env["WAYPOINT_SERVER_TLS"] = "1" if self.server_tls else "0"
            if self.server_tls_skip_verify:
                env["WAYPOINT_SERVER_TLS_SKIP_VERIFY"] = "1"
            if self.entrypoint_invite_token:
                env["WAYPOINT_CEB_INVITE_TOKEN"] = self.entrypoint_invite_token
        return dict(sorted(env.items()))


@dataclass(frozen=True)
class EntrypointFile:
    """The entrypoint artifact on this machine: one executable file to put into images or in front of processes.

    `path` is None when the host has none (then a plugin that would inject it says so with a warning and goes on
    without).
    """

    path: Path | None


@dataclass(frozen=True)
class WindowSize:
    """Size of a terminal in characters."""

    height: int
    width: int


@dataclass(frozen=True)
class InputClosed:
    """The other side closed its standard input."""


SessionInput: TypeAlias = bytes | WindowSize | InputClosed


class ExecSession(Protocol):
    """A command to run inside a deployment for somebody at the other end (protocol specification 4.8)."""

    @property
    def args(self) -> list[str]:
        """The command and its arguments."""

    @property
    def tty(self) -> bool:
        """True when the caller has a terminal."""

    @property
    def term(self) -> str:
        """TERM of the caller; empty without a terminal."""

    @property
    def window(self) -> WindowSize | None:
        """Initial size of the caller's terminal."""

    @property
    def env(self) -> Mapping[str, str]:
        """Environment to add."""

    def input(self) -> Iterator[SessionInput]:
        """Yield what comes from the caller until the session ends: bytes, new window sizes, end of input."""

    def write(self, data: bytes, stderr: bool = False) -> None:
        """Send output to the caller; blocks while the caller does not read (back-pressure)."""


@dataclass(frozen=True)
class LogEvent:
    """One log line of an instance; `partition` names the instance."""

    partition: str
    timestamp: datetime
    contents: str


class LogViewer(Protocol):
    """Where a platform's log function sends what it reads."""

    @property
    def starting_at(self) -> datetime | None:
        """Only lines from then on, or None for all."""

    @property
    def limit(self) -> int:
        """At most so many of the oldest lines; 0 = no limit."""

    def send(self, events: Iterable[LogEvent]) -> None:
        """Hand over a batch in order."""


@dataclass(frozen=True)
class TaskLaunchInfo:
    """What a task launcher starts: one container of an on-demand runner."""

    oci_url: str
    environment_variables: Mapping[str, str]
    arguments: tuple[str, ...]
    entrypoint: tuple[str, ...]


@dataclass(frozen=True)
class Resource:
    """One thing on a platform. `category` is a name of `ResourceCategoryDisplayHint` without its prefix ("INSTANCE",
    "ROUTER", …).

    `state_json` describes it for people and must not contain secrets.
    """

    name: str
    type: str = ""
    platform: str = ""
    state: Message | None = None
    state_json: str = ""
    category: str = "UNKNOWN"


class DeclaredResources:
    """Out-parameter of deploy, release and destroy: what exists on the platform now.

    The host stores it with the record.
    """

    def __init__(self) -> None:
        self.resources: list[Resource] = []

    def add(
        self,
        name: str,
        *,
        type: str = "",
        platform: str = "",
        state: Message | None = None,
        state_json: str = "",
        category: str = "UNKNOWN",
    ) -> None:
        """Declare one resource; a second call with the same name replaces the first."""
        self.resources = [r for r in self.resources if r.name != name]
        self.resources.append(Resource(name, type, platform, state, state_json, category))


class DestroyedResources(DeclaredResources):
    """Out-parameter of destroy: what was removed."""


@dataclass(frozen=True)
class TargetResources:
    """What deploy or release declared for the record that is now destroyed or asked for its status."""

    resources: tuple[Resource, ...] = ()


class Checkpoint(Protocol):
    """Saves an unfinished result, so that a cancelled, failed or killed operation leaves a record that destroy can
    clean up.

    Ask for it in deploy and release functions and call `save` with the result as far as it is known BEFORE creating
    something on the platform (choose names first, save, create). The last saved value is what `destroy` gets when the
    function did not return.
    """

    def save(self, value: Message) -> None:
        """Store `value` in the operation's record; returns when the server has it.

        Raises when it could not be stored.
        """


@dataclass(frozen=True)
class PreviousStatusReport:
    """The status report before this one (`hashicorp.waypoint.sdk.StatusReport`), or None."""

    report: Message | None


# Type key (message full name) of each value that can travel to a plugin process.
KEYS: dict[type, str] = {
    Source: _ARGS + "Source",
    JobInfo: _ARGS + "JobInfo",
    LabelSet: _ARGS + "LabelSet",
    DataDir.Project: _ARGS + "DataDir.Project",
    DataDir.App: _ARGS + "DataDir.App",
    DataDir.Component: _ARGS + "DataDir.Component",
    DeploymentConfig: _ARGS + "DeploymentConfig",
    TaskLaunchInfo: _ARGS + "TaskLaunchInfo",
    TargetResources: "hashicorp.waypoint.sdk.DeclaredResources",
    UI: _ARGS + "TerminalUI",
    logging.Logger: _ARGS + "Logger",
    ExecSession: _ARGS + "ExecSessionInfo",
    LogViewer: _ARGS + "LogViewer",
    EntrypointFile: "waypoint.py.EntrypointFile",
    PreviousStatusReport: "waypoint.py.PreviousStatusReport",
}

# Made by the host for every call, never an entry of a function's specification.
HOST_MADE: tuple[type, ...] = (Context, DeclaredResources, DestroyedResources, Checkpoint)
