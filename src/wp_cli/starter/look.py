"""What a folder holds, and how it could be built and run: the starting point of a first waypoint.hcl.

Only plugins that exist are proposed: an image where there is a Dockerfile, otherwise a process on this machine. Nothing
is run, and files are only read as far as they say how the application starts.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from wp_cli.starter.plan import DEFAULT_APP, DEFAULT_PROJECT, AppPlan, Argument, ProjectPlan, Stage, slug

MAX_READ = 1 << 20
"""Bytes; longer files are not read."""

MAX_APPS = 10
"""Applications proposed for the folders of a repository that holds several."""

DEFAULT_PORT = 3000
"""What the docker platform tells an application to listen on."""

NOT_APPS = frozenset({"node_modules", "vendor", "target", "dist", "build", "docs", "test", "tests", "venv", "env"})
SHELL_CHARACTERS = re.compile(r"[$&|;<>()`*?~=#{}\[\]\\]")

FILES = Stage("files", comment="The artifact is the application's folder as it is.")


def look(folder: Path) -> ProjectPlan:
    """Propose a project for a folder: its own application, else one for each folder below that holds one, else a
    template."""
    name = slug(folder.resolve().name, DEFAULT_PROJECT)
    apps = in_folder(folder) or below(folder)
    return ProjectPlan(_declared_name(folder) or name, tuple(apps) or (template(),))


def template() -> AppPlan:
    """The application proposed when nothing is recognised."""
    return AppPlan(
        DEFAULT_APP,
        build=Stage("docker", comment="How its source becomes an image; this needs a Dockerfile."),
        deploy=Stage("docker", (Argument("service_port", DEFAULT_PORT, "The port the application listens on."),),
                     "Where the image runs."),
        release=Stage("docker", comment="One port that stays, whatever version it leads to."),
        found="Nothing was recognised in this folder; this is how an application with a Dockerfile looks.",
    )  # fmt: skip


def in_folder(folder: Path) -> list[AppPlan]:
    """The applications whose files lie in exactly this folder; empty when nothing is recognised."""
    for recognise in RECOGNISERS:
        found = recognise(folder)
        if found:
            return found
    return []


def below(folder: Path) -> list[AppPlan]:
    """Applications of the folders one level down, each with its path."""
    found: list[AppPlan] = []
    try:
        folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []
    for place in folders:
        if place.name.startswith(".") or place.name in NOT_APPS:
            continue
        apps = [app for recognise in RECOGNISERS if recognise is not static_site for app in recognise(place)][:1]
        found += (dataclasses.replace(app, name=slug(place.name, app.name), path=f"./{place.name}") for app in apps)
    return list({app.name: app for app in found}.values())[:MAX_APPS]


# The kinds of applications, most telling first


def dockerfile(folder: Path) -> list[AppPlan]:
    """An image, run as a container on the port it exposes."""
    name = next((name for name in ("Dockerfile", "Containerfile") if (folder / name).is_file()), "")
    if not name:
        return []
    exposed = re.findall(r"^\s*EXPOSE\s+(\d{1,5})(?:/tcp)?\b", _text(folder / name), re.MULTILINE | re.IGNORECASE)
    port = int(exposed[0]) if exposed and 1 <= int(exposed[0]) <= 65535 else DEFAULT_PORT
    why = (
        "The port that the Dockerfile exposes."
        if exposed
        else "The port the application listens on; it gets it in PORT."
    )
    arguments = () if name == "Dockerfile" else (Argument("dockerfile", name),)
    return [
        AppPlan(
            DEFAULT_APP,
            build=Stage("docker", arguments, f"Builds an image from the {name}."),
            deploy=Stage("docker", (Argument("service_port", port, why),), "Every version is a container of its own."),
            release=Stage("docker", comment="One port that stays, whatever version it leads to."),
            found=f"Found a {name}.",
        )
    ]


def procfile(folder: Path) -> list[AppPlan]:
    """A process for each line; all but `web` are workers. What the language needs built is built before."""
    lines = re.findall(r"^([A-Za-z0-9_-]+):[ \t]*(\S.*)$", _text(folder / "Procfile"), re.MULTILINE)
    language = next((app for recognise in (node, golang, python, ruby) for app in recognise(folder)), None)
    before = language.build.before if language is not None else ()
    own_path = any(".venv/bin" in word for command in before for word in command)
    apps = [
        process(
            "a Procfile",
            _shell(f'PATH="$PWD/.venv/bin:$PATH"; exec {line}') if own_path else command_of(line),
            name=slug(name, DEFAULT_APP),
            worker=name != "web",
            before=before,
        )
        for name, line in lines
        if name != "release"
    ]
    return list({app.name: app for app in apps}.values())[:MAX_APPS]


def node(folder: Path) -> list[AppPlan]:
    """What package.json starts."""
    package = _json(folder / "package.json")
    if not package:
        return []
    scripts = package.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    manager, install = _node_manager(folder)
    start, main = scripts.get("start"), package.get("main")
    if isinstance(start, str) and start.strip():
        command = shlex.split(start) if re.fullmatch(r"node [\w./-]+", start.strip()) else [manager, "start"]
    else:
        candidates = [main] if isinstance(main, str) else []
        file = next((f for f in (*candidates, "server.js", "index.js", "app.js") if (folder / f).is_file()), None)
        if file is None:
            return []
        command = ["node", file]
    before = [install] if package.get("dependencies") or package.get("devDependencies") else []
    if isinstance(scripts.get("build"), str):
        before.append((manager, "run", "build"))
    return [process("package.json", command, before=before)]


def _node_manager(folder: Path) -> tuple[str, tuple[str, ...]]:
    """The package manager whose lock file is there, and how it installs exactly what that file says."""
    if (folder / "pnpm-lock.yaml").is_file():
        return "pnpm", ("pnpm", "install", "--frozen-lockfile")
    if (folder / "yarn.lock").is_file():
        return "yarn", ("yarn", "install", "--frozen-lockfile")
    locked = (folder / "package-lock.json").is_file()
    return "npm", ("npm", "ci") if locked else ("npm", "install")


def golang(folder: Path) -> list[AppPlan]:
    """A program that the build makes with the Go tool."""
    if not (folder / "go.mod").is_file():
        return []
    places = [folder, *sorted(path for path in folder.glob("cmd/*") if path.is_dir())]
    main = next((place for place in places if any(_is_go_main(file) for file in sorted(place.glob("*.go")))), None)
    if main is None:
        return []
    package = "." if main == folder else f"./{main.relative_to(folder)}"
    return [process("go.mod", ["./bin/app"], before=[("go", "build", "-o", "bin/app", package)])]


def _is_go_main(file: Path) -> bool:
    return not file.name.endswith("_test.go") and bool(re.search(r"^package main\b", _text(file), re.MULTILINE))


def python(folder: Path) -> list[AppPlan]:
    """A Python program, in a virtual environment when it needs packages."""
    project = _toml(folder / "pyproject.toml").get("project", {})
    project = project if isinstance(project, dict) else {}
    required = re.search(r"^\s*[^#\s]", _text(folder / "requirements.txt"), re.MULTILINE)
    source = "requirements.txt" if required else "pyproject.toml" if project else ""
    before: list[tuple[str, ...]] = []
    interpreter = "python3"
    if required or project.get("dependencies"):
        what = "-r requirements.txt" if required else "."
        before = [("sh", "-c", f"python3 -m venv .venv && .venv/bin/python -m pip install --quiet {what}")]
        interpreter = ".venv/bin/python"
    started = _python_start(folder, interpreter)
    if started is None:
        if not source:
            return []
        module = slug(str(project.get("name", "app")), "app").replace("-", "_")
        started = source, [interpreter, "-m", module]
    return [process(source or started[0], started[1], before=before)]


def _python_start(folder: Path, interpreter: str) -> tuple[str, list[str]] | None:
    """The file that starts the application, and the command; None when there is no such file."""
    if (folder / "manage.py").is_file():
        return "manage.py", _shell(f"exec {interpreter} manage.py runserver --noreload 127.0.0.1:$PORT")
    for name in ("app.py", "main.py", "server.py", "wsgi.py", "asgi.py", "run.py"):
        file = folder / name
        if not file.is_file():
            continue
        made = re.search(r"^(\w+)\s*(?::[^=\n]+)?=\s*(FastAPI|Starlette|Flask)\(", _text(file), re.MULTILINE)
        if made is None:
            return name, [interpreter, name]
        target = f"{file.stem}:{made[1]}"
        if made[2] == "Flask":
            return name, _shell(f"exec {interpreter} -m flask --app {target} run --host 127.0.0.1 --port $PORT")
        return name, _shell(f"exec {interpreter} -m uvicorn {target} --host 127.0.0.1 --port $PORT")
    package = next(iter(sorted(folder.glob("*/__main__.py"))), None)
    return None if package is None else (f"{package.parent.name}/__main__.py", [interpreter, "-m", package.parent.name])


def rust(folder: Path) -> list[AppPlan]:
    """A program that cargo builds."""
    package = _toml(folder / "Cargo.toml").get("package", {})
    name = package.get("name") if isinstance(package, dict) else None
    if not isinstance(name, str) or not (folder / "src/main.rs").is_file():
        return []
    app = process("Cargo.toml", [f"./target/release/{name}"], before=[("cargo", "build", "--release")])
    copy = Argument("copy", False, "The folder is run in place, because cargo's target folder is large.")
    return [dataclasses.replace(app, deploy=dataclasses.replace(app.deploy, arguments=(*app.deploy.arguments, copy)))]


def ruby(folder: Path) -> list[AppPlan]:
    """A Rack or Rails application."""
    before = [("bundle", "install")] if (folder / "Gemfile").is_file() else []
    if (folder / "bin/rails").is_file():
        return [process("bin/rails", _shell("exec bin/rails server -b 127.0.0.1 -p $PORT"), before=before)]
    if (folder / "config.ru").is_file():
        return [process("config.ru", _shell("exec bundle exec rackup -o 127.0.0.1 -p $PORT"), before=before)]
    return []


def php(folder: Path) -> list[AppPlan]:
    """PHP files, served by PHP itself."""
    for root in ("public", "."):
        if (folder / root / "index.php").is_file():
            return [process(str(Path(root, "index.php")), _shell(f"exec php -S 127.0.0.1:$PORT -t {root}"))]
    return []


def static_site(folder: Path) -> list[AppPlan]:
    """Files, served as they are."""
    for root in (".", "public", "dist", "build", "_site", "site", "www"):
        if (folder / root / "index.html").is_file():
            place = "" if root == "." else root
            return [process(
                str(Path(root, "index.html")), _shell("exec python3 -m http.server --bind 127.0.0.1 $PORT"),
                directory=place,
            )]  # fmt: skip
    return []


RECOGNISERS: tuple[Callable[[Path], list[AppPlan]], ...] = (
    dockerfile, procfile, node, golang, python, rust, ruby, php, static_site,
)  # fmt: skip


def process(
    found: str,
    command: list[str],
    *,
    name: str = DEFAULT_APP,
    before: Iterable[tuple[str, ...]] = (),
    worker: bool = False,
    directory: str = "",
) -> AppPlan:
    """An application that runs as a process on this machine."""
    why = "Starts the application" + ("." if worker else ", which must listen on $PORT.")
    arguments = [Argument("command", command, why)]
    if directory:
        arguments.append(Argument("directory", directory))
    if worker:
        arguments.append(Argument("worker", True, "It listens on no port: being alive is enough."))
    commands = tuple(before)
    build = FILES
    if commands:
        build = Stage("files", comment="The artifact is the application's folder, once these commands have run in it.")
    return AppPlan(
        name,
        build=dataclasses.replace(build, before=commands),
        deploy=Stage("local", tuple(arguments), "Every version is a process of its own on this machine."),
        release=None if worker else Stage("local", comment="One address that stays, whatever version it leads to."),
        found=f"Found {found}. `local` runs it on this machine; with a Dockerfile, `docker` can run it as a container.",
    )


def command_of(line: str) -> list[str]:
    """A line of shell as program and arguments, through a shell only when it needs one."""
    if SHELL_CHARACTERS.search(line):
        one_program = not re.search(r"[&|;]", line) and "=" not in line.split(maxsplit=1)[0]
        return _shell(f"exec {line}" if one_program else line)
    try:
        return shlex.split(line)
    except ValueError:
        return _shell(line)


def _shell(line: str) -> list[str]:
    return ["sh", "-c", line]


# Reading


def _declared_name(folder: Path) -> str:
    """The project's name as its own files say it; "" when they do not."""
    project = _toml(folder / "pyproject.toml").get("project", {})
    package = _toml(folder / "Cargo.toml").get("package", {})
    module = re.search(r"^module\s+(\S+)", _text(folder / "go.mod"), re.MULTILINE)
    candidates = [
        _json(folder / "package.json").get("name"),
        project.get("name") if isinstance(project, dict) else None,
        package.get("name") if isinstance(package, dict) else None,
        re.sub(r"/v\d+$", "", module[1]).rpartition("/")[2] if module else None,
    ]
    return next((slug(name, "") for name in candidates if isinstance(name, str) and slug(name, "")), "")


def _text(path: Path) -> str:
    """A file's text; "" when it cannot be read or is too long to be what it is taken for."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_READ:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except (ValueError, RecursionError):
        return {}
