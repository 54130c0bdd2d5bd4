"""What a command gets to work with.

Its flags, the screen, and, each made when first asked for, target and connection.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from wp_cli import standard_flags as flags
from wp_cli.context import Context, ContextStore
from wp_cli.endpoint import Endpoint, Wanted, context_in_use, resolve
from wp_cli.errors import CliError, UsageProblem
from wp_cli.flags import Flag, Parsed
from wp_cli.render.screen import Screen
from wp_cli.target import (
    DEFAULT_WORKSPACE,
    App,
    ConfigFile,
    find_file,
    project_name,
    read_names,
    required_project,
    select_apps,
)  # fmt: skip

if TYPE_CHECKING:
    from wp_cli.connect import Client

T = TypeVar("T")


class Session:
    """One run of one command. A context manager: leaving it closes the connection and words the server's errors."""

    def __init__(self, command: str, parsed: Parsed) -> None:
        self.command = command
        self.words = parsed.words
        self._parsed = parsed
        self.environ = os.environ
        self.contexts = ContextStore(self.environ)
        self.screen = Screen(plain=self[flags.PLAIN])
        self._client: Client | None = None
        if self.has(flags.REMOTE) and self.maybe(flags.REMOTE) is not None:
            same = "false" if self.maybe(flags.REMOTE) else "true"
            raise UsageProblem(f"-remote is gone; -local={same} says the same", command=command)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if client:
            client.close()
        if error is not None and client is not None and "grpc" in sys.modules:
            import grpc

            from wp_cli.connect import explain

            if isinstance(error, grpc.RpcError):
                raise explain(error, client.endpoint) from error

    # Flags

    def __getitem__(self, flag: Flag[T]) -> T:
        """Value of a flag that always has one."""
        value = self.maybe(flag)
        if value is None:
            raise AssertionError(f"flag -{flag.name} has no default; use maybe()")
        return value

    def maybe(self, flag: Flag[T]) -> T | None:
        """Value of a flag, None if it is a flag without default that was not given."""
        value: T | None = self._parsed.values[flag.key]  # type: ignore[assignment]  # parsed by the flag's own kind
        return value

    def given(self, flag: Flag[T]) -> bool:
        """Return whether the flag stands on the command line."""
        return flag.key in self._parsed.given

    def has(self, flag: Flag[T]) -> bool:
        """Return whether the command has this flag."""
        return flag.key in self._parsed.values

    # Target

    @cached_property
    def workspace(self) -> str:
        """The workspace: flag, then WAYPOINT_WORKSPACE, then the context in use, then `default`."""
        chosen = self[flags.WORKSPACE] or self.environ.get("WAYPOINT_WORKSPACE", "")
        if not chosen and not self._other_server:
            chosen = self.context.workspace if self.context else ""
        return chosen or DEFAULT_WORKSPACE

    @cached_property
    def context(self) -> Context | None:
        """The stored context in use, None if none is."""
        return context_in_use(self.contexts, self._wanted)[1]

    @cached_property
    def file(self) -> ConfigFile | None:
        """The nearest configuration file, None if there is none."""
        path = find_file(Path.cwd())
        return read_names(path) if path else None

    @property
    def required_file(self) -> ConfigFile:
        """The nearest configuration file; CliError if there is none."""
        if self.file is None:
            raise CliError(
                "there is no waypoint.hcl here or in a folder above",
                do="Change to the project's folder, or write a file with `waypoint init`.",
            )
        return self.file

    @property
    def project_or_none(self) -> str:
        """The project, "" if none is known."""
        return project_name(self[flags.PROJECT], self.file if not self[flags.PROJECT] else None)

    @property
    def project(self) -> str:
        """The project; CliError if none is known."""
        return self[flags.PROJECT] or required_project("", self.file)

    def apps(self) -> list[App]:
        """The apps to work on, in the order of the file; CliError if there are none."""
        return select_apps(self[flags.APP], self.project, self.file, self.client())

    def app(self) -> App:
        """The one app to work on; CliError if several are possible."""
        apps = self.apps()
        if len(apps) > 1:
            names = ", ".join(app.name for app in apps)
            raise CliError(f"project {self.project!r} has several apps: {names}", do="Choose one with -app.")
        return apps[0]

    # Connection

    @property
    def _other_server(self) -> bool:
        """Whether flags or environment name the server, so that no context applies."""
        named = bool(self._wanted.address or self.environ.get("WAYPOINT_SERVER_ADDR"))
        return named and not self._wanted.context

    @cached_property
    def _wanted(self) -> Wanted:
        if not self.has(flags.CONTEXT):
            return Wanted(context=self.environ.get("WAYPOINT_CONTEXT", ""))
        return Wanted(
            self[flags.SERVER_ADDR], self[flags.SERVER_TLS], self[flags.SERVER_TLS_SKIP_VERIFY],
            self[flags.SERVER_TLS_FINGERPRINT], self[flags.SERVER_TLS_CA_FILE], self[flags.CONTEXT],
        )  # fmt: skip

    def configured_endpoint(self) -> Endpoint | None:
        """Return the server that context, environment or flags name; None if none does."""
        return resolve(self.contexts, self._wanted, self.environ)

    def login_endpoint(self, address: str) -> Endpoint | None:
        """Return the server to log in at: `address`, or without one the configured server."""
        wanted = replace(self._wanted, address=address) if address else self._wanted
        return resolve(self.contexts, wanted, self.environ)

    def client(self, *, create: bool = False, start: bool = True, timeout: float | None = None) -> Client:
        """Return the connection to the server, the same one at every call.

        With no server configured that is the embedded one. It is created only for commands that change something
        (`create`); once it exists it is started for every command, unless only one that runs will do (`start=False`).
        """
        if self._client is None:
            from wp_cli.connect import CONNECT_TIMEOUT, connect

            endpoint = self.configured_endpoint() or self._embedded(create, start)
            self._client = connect(endpoint, timeout or CONNECT_TIMEOUT)
        return self._client

    def _embedded(self, create: bool, start: bool) -> Endpoint:
        from wp_cli import local

        place = local.folder()
        if not start:
            found = local.running(place)
            if found is None:
                raise CliError("the embedded server does not run")
            return found.endpoint()
        if not create and not local.exists(place):
            raise CliError(
                "no server is configured, and there is no embedded one yet",
                do="`waypoint init` or `waypoint up` in a project starts one; `waypoint context create` names another.",
            )
        server, started = local.ensure_running(place)
        if started:
            self.screen.note(f"Started the embedded Waypoint server (data in {place}; `waypoint server stop` ends it).")
        return server.endpoint()
