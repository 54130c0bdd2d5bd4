"""Hostnames of the URL service as records (server.md §10.5). Without the service (no domain) nobody has one."""

from __future__ import annotations

import re
import secrets

import grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.api.checks import Checks
from wp_server.api.hostname_words import ADJECTIVES, ADVERBS, NOUNS
from wp_server.auth.identity import current
from wp_server.errors import FailedPrecondition
from wp_server.store import Store, hostnames
from wp_server.store.hostnames import Target

Context = grpc.aio.ServicerContext[object, object]

URL_SERVICE_OFF = "server doesn't have the URL service enabled"
"""Go runners compare this text (§1.8)."""
RESERVED = frozenset(
    {"admin", "api", "blog", "control", "horizon", "hub", "hzn", "localhost", "url", "waypoint", "www"}
)
_HOSTNAME = re.compile(r"[a-z0-9][a-z0-9-]{1,46}[a-z0-9]")


class HostnameHandlers:
    """The RPCs about hostnames below `domain`; an empty one is a server without the URL service."""

    def __init__(self, store: Store, domain: str = "") -> None:
        self._store = store
        self._domain = domain

    async def ListHostnames(self, request: pb.ListHostnamesRequest, context: Context) -> pb.ListHostnamesResponse:
        """Answers the hostnames of an application in a workspace, or all."""
        target = Target.of(request.target) if request.HasField("target") else None
        found = await self._store.read(hostnames.listed, target)
        caller, targets = current(), [(one, Target.on(one)) for one in found]
        seen = [one for one, leads in targets if caller.sees(leads.project, leads.workspace)]
        return pb.ListHostnamesResponse(hostnames=seen)

    async def CreateHostname(self, request: pb.CreateHostnameRequest, context: Context) -> pb.CreateHostnameResponse:
        """Gives an application in a workspace a hostname: the one asked for, or one of three words."""
        self._check_on()
        checks = Checks()
        app = request.target.application
        checks.name("target.application.application.project", app.application.project)
        checks.name("target.application.application.application", app.application.application)
        checks.name("target.application.workspace.workspace", app.workspace.workspace)
        name = request.hostname.lower()
        if name and (not _HOSTNAME.fullmatch(name) or "--" in name or name.startswith("xn--")):
            checks.fail("hostname", "must be 3 to 48 letters, digits and '-', with no '-' at an end and no '--'")
        elif name in RESERVED:
            checks.fail("hostname", f"{name!r} is reserved")
        checks.raise_invalid()
        stored = await self._store.write(_create, name, self._domain, Target.of(request.target))
        return pb.CreateHostnameResponse(hostname=stored)

    async def DeleteHostname(self, request: pb.DeleteHostnameRequest, context: Context) -> Empty:
        """Takes a hostname back, given alone or with its domain; an unknown one is fine."""
        self._check_on()
        if not request.hostname:
            checks = Checks()
            checks.fail("hostname", "must not be empty")
            checks.raise_invalid()
        await self._store.write(hostnames.delete, request.hostname)
        return Empty()

    def _check_on(self) -> None:
        if not self._domain:
            raise FailedPrecondition(URL_SERVICE_OFF)


def _create(connection: Connection, name: str, domain: str, target: Target) -> pb.Hostname:
    while not name:
        drawn = "-".join(secrets.choice(words) for words in (ADVERBS, ADJECTIVES, NOUNS))
        name = drawn if hostnames.find(connection, drawn) is None else ""
    made = pb.Hostname(hostname=name, fqdn=f"{name}.{domain}", target_labels=target.labels())
    return hostnames.create(connection, made)
