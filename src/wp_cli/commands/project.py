"""`waypoint project`: list, inspect, apply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, INT, STRING, Enum1, Flag
from wp_cli.render.records import age_of, proto_json, proto_value
from wp_cli.target import unknown_project
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.connect import Client
    from wp_cli.session import Session

DATA_SOURCE = Flag("data-source", Enum1("git", "local"), "", "Where the project's source is.")
GIT_URL = Flag("git-url", STRING, "", "URL of the repository.")
GIT_PATH = Flag("git-path", STRING, "", "Folder in the repository.")
GIT_REF = Flag("git-ref", STRING, "", "Branch, tag or commit.")
GIT_AUTH = Flag(
    "git-auth-type", Enum1("basic", "ssh", "none"), "", "How to authenticate; none forgets stored credentials."
)
GIT_USERNAME = Flag("git-username", STRING, "", "User name for basic authentication.")
GIT_PASSWORD = Flag("git-password", STRING, "", "Password for basic authentication.")
GIT_KEY = Flag("git-private-key-path", STRING, "", "File with the private key for SSH.")
GIT_KEY_PASSWORD = Flag("git-private-key-password", STRING, "", "Password of that key.")
GIT_SUBMODULES = Flag("git-recurse-submodules", INT, 0, "How deep to fetch submodules.")
FROM_HCL = Flag("from-waypoint-hcl", STRING, "", "File whose runner block names the data source to take over.")
GIT_IGNORE_OUTSIDE = Flag(
    "git-ignore-changes-outside-path", BOOL, None, "Polling looks only at changes in the folder of -git-path."
)
HCL = Flag("waypoint-hcl", STRING, "", "File to store on the server, used when the source has none.")
POLL = Flag("poll", BOOL, None, "Watch the repository and run `up` in the default workspace when it changes.")
POLL_INTERVAL = Flag("poll-interval", STRING, "30s", "How often to look.")
STATUS_POLL = Flag("app-status-poll", BOOL, None, "Ask for status reports regularly.")
STATUS_POLL_INTERVAL = Flag("app-status-poll-interval", STRING, "5m", "How often to ask.")
SKIP_RESOURCES = Flag("skip-destroy-resources", BOOL, False, "Delete the records only; what runs somewhere runs on.")
SHOW_SECRETS = Flag("show-secrets", BOOL, False, "Print credentials in clear.")

HCL_LIMIT = 5 * 1024 * 1024  # bytes
REDACTED = "<redacted>"


def list_projects(session: Session) -> int:
    """Print the names of all projects, sorted, one a line."""
    found = sorted(all_projects(session.client()), key=lambda project: project.project.lower())
    for project in found:
        session.screen.result(proto_json(project) if session[shared.JSON] else project.project)
    if not found:
        session.screen.note("The server knows no projects yet; `waypoint init` registers one.")
    return EXIT_OK


def all_projects(client: Client) -> list[pb.Ref.Project]:
    """Return every project, however many pages it takes."""
    projects: list[pb.Ref.Project] = []
    token = ""
    while True:
        page = pb.PaginationRequest(next_page_token=token)
        answer = client.calls.ListProjects(pb.ListProjectsRequest(pagination=page))
        projects += answer.projects
        token = answer.pagination.next_page_token
        if not token:
            return projects


def inspect(session: Session) -> int:
    """Show one project; credentials only with -show-secrets."""
    name = session.words[0] if session.words else session.project
    answer = session.client().calls.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=name)))
    project = answer.project
    if not session[SHOW_SECRETS]:
        redact(project)
    if session[shared.JSON]:
        session.screen.result(inspect_json(answer))
        return EXIT_OK
    git = project.data_source.git
    source = {"git": "Git", "local": "Local", "remote": "Remote"}.get(
        project.data_source.WhichOneof("source") or "", ""
    )
    session.screen.named_values([
        ("Project Name", project.name),
        ("Applications", ", ".join(app.name for app in project.applications)),
        ("Workspaces", ", ".join(found.workspace.workspace for found in answer.workspaces)),
        ("Remote Enabled", str(project.remote_enabled).lower()),
        ("Data Source", source),
        ("Git URL", git.url), ("Git Ref", git.ref), ("Git Path", git.path),
        ("Poll Enabled", str(project.data_source_poll.enabled).lower()),
        ("Poll Interval", project.data_source_poll.interval),
        *source_polling(answer),
        ("App Status Poll Enabled", str(project.status_report_poll.enabled).lower()),
        ("App Status Poll Interval", project.status_report_poll.interval),
        *app_polling(answer),
        ("File Change Signal", project.file_change_signal),
    ])  # fmt: skip
    return EXIT_OK


def inspect_json(answer: pb.GetProjectResponse) -> str:
    """JSON of the project as protobuf has it, and under `polling` what the server looks at regularly."""
    if not answer.polling:
        return proto_json(answer.project)
    shown = json.loads(proto_json(answer.project))
    shown["polling"] = [proto_value(one) for one in answer.polling]
    return json.dumps(shown, indent="\t", ensure_ascii=False)


def source_polling(answer: pb.GetProjectResponse) -> list[tuple[str, str]]:
    """Return when the source was and will be looked at, and what came of it."""
    return [
        line
        for one in answer.polling
        if not one.application
        for line in (
            ("Last Poll", age_of(one, "last")),
            ("Next Poll", age_of(one, "next")),
            ("Polled Commit", one.commit),
            ("Poll Problem", one.problem),
        )
    ]


def app_polling(answer: pb.GetProjectResponse) -> list[tuple[str, str]]:
    """Return one line for each application whose status is asked for."""
    lines = []
    for one in answer.polling:
        if one.application:
            asked = f"asked {age_of(one, 'last')}" if one.HasField("last") else "not asked yet"
            problem = f". {one.problem}" if one.problem else ""
            lines.append((f"Status of {one.application}", f"{asked}, again {age_of(one, 'next')}{problem}"))
    return lines


def redact(project: pb.Project) -> None:
    """Replace the credentials in a project."""
    git = project.data_source.git
    auth = git.WhichOneof("auth") if project.data_source.WhichOneof("source") == "git" else None
    if auth == "basic":
        git.basic.password = REDACTED
    elif auth == "ssh":
        git.ssh.private_key_pem = REDACTED.encode()
        git.ssh.password = REDACTED if git.ssh.password else ""
    for variable in project.variables:
        if variable.sensitive:
            variable.str = REDACTED


def apply(session: Session) -> int:
    """Create a project, or change what the flags name and nothing else."""
    import grpc

    from wp_cli.connect import code_of

    name = session.words[0]
    client = session.client(create=True)
    try:
        project = client.calls.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=name))).project
        verb = "updated"
    except grpc.RpcError as err:
        if code_of(err) is not grpc.StatusCode.NOT_FOUND:
            raise
        project, verb = pb.Project(name=name), "created"
    change(session, project)
    client.calls.UpsertProject(pb.UpsertProjectRequest(project=project))
    session.screen.result(f"Project {name!r} {verb}.", "success")
    return EXIT_OK


def change(session: Session, project: pb.Project) -> None:
    """Put what the flags say into the project. CliError for flags that do not fit together."""
    git_flags = (GIT_URL, GIT_PATH, GIT_REF, GIT_AUTH, GIT_USERNAME, GIT_PASSWORD, GIT_KEY, GIT_KEY_PASSWORD)
    git_given = any(session.given(flag) for flag in git_flags)
    git_given = git_given or session.given(GIT_SUBMODULES) or session.given(GIT_IGNORE_OUTSIDE)
    if session[FROM_HCL]:
        source_of_file(session, project)
    source = session[DATA_SOURCE] or project.data_source.WhichOneof("source") or ""
    if git_given and source != "git":
        raise CliError("the git flags need a git project", do="Give -data-source=git as well.")
    if session[DATA_SOURCE] == "local":
        project.data_source.local.SetInParent()
        project.data_source_poll.Clear()
    elif source == "git" and (git_given or session[DATA_SOURCE]):
        change_git(session, project.data_source.git)
        project.remote_enabled = True
        if not project.data_source.git.url:
            raise CliError("a git project needs the repository's URL", do="Give it with -git-url.")
    poll = session.maybe(POLL)
    if poll is not None:
        if source != "git":
            raise CliError("only a git project can be polled", do="Give -data-source=git and -git-url as well.")
        project.data_source_poll.enabled = poll
        project.data_source_poll.interval = session[POLL_INTERVAL] if poll else ""
    elif session.given(POLL_INTERVAL):
        if not project.data_source_poll.enabled:
            raise CliError("the project is not polled", do="Give -poll as well.")
        project.data_source_poll.interval = session[POLL_INTERVAL]
    status_poll = session.maybe(STATUS_POLL)
    if status_poll is not None:
        project.status_report_poll.enabled = status_poll
        project.status_report_poll.interval = session[STATUS_POLL_INTERVAL] if status_poll else ""
    elif session.given(STATUS_POLL_INTERVAL):
        if not project.status_report_poll.enabled:
            raise CliError("the status of its applications is not asked for", do="Give -app-status-poll as well.")
        project.status_report_poll.interval = session[STATUS_POLL_INTERVAL]
    if session[HCL]:
        path = Path(session[HCL])
        content = read_file(path)
        if len(content) > HCL_LIMIT:
            raise CliError(f"{path} is larger than the {HCL_LIMIT // 1024 // 1024} MB that a server stores")
        is_json = path.name.endswith(".json")
        check_syntax(path)
        project.waypoint_hcl = content
        project.waypoint_hcl_format = pb.Hcl.JSON if is_json else pb.Hcl.HCL


def source_of_file(session: Session, project: pb.Project) -> None:
    """Make the data source that a file's `runner` block names the project's; everything else stays."""
    from wp_cli.register import put_settings
    from wp_cli.target import read_names

    path = Path(session[FROM_HCL])
    said = pb.Project()
    said.data_source.CopyFrom(project.data_source)  # its credentials count where the file has none
    put_settings(read_names(path), session, said)
    if said.data_source == project.data_source and said.data_source.WhichOneof("source") is None:
        raise CliError(f"the runner block of {path} names no data source", do="Write a data_source block into it.")
    project.data_source.CopyFrom(said.data_source)


def change_git(session: Session, git: pb.Job.Git) -> None:
    """Put what the flags say into the git source; what they do not name stays."""
    for flag, field in ((GIT_URL, "url"), (GIT_PATH, "path"), (GIT_REF, "ref")):
        if session.given(flag):
            setattr(git, field, session[flag])
    if session.given(GIT_SUBMODULES):
        git.recurse_submodules = session[GIT_SUBMODULES]
    ignore_outside = session.maybe(GIT_IGNORE_OUTSIDE)
    if ignore_outside is not None:
        git.ignore_changes_outside_path = ignore_outside
    auth = session[GIT_AUTH]
    if auth == "none":
        git.ClearField("basic")
        git.ClearField("ssh")
    elif auth == "basic":
        git.basic.username, git.basic.password = session[GIT_USERNAME], session[GIT_PASSWORD]
    elif auth == "ssh":
        if not session[GIT_KEY]:
            raise CliError("SSH authentication needs a private key", do="Give its file with -git-private-key-path.")
        git.ssh.private_key_pem = read_file(Path(session[GIT_KEY]))
        git.ssh.password = session[GIT_KEY_PASSWORD]


def read_file(path: Path) -> bytes:
    """Content of a file that a flag names."""
    try:
        return path.read_bytes()
    except OSError as err:
        raise CliError(f"cannot read {path}: {err.strerror}") from err


def check_syntax(path: Path) -> None:
    """Refuse a configuration with syntax errors."""
    from wp_cli.target import parse_names

    parse_names(path)


def destroy(session: Session) -> int:
    """Destroy a project after asking: in a job what its apps created, then the records.

    Nobody to ask: nothing happens, exit code 1. Declined: nothing, 0.
    """
    from wp_cli.register import find

    name = session[shared.PROJECT]
    if not name:
        raise UsageProblem("name the project with -project, so that it is not the wrong one", command=session.command)
    client = session.client()
    project = find(name, client)
    if project is None:
        raise unknown_project(name)
    skip = session[SKIP_RESOURCES]
    if not skip and project.data_source.WhichOneof("source") is None:
        raise CliError(
            f"project {project.name!r} has no data source, so no job can destroy what its apps created",
            do="Run `waypoint destroy` in its folder for every workspace first, then give -skip-destroy-resources.",
        )
    what = "all records, but nothing that its apps created" if skip else "everything that its apps created"
    question = f"This destroys project {project.name!r}: {what}. Type yes to go ahead:"
    if not session[shared.AUTO_APPROVE] and not session.screen.confirm(question, instead="-auto-approve"):
        session.screen.warn("Nothing was destroyed.")
        return EXIT_OK
    if skip:
        client.calls.DestroyProject(pb.DestroyProjectRequest(project=pb.Ref.Project(project=project.name)))
    else:
        destroy_by_job(session, project.name)
    session.screen.result(f"Project {project.name!r} is destroyed.", "success")
    return EXIT_OK


def destroy_by_job(session: Session, name: str) -> None:
    """Queue the job and follow it to its end. CliError if it failed."""
    from wp_cli.operation import Operations
    from wp_cli.target import App

    with Operations(session) as operations:
        everything = App(name, "")
        job = operations.job(everything)
        job.destroy_project.project.project = name
        operations.run(everything, job)


LIST = Command("project list", list_projects, "Lists the names of all projects.", flags=(shared.JSON,), operation=True)
INSPECT = Command(
    "project inspect", inspect, "Shows a project; the one of the current directory if none is named.",
    flags=(shared.JSON, SHOW_SECRETS), arguments="[NAME]", words=(0, 1),
)  # fmt: skip
APPLY = Command(
    "project apply", apply,
    "Creates a project, or changes an existing one. Only what the flags name changes; everything else stays.",
    flags=(
        DATA_SOURCE, GIT_URL, GIT_PATH, GIT_REF, GIT_AUTH, GIT_USERNAME, GIT_PASSWORD, GIT_KEY, GIT_KEY_PASSWORD,
        GIT_SUBMODULES, GIT_IGNORE_OUTSIDE, FROM_HCL, HCL, POLL, POLL_INTERVAL, STATUS_POLL, STATUS_POLL_INTERVAL,
    ),
    arguments="NAME", words=(1, 1),
)  # fmt: skip
DESTROY = Command(
    "project destroy", destroy,
    """
    Destroys a project in all workspaces: what its apps created, their hostnames, and then the project with its records,
    configuration and triggers. If something cannot be destroyed the project stays. Jobs stay in any case.

      waypoint project destroy -project=shop
    """,
    flags=(shared.AUTO_APPROVE, SKIP_RESOURCES), operation=True,
)  # fmt: skip
