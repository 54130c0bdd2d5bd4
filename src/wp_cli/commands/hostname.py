"""`waypoint hostname`: names of the URL service that lead to an app in a workspace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

import grpc

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from collections.abc import Callable

    from wp_cli.session import Session

R = TypeVar("R")

SERVICE_OFF = "server doesn't have the URL service enabled"  # the server's own words (server specification 1.8)


def register(session: Session) -> int:
    """Give every app that is targeted a hostname, and print each one's full name."""
    wanted = session.words[0] if session.words else ""
    apps = session.apps()
    if wanted and len(apps) > 1:
        raise UsageProblem("a hostname of your choice is for one app: name it with -app", command=session.command)
    for app in apps:
        request = pb.CreateHostnameRequest(hostname=wanted)
        target = request.target.application
        target.application.project, target.application.application = app.project, app.name
        target.workspace.workspace = session.workspace
        hostname = _served(partial(session.client().calls.CreateHostname, request)).hostname
        if session[shared.JSON]:
            session.screen.result(records.proto_json(hostname))
        else:
            session.screen.result(hostname.fqdn)
    return EXIT_OK


def list_hostnames(session: Session) -> int:
    """List every hostname; with -app those of this app in the workspace."""
    request = pb.ListHostnamesRequest()
    if session[shared.APP]:
        target = request.target.application
        target.application.project, target.application.application = session.project, session[shared.APP]
        target.workspace.workspace = session.workspace
    answer = _served(partial(session.client().calls.ListHostnames, request))
    found = sorted(answer.hostnames, key=lambda one: one.fqdn)
    if session[shared.JSON]:
        session.screen.json([records.proto_value(hostname) for hostname in found])
    elif found:
        rows = [[one.hostname, one.fqdn, _labels(one)] for one in found]
        session.screen.table(["Hostname", "FQDN", "Labels"], rows)
    else:
        session.screen.note("There are no hostnames.")
    return EXIT_OK


def delete(session: Session) -> int:
    """Take a hostname back; that it is unknown is no error."""
    name = session.words[0]
    _served(partial(session.client().calls.DeleteHostname, pb.DeleteHostnameRequest(hostname=name)))
    session.screen.result(f"Hostname {name!r} is deleted.", "success")
    return EXIT_OK


def _labels(hostname: pb.Hostname) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(hostname.target_labels.items()))


def _served(call: Callable[[], R]) -> R:
    try:
        return call()
    except grpc.RpcError as error:
        if isinstance(error, grpc.Call) and error.details() == SERVICE_OFF:
            raise CliError("this server has no URL service, so apps have no hostnames here") from error
        raise


REGISTER = Command(
    "hostname register", register,
    "Gives the app a hostname in the current workspace and prints it: the one you name, or one of random words.",
    flags=(shared.JSON,), arguments="[HOSTNAME]", words=(0, 1),
)  # fmt: skip
LIST = Command(
    "hostname list", list_hostnames, "Lists all hostnames, or with -app those of the app in the workspace.",
    flags=(shared.JSON,),
)  # fmt: skip
DELETE = Command("hostname delete", delete, "Deletes a hostname.", arguments="HOSTNAME", words=(1, 1))
