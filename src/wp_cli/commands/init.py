"""`waypoint init`: check the configuration, connect, register project and apps; or write a first waypoint.hcl, or fetch
a whole project."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError, UsageProblem
from wp_cli.flags import BOOL, STRING, Flag

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_cli.starter.plan import ProjectPlan

TEMPLATE_FLAG = Flag("template", BOOL, False, "Write a first waypoint.hcl without asking, if there is none.")
INTERACTIVE = Flag("interactive", BOOL, False, "Ask what the first waypoint.hcl shall say.")
UPDATE = Flag("update", BOOL, False, "Give the server's project the settings of the file's runner block.")
FROM_PROJECT = Flag(
    "from-project", STRING, "",
    "Fetch a project and stop: a folder, an archive or the http(s) address of one, or a repository (git::URL, "
    "URL.git, git@host:path; //folder and ?ref=NAME may follow).",
)  # fmt: skip
INTO = Flag("into", STRING, "", "Folder for the fetched project; the last part of its address when left out.")


def run(session: Session) -> int:
    """Run the three steps; the first failure ends it. Without a file, write one."""
    if session[FROM_PROJECT]:
        return fetch_project(session)
    if session[INTO]:
        raise UsageProblem("-into says where -from-project puts the project", command="init")
    if session.file is None:
        return write_first(session)
    screen, file = session.screen, session.file
    from wp_cli.validation import check

    for warning in check(file, session):
        screen.warn(warning)
    screen.result(f"{screen.icon('✓', 'ok:')} {file.path.name} is valid", "success")
    client = session.client(create=True)
    screen.result(
        f"{screen.icon('✓', 'ok:')} Connected to the server at {client.endpoint.address} "
        f"(from {client.endpoint.source})",
        "success",
    )
    from wp_cli.register import register, register_pipelines

    done = register(session, client, update=session[UPDATE])
    what = f"Project {file.project!r} and all its apps are registered"
    if done.project:
        what = f"Registered project {file.project!r} with {', '.join(done.apps) or 'no apps'}"
    elif done.apps:
        what = f"Registered {', '.join(done.apps)} in project {file.project!r}"
    screen.result(f"{screen.icon('✓', 'ok:')} {what}", "success")
    if pipelines := register_pipelines(session, client):
        noun = "pipeline" if len(pipelines) == 1 else "pipelines"
        screen.result(f"{screen.icon('✓', 'ok:')} Registered the {noun} {', '.join(pipelines)}", "success")
    screen.result()
    screen.result("Project initialized!", "success")
    screen.result("`waypoint up` builds, deploys and releases it; `waypoint build` only builds.")
    return EXIT_OK


def write_first(session: Session) -> int:
    """Write a first configuration: what the user says, or what the folder's files say."""
    from wp_cli.starter.look import look
    from wp_cli.starter.plan import text_of

    screen = session.screen
    plan = look(Path.cwd())
    if wants_questions(session, plan):
        from wp_cli.starter.ask import Questions

        plan = Questions(screen, plan).run()
        screen.note("")
    path = Path.cwd() / "waypoint.hcl"
    write_new(path, text_of(plan))
    apps = ", ".join(app.name for app in plan.apps)
    screen.result(f"Wrote {path.name} for project {plan.name!r} with {apps}.", "success")
    for found in dict.fromkeys(app.found.partition(". ")[0].rstrip(".") for app in plan.apps if app.found):
        screen.result(f"{found}.")
    screen.result("Look at it, adapt it, then run `waypoint init` again to register the project.")
    return EXIT_OK


def wants_questions(session: Session, plan: ProjectPlan) -> bool:
    """Whether the generator shall ask. CliError if it is wanted where nobody can be asked."""
    screen = session.screen
    if session[TEMPLATE_FLAG]:
        return False
    if not screen.can_ask:
        if session[INTERACTIVE]:
            raise CliError("there is no terminal to ask on; nothing was written", do="Leave -interactive out.")
        return False
    if session[INTERACTIVE]:
        return True
    screen.note("There is no waypoint.hcl here or in a folder above.")
    apps = ", ".join(app.name for app in plan.apps)
    question = f"Answer a few questions to write one? (yes; Enter: write it for {apps} as the files here say):"
    return screen.confirm(question, instead="-template")


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet. CliError if that is impossible, and then there is no file."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as err:
        raise CliError(f"cannot write {path}: {err.strerror}") from err
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as err:
        with contextlib.suppress(OSError):
            path.unlink()
        raise CliError(f"cannot write {path}: {err.strerror}") from err


def fetch_project(session: Session) -> int:
    """Fetch somebody's project into a new folder."""
    from wp_cli.fetch import fetch, origin_of

    origin = origin_of(session[FROM_PROJECT])
    target = Path(session[INTO] or origin.name).expanduser().absolute()
    screen = session.screen
    from wp_cli.fetch.download import shown_url

    shown = shown_url(origin.location) if "://" in origin.location else origin.location
    screen.note(f"Location: {shown}{f' (folder {origin.below})' if origin.below else ''}")
    screen.note(f"Folder:   {target}")
    left_out = fetch(origin, target)
    if left_out:
        screen.warn(f"{len(left_out)} links were left out: {', '.join(left_out[:5])}{', …' * (len(left_out) > 5)}")
    screen.result(f"Project fetched into '{session[INTO] or origin.name}'", "success")
    return EXIT_OK


INIT = Command(
    "init", run,
    """
    Checks waypoint.hcl with everything it uses, connects to the server, and registers the project, its apps and its
    pipelines there. Safe to repeat.

    Without a waypoint.hcl it writes a first one: on a terminal it offers to ask a few questions, otherwise it looks at
    the folder (Dockerfile, Procfile, package.json, go.mod, pyproject.toml, a static site and so on). An existing file
    is never overwritten.

    With -from-project it fetches a project into a new folder and stops.
    """,
    flags=(TEMPLATE_FLAG, INTERACTIVE, FROM_PROJECT, INTO, UPDATE, shared.VAR, shared.VAR_FILE),
)  # fmt: skip
