"""What a command works on.

Workspace, project and apps, from flags, waypoint.hcl and the server (CLI specification 3.6).
"""

from __future__ import annotations

import json
import os
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wp_cli.errors import CliError

if TYPE_CHECKING:
    from wp_cli.connect import Client

DEFAULT_WORKSPACE = "default"
FILE_NAMES = ("waypoint.hcl", "waypoint.hcl.json")
REMEMBERED_FORMAT = 3
SETTLED_NS = 1_000_000_000  # a file that changed this recently may change again within the clock's resolution


@dataclass(frozen=True)
class ConfigFile:
    """A waypoint.hcl that was found, and the names in it."""

    path: Path
    project: str
    apps: tuple[str, ...]
    pipelines: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The project's folder: local jobs run there."""
        return self.path.parent


@dataclass(frozen=True)
class App:
    """One application of a project."""

    project: str
    name: str


def find_file(start: Path) -> Path | None:
    """Return the nearest configuration file in `start` or a folder above it.

    CliError if a folder cannot be looked into.
    """
    for folder in (start, *start.parents):
        for name in FILE_NAMES:
            path = folder / name
            try:
                path.stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as err:
                raise CliError(f"cannot look for {path}: {err.strerror}") from err
            return path
    return None


def read_names(path: Path) -> ConfigFile:
    """Return the names in a configuration file. CliError with every syntax error of the file.

    Parsing takes longer than a command that only asks the server for something may take, so the names of a file that
    parsed are remembered in the user's cache for as long as the file is not touched.
    """
    try:
        facts = path.stat()
    except OSError as err:
        raise CliError(f"cannot read {path}: {err.strerror}") from err
    version = [REMEMBERED_FORMAT, str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]
    memory = names_memory(path)
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["version"] == version:
            apps, pipelines = (tuple(str(name) for name in known[kind]) for kind in ("apps", "pipelines"))
            return ConfigFile(path, str(known["project"]), apps, pipelines)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = parse_names(path)
    if time.time_ns() - facts.st_mtime_ns > SETTLED_NS:
        remember(
            memory,
            json.dumps(
                {"version": version, "project": found.project, "apps": found.apps, "pipelines": found.pipelines}
            ),
        )
    return found


def parse_names(path: Path) -> ConfigFile:
    """Parse the file for its names."""
    import wp_config

    try:
        names = wp_config.names(path)
    except wp_config.Diagnostics as problems:
        raise config_problem(problems) from problems
    return ConfigFile(path, names.project, names.apps, names.pipelines)


def config_problem(problems: object) -> CliError:
    """Error for a configuration that does not load: every diagnostic with file, line, source line and caret."""
    render = getattr(problems, "render", None)
    return CliError(str(render() if callable(render) else problems).strip() or "the configuration is not valid")


def names_memory(path: Path) -> Path:
    """Return where the names of this file are remembered. Files that share the place displace each other."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "waypoint" / "names" / f"{zlib.crc32(str(path).encode()):08x}.json"


def remember(memory: Path, text: str) -> None:
    """Write the memory; where that is impossible the file is parsed again next time."""
    import contextlib

    fresh = memory.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(memory)


def project_name(flag: str, file: ConfigFile | None) -> str:
    """Return the project: the flag's, else the file's, else ""."""
    return flag or (file.project if file else "")


def required_project(flag: str, file: ConfigFile | None) -> str:
    """Return the project; CliError if there is none."""
    name = project_name(flag, file)
    if not name:
        if file:
            raise CliError(f"{file.path} does not say its project's name in plain text", do="Name it with -project.")
        raise CliError(
            "there is no waypoint.hcl here or in a folder above",
            do="Change to the project's folder, write a file with `waypoint init`, or name the project with -project.",
        )
    return name


def select_apps(app: str, project: str, file: ConfigFile | None, client: Client) -> list[App]:
    """Return the apps to work on.

    The one that is named, else all of the file, else all the server knows. CliError if none.
    """
    known = list(file.apps) if file and file.project in {project, ""} else []
    if app:
        if known and app not in known:
            raise unknown_app(app, project, known)
        return [App(project, app)]
    if not known:
        known = server_apps(project, client)
    if not known:
        raise CliError(
            f"project {project!r} has no apps", do="Add an `app` block to waypoint.hcl and run `waypoint init`."
        )
    return [App(project, name) for name in known]


def unknown_app(app: str, project: str, known: list[str]) -> CliError:
    """Error for an app that the project does not have."""
    import difflib

    close = difflib.get_close_matches(app, known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"It has: {', '.join(known)}."
    return CliError(f"project {project!r} has no app {app!r}", do=hint)


def server_apps(project: str, client: Client) -> list[str]:
    """Return the names of the apps that the server knows of a project. CliError if it does not know the project."""
    import grpc

    from wp_cli.connect import code_of
    from wp_proto.waypoint import api as pb

    try:
        answer = client.calls.GetProject(pb.GetProjectRequest(project=pb.Ref.Project(project=project)))
    except grpc.RpcError as err:
        if code_of(err) is grpc.StatusCode.NOT_FOUND:
            raise unknown_project(project) from err
        raise
    return [application.name for application in answer.project.applications]


def unknown_project(project: str) -> CliError:
    """Error for a project that the server does not know."""
    return CliError(
        f"the server does not know the project {project!r}",
        do="Run `waypoint init` in its folder to register it; `waypoint project list` shows what the server knows.",
    )
