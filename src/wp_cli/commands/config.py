"""`waypoint config`: variables for apps and runners."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, MAP, STRING, Enum1, Flag
from wp_cli.render import text as look
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.jobstream import Outcome
    from wp_cli.operation import Operations
    from wp_cli.session import Session
    from wp_cli.target import App

SCOPE = Flag("scope", Enum1("global", "project", "app"), "project", "Where the variable applies; -app implies app.")
LABEL_SCOPE = Flag("label-scope", STRING, "", "Only where the labels match this selector.")
RUNNER = Flag("runner", BOOL, False, "The variable is for runners instead of apps.")
LABEL: Flag[dict[str, str]] = Flag("label", MAP, {}, "Label to resolve variables for; repeatable, needs -app.")
RAW = Flag("raw", BOOL, False, "Print NAME=VALUE lines, quoted as in a dotenv file.")
VALUE = Flag("value", BOOL, False, "Print only the value of the variable that is named.")


def get(session: Session) -> int:
    """Show variables: all that may apply in the project, or with -app those that do apply to the app."""
    prefix = session.words[0] if session.words else ""
    if session[LABEL] and not session[shared.APP]:
        raise UsageProblem("-label needs -app: labels decide which variables an app gets", command="config get")
    found = session.client().calls.GetConfig(get_request(session, prefix)).variables
    variables = sorted(found, key=lambda variable: (scope_of(variable), variable.name))
    screen = session.screen
    if session[VALUE] or (session[RAW] and prefix):
        variable = next((variable for variable in variables if variable.name == prefix), None)
        if variable is None:
            raise CliError(f"there is no variable {prefix!r}" if prefix else "-value needs the name of a variable")
        raw = value_of(variable)
        screen.data((raw if session[VALUE] else f"{variable.name}={dotenv(raw)}").encode() + b"\n")
    elif session[RAW]:
        screen.data("".join(f"{found.name}={dotenv(value_of(found))}\n" for found in variables).encode())
    elif session[shared.JSON]:
        screen.json({variable.name: value_of(variable) for variable in variables})
    else:
        rows = [
            [
                scope_of(variable), screen.painted(variable.name, look.GREEN), look.printable(value_of(variable)),
                variable.target.workspace.workspace, variable.target.label_selector,
            ]
            for variable in variables
        ]  # fmt: skip
        screen.table(["Scope", "Name", "Value", "Workspace", "Labels"], rows)
    return EXIT_OK


def get_request(session: Session, prefix: str) -> pb.ConfigGetRequest:
    """Request for what the flags ask."""
    request = pb.ConfigGetRequest(prefix=prefix)
    if session[RUNNER]:
        request.runner.id = "-"
    project = session[shared.PROJECT] or session.project
    if session[shared.APP]:
        request.application.project, request.application.application = project, session[shared.APP]
        request.workspace.workspace = session.workspace
        labels = session[LABEL]
        request.labels.update(labels)
    else:
        request.project.project = project
    return request


def scope_of(variable: pb.ConfigVar) -> str:
    """Say in words where a variable applies."""
    scope = variable.target.WhichOneof("app_scope")
    if scope == "application":
        return f"app: {variable.target.application.application}"
    return "project" if scope == "project" else "global"


def value_of(variable: pb.ConfigVar) -> str:
    """Value of a static variable; of a dynamic one where it comes from."""
    if variable.WhichOneof("value") == "dynamic":
        return f"<dynamic via {dynamic_source(variable)}>"
    return variable.static


def dynamic_source(variable: pb.ConfigVar) -> str:
    """Name of the config source of a dynamic variable (the field is called `from`, a keyword of Python)."""
    return str(getattr(variable.dynamic, "from"))


def dotenv(value: str) -> str:
    """Quote a value so that dotenv files and shells read it back."""
    if value and all(char.isalnum() or char in "_-./:@%+,=" for char in value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def set_variables(session: Session) -> int:
    """Set variables from words or from stdin; an empty value deletes. All in one call."""
    pairs = [split_pair(word) for word in session.words or stdin_lines("NAME=VALUE")]
    target = target_of(session)
    variables = []
    for name, value in pairs:
        variable = pb.ConfigVar(name=name, static=value)
        variable.target.CopyFrom(target)
        variables.append(variable)
    session.client().calls.SetConfig(pb.ConfigSetRequest(variables=variables))
    return EXIT_OK


def delete(session: Session) -> int:
    """Delete variables named by words or by lines of stdin."""
    names = session.words or stdin_lines("NAME")
    target = target_of(session)
    variables = []
    for name in names:
        variable = pb.ConfigVar(name=name)
        variable.unset.SetInParent()
        variable.target.CopyFrom(target)
        variables.append(variable)
    session.client().calls.DeleteConfig(pb.ConfigDeleteRequest(variables=variables))
    return EXIT_OK


def sync(session: Session) -> int:
    """Send `config` stanzas and pipelines of the file to the server, without deploying; a new project is registered
    first."""
    from wp_cli.operation import each_app
    from wp_cli.register import ensure_registered

    if session.file and session.project == session.file.project:
        ensure_registered(session, session.client(create=True))
    return each_app(session, sync_app)


def sync_app(operations: Operations, app: App) -> dict[str, object]:
    """Run the job for one app."""
    outcome = synchronize(operations, app)
    pipelines = sorted(outcome.result.pipeline_config_sync.synced_pipelines)
    if not operations.json:
        screen = operations.session.screen
        screen.result(f"The configuration of {app.name!r} is on the server.", "success")
        for name in pipelines:
            screen.result(f'{screen.icon("✔", "ok:")} Pipeline "{name}" ({app.project}) synchronized!', "success")
    return {"job": outcome.job.id, "pipelines": pipelines}


def synchronize(operations: Operations, app: App) -> Outcome:
    """Bring variables and pipelines of the file to the server, by a job."""
    job = operations.job(app)
    job.config_sync.SetInParent()
    job.keep_config = operations.session[shared.KEEP_CONFIG]
    return operations.run(app, job)


def split_pair(text: str) -> tuple[str, str]:
    """Split NAME=VALUE at the first equals sign.

    CliError without one, or if the value cannot be an environment variable.
    """
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise CliError(f"{name or text!r} is not of the form NAME=VALUE")
    for part, what in ((name, "name"), (value, "value")):
        if "\0" in part:
            raise CliError(f"the {what} of {name!r} contains a NUL character, which no environment variable can hold")
        try:
            part.encode()
        except UnicodeEncodeError:
            raise CliError(
                f"the {what} of variable {name!r} is not UTF-8 text", do="Encode it first, for example as base64."
            ) from None
    return name, value


def stdin_lines(form: str) -> list[str]:
    """Return the lines of stdin without empty ones. CliError if stdin is a terminal or not text."""
    if sys.stdin.isatty():
        raise CliError(f"nothing to do: no {form} is given", do=f"Give {form} words, or pipe lines of them in.")
    try:
        text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    except OSError as err:
        raise CliError(f"cannot read stdin: {err.strerror}") from err
    return [line for line in text.splitlines() if line.strip()]


def target_of(session: Session) -> pb.ConfigVar.Target:
    """Return what the variables shall apply to. `-app` alone means the app; CliError if -scope says something else."""
    app, scope = session[shared.APP], session[SCOPE]
    if app and not session.given(SCOPE):
        scope = "app"
    if app and scope != "app":
        raise CliError(f"-app={app} and -scope={scope} contradict each other", do="Leave one of them away.")
    target = pb.ConfigVar.Target()
    if scope == "global":
        getattr(target, "global").SetInParent()
    elif scope == "project":
        target.project.project = session[shared.PROJECT] or session.project
    else:
        found = session.app()
        target.application.project, target.application.application = found.project, found.name
    if session.given(shared.WORKSPACE):
        target.workspace.workspace = session[shared.WORKSPACE]
    if session[RUNNER]:
        target.runner.any.SetInParent()
    target.label_selector = session[LABEL_SCOPE]
    return target


GET = Command(
    "config get", get,
    "Shows configuration variables: all of the project, or with -app exactly those that apply to that app in the "
    "workspace.",
    flags=(shared.JSON, RAW, VALUE, RUNNER, LABEL), arguments="[PREFIX]", words=(0, 1),
)  # fmt: skip
SET = Command(
    "config set", set_variables,
    """
    Sets configuration variables. Running instances of the apps concerned get them at once. Without arguments, lines
    of NAME=VALUE are read from stdin. An empty value deletes the variable.

      waypoint config set -app=web PORT=8080 GREETING="hello there"
    """,
    flags=(SCOPE, LABEL_SCOPE, RUNNER), arguments="NAME=VALUE ...", words=(0, None),
)  # fmt: skip
DELETE = Command(
    "config delete", delete, "Deletes configuration variables, named by arguments or by lines of stdin.",
    flags=(SCOPE, LABEL_SCOPE, RUNNER), arguments="NAME ...", words=(0, None),
)  # fmt: skip
SYNC = Command(
    "config sync", sync,
    """
    Sends the config stanzas of waypoint.hcl to the server, as a deploy does, but without deploying: the project's and
    those of every app, or of the one that -app names. Variables that the file gave before and that have left it are
    deleted, unless -keep-config is given. Running instances get the change at once. The pipelines of the file are sent
    too; those that have left it stay.
    """,
    flags=(shared.KEEP_CONFIG, shared.JSON), operation=True,
)  # fmt: skip
