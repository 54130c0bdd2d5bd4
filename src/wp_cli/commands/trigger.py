"""`waypoint trigger`: URLs that start operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.endpoint import host_and_port
from wp_cli.errors import EXIT_OK, UsageProblem
from wp_cli.flags import BOOL, LIST, STRING, UINT, Enum1, Flag
from wp_cli.render import records
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.session import Session

HTTP_PORT = 9702
OPERATIONS = (
    "build", "push", "deploy", "destroy-workspace", "destroy-deployment", "release", "up", "init",
    "status-report-deploy", "status-report-release",
)  # fmt: skip

ID = Flag("id", STRING, "", "Id of the trigger, instead of the argument.")
NAME = Flag("name", STRING, "", "Name of the trigger.")
DESCRIPTION = Flag("description", STRING, "", "What the trigger is for.")
TAG = Flag("trigger-tag", LIST, (), "Tag to find the trigger by; repeatable.")
NO_AUTH = Flag("no-auth", BOOL, None, "Whoever knows the URL may run the trigger.")
OPERATION = Flag("op", Enum1(*OPERATIONS), "", "What the trigger does.")
DISABLE_PUSH = Flag("disable-push", BOOL, False, "Build only; do not push.")
BUILD = Flag("build-id", UINT, 0, "Number of the build to push; 0 for the newest.")
DEPLOYMENT = Flag("deployment-id", UINT, 0, "Number of the deployment to use; 0 for the newest.")
PRUNE = Flag("prune", BOOL, False, "Destroy old unreleased deployments after releasing.")
PRUNE_RETAIN = Flag("prune-retain", UINT, None, "How many unreleased deployments to keep.")
FULL = Flag("full", BOOL, False, "Show more details.")
SETTINGS = (NAME, DESCRIPTION, TAG, NO_AUTH, OPERATION, DISABLE_PUSH, BUILD, DEPLOYMENT, PRUNE, PRUNE_RETAIN)


def create(session: Session) -> int:
    """Create a trigger and print its URL."""
    if not session[OPERATION]:
        raise UsageProblem(f"-op is needed: one of {', '.join(OPERATIONS)}", command=session.command)
    trigger = pb.Trigger(authenticated=not session.maybe(NO_AUTH))
    trigger.project.project = session.project
    trigger.workspace.workspace = session.workspace
    return store(session, trigger, "created")


def named(session: Session) -> str:
    """Return the id that the argument or -id gives. UsageProblem for none, or both."""
    if bool(session.words) == bool(session[ID]):
        raise UsageProblem(f"`waypoint {session.command}` needs ID, or -id=ID", command=session.command)
    return session.words[0] if session.words else session[ID]


def update(session: Session) -> int:
    """Change what the flags name of a trigger; everything else stays."""
    trigger = get(session, named(session))
    if session.given(shared.PROJECT):
        trigger.project.project = session[shared.PROJECT]
    if session.given(shared.WORKSPACE):
        trigger.workspace.workspace = session[shared.WORKSPACE]
    no_auth = session.maybe(NO_AUTH)
    if no_auth is not None:
        trigger.authenticated = not no_auth
    return store(session, trigger, "updated")


def store(session: Session, trigger: pb.Trigger, verb: str) -> int:
    """Put what the flags say into the trigger, store it, and show where it is called."""
    if session[shared.APP]:
        trigger.application.application = session[shared.APP]
        trigger.application.project = trigger.project.project
    if session.given(NAME):
        trigger.name = session[NAME]
    if session.given(DESCRIPTION):
        trigger.description = session[DESCRIPTION]
    if session.given(TAG):
        del trigger.tags[:]
        trigger.tags.extend(session[TAG])
    if session[OPERATION]:
        set_operation(session, trigger)
    stored = session.client().calls.UpsertTrigger(pb.UpsertTriggerRequest(trigger=trigger)).trigger
    if session[shared.JSON]:
        session.screen.result(records.proto_json(stored))
        return EXIT_OK
    session.screen.result(f"Trigger {stored.name!r} is {verb}.", "success")
    session.screen.named_values([("ID", stored.id), ("URL", url_of(session, stored))])
    return EXIT_OK


def set_operation(session: Session, trigger: pb.Trigger) -> None:
    """Set the operation that -op names, with what the other flags say about it."""
    match session[OPERATION]:
        case "build":
            trigger.build.disable_push = session[DISABLE_PUSH]
        case "push":
            trigger.push.build.sequence = session[BUILD]
        case "deploy":
            trigger.deploy.artifact.SetInParent()
        case "destroy-workspace":
            trigger.destroy.workspace.SetInParent()
        case "destroy-deployment":
            trigger.destroy.deployment.sequence = session[DEPLOYMENT]
        case "release":
            trigger.release.CopyFrom(pruning(session))
            trigger.release.deployment.sequence = session[DEPLOYMENT]
        case "up":
            trigger.up.release.CopyFrom(pruning(session))
        case "init":
            trigger.init.SetInParent()
        case "status-report-deploy":
            trigger.status_report.deployment.sequence = session[DEPLOYMENT]
        case "status-report-release":
            trigger.status_report.release.SetInParent()


def pruning(session: Session) -> pb.Job.ReleaseOp:
    """What the flags say about old deployments."""
    retain = session.maybe(PRUNE_RETAIN)
    return pb.Job.ReleaseOp(
        prune=session[PRUNE], prune_retain=retain or 0, prune_retain_override=retain is not None
    )  # fmt: skip


def get(session: Session, trigger_id: str) -> pb.Trigger:
    """Fetch a trigger."""
    request = pb.GetTriggerRequest(ref=pb.Ref.Trigger(id=trigger_id))
    return session.client().calls.GetTrigger(request).trigger


def url_of(session: Session, trigger: pb.Trigger) -> str:
    """Where the trigger is called, as far as the command line can know: on the server's usual HTTP port."""
    host, _ = host_and_port(session.client().endpoint.address)
    return f"https://{f'[{host}]' if ':' in host else host}:{HTTP_PORT}/v1/trigger/{trigger.id}"


def operation_of(trigger: pb.Trigger) -> str:
    """Word for what the trigger does, as -op has it."""
    kind = trigger.WhichOneof("operation") or ""
    if kind == "destroy":
        return f"destroy-{trigger.destroy.WhichOneof('target') or 'workspace'}"
    if kind == "status_report":
        return "status-report-release" if trigger.status_report.HasField("release") else "status-report-deploy"
    return kind


def list_triggers(session: Session) -> int:
    """List triggers."""
    request = pb.ListTriggerRequest(tags=session[TAG])
    if session.given(shared.WORKSPACE) or session[shared.PROJECT] or session[shared.APP]:
        request.workspace.workspace = session.workspace
    if session[shared.PROJECT]:
        request.project.project = session[shared.PROJECT]
    if session[shared.APP]:
        request.application.application, request.application.project = session[shared.APP], session.project
    triggers = session.client().calls.ListTriggers(request).triggers
    if session[shared.JSON]:
        for trigger in triggers:
            session.screen.result(records.proto_json(trigger))
        return EXIT_OK
    if not triggers:
        session.screen.note("There are no triggers.")
        return EXIT_OK
    headers = ["ID", "Name", "Operation", "Project", "Application", "Workspace"]
    if session[FULL]:
        headers += ["Needs Token", "Tags", "Last Run", "Description"]
    rows = []
    for trigger in triggers:
        row = [
            trigger.id, trigger.name, operation_of(trigger), trigger.project.project,
            trigger.application.application or "all", trigger.workspace.workspace,
        ]  # fmt: skip
        if session[FULL]:
            ran = records.age_of(trigger, "active_time")
            row += ["yes" if trigger.authenticated else "no", ", ".join(trigger.tags), ran, trigger.description]
        rows.append(row)
    session.screen.table(headers, rows)
    return EXIT_OK


def inspect(session: Session) -> int:
    """Show a trigger."""
    trigger = get(session, session.words[0])
    if session[shared.JSON]:
        session.screen.result(records.proto_json(trigger))
        return EXIT_OK
    session.screen.named_values([
        ("ID", trigger.id), ("Name", trigger.name), ("Description", trigger.description),
        ("URL", url_of(session, trigger)), ("Operation", operation_of(trigger)),
        ("Needs Token", "yes" if trigger.authenticated else "no"), ("Tags", ", ".join(trigger.tags)),
        ("Project", trigger.project.project), ("Application", trigger.application.application or "all"),
        ("Workspace", trigger.workspace.workspace), ("Last Run", records.age_of(trigger, "active_time")),
    ])  # fmt: skip
    return EXIT_OK


def delete(session: Session) -> int:
    """Delete a trigger; one that is gone already is fine."""
    trigger_id = named(session)
    session.client().calls.DeleteTrigger(pb.DeleteTriggerRequest(ref=pb.Ref.Trigger(id=trigger_id)))
    session.screen.result(f"Trigger {trigger_id} is deleted.", "success")
    return EXIT_OK


CREATE = Command(
    "trigger create", create,
    """
    Creates a trigger: a URL that starts an operation, for one application (-app) or all of the project.

      waypoint trigger create -project=shop -app=web -op=up -name=nightly
    """,
    flags=(*SETTINGS, shared.JSON), operation=None,
)  # fmt: skip
UPDATE = Command(
    "trigger update", update, "Changes what the flags name of a trigger; everything else stays.",
    flags=(ID, *SETTINGS, shared.JSON), arguments="ID", words=(0, 1), operation=None,
)  # fmt: skip
LIST_TRIGGERS = Command(
    "trigger list", list_triggers, "Lists triggers.", flags=(TAG, FULL, shared.JSON), operation=None
)  # fmt: skip
INSPECT = Command(
    "trigger inspect", inspect, "Shows a trigger.", flags=(shared.JSON,), arguments="ID", words=(1, 1), operation=None
)  # fmt: skip
DELETE = Command(
    "trigger delete", delete, "Deletes a trigger.", flags=(ID,), arguments="ID", words=(0, 1), operation=None
)  # fmt: skip
