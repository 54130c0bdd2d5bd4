"""`waypoint init`: check the configuration, connect, register project and apps; or write a first waypoint.hcl."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError
from wp_cli.flags import BOOL, Flag

if TYPE_CHECKING:
    from wp_cli.session import Session

TEMPLATE_FLAG = Flag("template", BOOL, False, "Write a first waypoint.hcl if there is none.")

UPDATE = Flag("update", BOOL, False, "Give the server's project the settings of the file's runner block.")

TEMPLATE = """\
# The name of the project.
project = "my-project"

# One application of the project. More `app` blocks may follow.
app "web" {
  # How its source becomes an image.
  build {
    use "docker" {}

    # Where the image is pushed to. Without a registry it stays on this machine.
    # registry {
    #   use "docker" {
    #     image = "registry.example.com/web"
    #     tag   = "latest"
    #   }
    # }
  }

  # Where the image runs.
  deploy {
    use "docker" {}
  }
}
"""


def run(session: Session) -> int:
    """Run the three steps; the first failure ends it. Without a file, write one if asked or if nobody can be asked."""
    if session.file is None:
        return write_template(session)
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
    from wp_cli.register import register

    done = register(session, client, update=session[UPDATE])
    what = f"Project {file.project!r} and all its apps are registered"
    if done.project:
        what = f"Registered project {file.project!r} with {', '.join(done.apps) or 'no apps'}"
    elif done.apps:
        what = f"Registered {', '.join(done.apps)} in project {file.project!r}"
    screen.result(f"{screen.icon('✓', 'ok:')} {what}", "success")
    screen.result()
    screen.result("Project initialized!", "success")
    screen.result("`waypoint up` builds, deploys and releases it; `waypoint build` only builds.")
    return EXIT_OK


def write_template(session: Session) -> int:
    """Write a first configuration."""
    screen = session.screen
    question = "There is no waypoint.hcl here. Write a first one? Type yes:"
    ask = screen.interactive and not session[TEMPLATE_FLAG]
    if ask and not screen.confirm(question, instead="-template"):
        screen.warn("Nothing was written.")
        return EXIT_OK
    path = Path.cwd() / "waypoint.hcl"
    handle = open_new(path)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except OSError as err:
        with contextlib.suppress(OSError):
            path.unlink()
        raise CliError(f"cannot write {path}: {err.strerror}") from err
    screen.result(f"Wrote {path}. Adapt it, then run `waypoint init` again.", "success")
    return EXIT_OK


def open_new(path: Path) -> int:
    """Create a file that must not exist yet."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as err:
        raise CliError(f"cannot write {path}: {err.strerror}") from err


INIT = Command(
    "init", run,
    "Checks waypoint.hcl with everything it uses, connects to the server, and registers the project and its apps "
    "there. "
    "Safe to repeat. Without a waypoint.hcl it writes a first one.",
    flags=(TEMPLATE_FLAG, UPDATE, shared.VAR, shared.VAR_FILE),
)  # fmt: skip
