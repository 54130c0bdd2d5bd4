"""`waypoint exec`: a command inside a running instance."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import grpc

from wp_cli import listing
from wp_cli.command import Command
from wp_cli.connect import Client, code_of
from wp_cli.errors import CliError
from wp_cli.execsession import STDOUT, ExecSession
from wp_cli.flags import BOOL, STRING, Flag
from wp_cli.render.text import printable
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.target import App

INSTANCE = Flag("instance", STRING, "", "Instance to use. The default is any instance of the deployment.")
DEPLOYMENT = Flag(
    "deployment", STRING, "", "Deployment to use: its sequence number or id. The default is the newest successful one.",
    alias="d",
)  # fmt: skip
TTY = Flag("t", BOOL, False, "Give the command a terminal although stdout is none.")
NO_TTY = Flag("T", BOOL, False, "Give the command no terminal.")


def run(session: Session) -> int:
    """Run the command and return its exit code."""
    app = session.app()
    client = session.client()
    start = pb.ExecStreamRequest.Start(args=session.words)
    with contextlib.ExitStack() as cleanup:
        if session[INSTANCE]:
            start.instance_id = instance_id(client, app, session)
            where = f"instance {start.instance_id}"
        else:
            deployment = deployment_to_use(client, app, session)
            start.deployment_id = deployment.id
            where = f"deployment v{deployment.sequence}"
            if deployment.has_exec_plugin:
                from wp_cli.operation import Operations

                _ = cleanup.enter_context(Operations(session)).placement
        pty = (os.isatty(STDOUT) or session[TTY]) and not session[NO_TTY]
        greeting = printable(f"Connected to {where}") if pty and session.screen.interactive else ""
        return ExecSession(client, start, pty=pty, environ=session.environ).run(greeting)


def deployment_to_use(client: Client, app: App, session: Session) -> pb.Deployment:
    """Return the named deployment, else the newest one that succeeded and runs."""
    if session[DEPLOYMENT]:
        from wp_cli.commands.deployment import operation_ref

        try:
            request = pb.GetDeploymentRequest(ref=operation_ref(listing.ref(app), session[DEPLOYMENT]))
            return client.calls.GetDeployment(request)
        except grpc.RpcError as err:
            if code_of(err) is not grpc.StatusCode.NOT_FOUND:
                raise
            raise CliError(
                f"there is no deployment {session[DEPLOYMENT]!r} of {app.name!r}", do="See `waypoint deployment list`."
            ) from err
    newest = pb.ListDeploymentsRequest(
        application=listing.ref(app), workspace=pb.Ref.Workspace(workspace=session.workspace),
        physical_state=pb.Operation.CREATED,
        status=[pb.StatusFilter(filters=[pb.StatusFilter.Filter(state=pb.Status.SUCCESS)])],
        order=pb.OperationOrder(order=pb.OperationOrder.COMPLETE_TIME, desc=True, limit=1),
    )  # fmt: skip
    found = client.calls.ListDeployments(newest).deployments
    if not found:
        raise CliError(
            f"there is no successful deployment of {app.name!r} in workspace {session.workspace!r} to run this in",
            do="Run `waypoint up` first.",
        )
    return found[0]


def instance_id(client: Client, app: App, session: Session) -> str:
    """Return the full id of the named instance; the end of the id is enough. CliError if it is not there."""
    request = pb.ListInstancesRequest()
    request.application.application.CopyFrom(listing.ref(app))
    request.application.workspace.workspace = session.workspace
    ids = [instance.id for instance in client.calls.ListInstances(request).instances]
    wanted = session[INSTANCE]
    matching = [id for id in ids if id == wanted] or [id for id in ids if id.endswith(wanted)]
    if len(matching) != 1:
        shown = f"Running instances: {', '.join(sorted(ids))}." if ids else "No instance of it is connected."
        problem = f"there is no instance {wanted!r}" if not matching else f"several instances end with {wanted!r}"
        raise CliError(f"{problem} of {app.name!r}", do=shown)
    return matching[0]


EXEC = Command(
    "exec", run,
    """
    Runs a command inside a running instance, with a terminal if stdout is one. The exit code is that of the command.
    In a terminal, `~.` at the beginning of a line ends the session. Flags stand before the command; everything after
    its first word belongs to it.

      waypoint exec -app=web sh -c 'echo $HOSTNAME'
    """,
    flags=(INSTANCE, DEPLOYMENT, TTY, NO_TTY), arguments="COMMAND [ARG ...]", words=(1, None), operation=True,
    interspersed=False,
)  # fmt: skip
