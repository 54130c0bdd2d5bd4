"""The first waypoint.hcl: what `waypoint init` proposes for a folder, what it asks, and that all of it is valid (CLI
specification 4.1). That the proposals run is in tests/e2e/test_starters.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wp_cli.terminal import Terminal

from wp_cli.starter.look import command_of, look
from wp_cli.starter.plan import AppPlan, Argument, ProjectPlan, Stage, literal, slug, text_of
from wp_config import Source
from wp_runner.plugins import PluginHost
from wp_runner.validate import validate

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

MAIN_GO = "package main\n\nfunc main() {}\n"

# Files of a folder, and for each application: name, path, build and deploy plugin, and a piece of its text.
KINDS: dict[str, tuple[dict[str, str], list[tuple[str, str, str, str, str]]]] = {
    "dockerfile": ({"Dockerfile": "FROM x\nEXPOSE 8080\n"}, [("web", "", "docker", "docker", "service_port = 8080")]),
    "dockerfile without a port": ({"Dockerfile": "FROM x\n"}, [("web", "", "docker", "docker", "3000")]),
    "containerfile": (
        {"Containerfile": "FROM x\nexpose 53/udp 9000\nEXPOSE 9000/tcp\n"},
        [("web", "", "docker", "docker", 'dockerfile = "Containerfile"')],
    ),
    "dockerfile wins": (
        {"Dockerfile": "FROM x\n", "package.json": '{"scripts": {"start": "x"}}'},
        [("web", "", "docker", "docker", "docker")],
    ),
    "procfile": (
        {"Procfile": "web: gunicorn app:app -b 127.0.0.1:$PORT\nworker: python w.py 'a b'\nrelease: migrate\n# x: y\n"},
        [
            ("web", "", "files", "local", '["sh", "-c", "exec gunicorn app:app -b 127.0.0.1:$PORT"]'),
            ("worker", "", "files", "local", '["python", "w.py", "a b"]'),
        ],
    ),
    "procfile with packages": (
        {"Procfile": "web: gunicorn app:app\n", "requirements.txt": "gunicorn\n"},
        [("web", "", "files", "local", "exec gunicorn app:app")],
    ),
    "node with a start script": (
        {"package.json": '{"name": "@acme/shop", "scripts": {"start": "next start", "build": "next build"}, '
         '"dependencies": {"next": "1"}}', "yarn.lock": ""},
        [("web", "", "files", "local", '["yarn", "install", "--frozen-lockfile"]')],
    ),
    "node with a main file": (
        {"package.json": '{"main": "lib/server.js"}', "lib/server.js": ""},
        [("web", "", "files", "local", '["node", "lib/server.js"]')],
    ),
    "node started by node": (
        {"package.json": '{"scripts": {"start": "node server.js"}, "devDependencies": {"a": "1"}}',
         "package-lock.json": "{}"},
        [("web", "", "files", "local", '["npm", "ci"]')],
    ),
    "go": ({"go.mod": "module example.com/a/shop/v2\n", "main.go": MAIN_GO},
           [("web", "", "files", "local", '["go", "build", "-o", "bin/app", "."]')]),
    "go below cmd": (
        {"go.mod": "module x\n", "lib.go": "package x\n", "cmd/server/main.go": MAIN_GO},
        [("web", "", "files", "local", '"./cmd/server"')],
    ),
    "python script": ({"app.py": "print(1)\n"}, [("web", "", "files", "local", '["python3", "app.py"]')]),
    "flask": (
        {"requirements.txt": "flask\n", "app.py": "from flask import Flask\nshop = Flask(__name__)\n"},
        [("web", "", "files", "local", "exec .venv/bin/python -m flask --app app:shop run")],
    ),
    "fastapi": (
        {"pyproject.toml": '[project]\nname = "my_api"\ndependencies = ["fastapi", "uvicorn"]\n',
         "main.py": "app = FastAPI()\n"},
        [("web", "", "files", "local", "exec .venv/bin/python -m uvicorn main:app")],
    ),
    "django": ({"manage.py": "", "requirements.txt": "# none yet\n"},
               [("web", "", "files", "local", "exec python3 manage.py runserver")]),
    "python package": ({"shop/__main__.py": "", "pyproject.toml": '[project]\nname = "shop"\n'},
                       [("web", "", "files", "local", '["python3", "-m", "shop"]')]),
    "pyproject only": ({"pyproject.toml": '[project]\nname = "x-y"\n'},
                       [("web", "", "files", "local", '["python3", "-m", "x_y"]')]),
    "requirements only": ({"requirements.txt": "x\n"}, [("web", "", "files", "local", '".venv/bin/python"')]),
    "rust": ({"Cargo.toml": '[package]\nname = "shop"\n', "src/main.rs": ""},
             [("web", "", "files", "local", '["./target/release/shop"]')]),
    "rails": ({"Gemfile": "", "bin/rails": "", "config.ru": ""}, [("web", "", "files", "local", "bin/rails server")]),
    "rack": ({"config.ru": ""}, [("web", "", "files", "local", "rackup")]),
    "php": ({"public/index.php": ""}, [("web", "", "files", "local", "-t public")]),
    "static": ({"index.html": ""}, [("web", "", "files", "local", "http.server")]),
    "static below public": ({"public/index.html": ""}, [("web", "", "files", "local", 'directory = "public"')]),
    "several folders": (
        {"API Server/app.py": "", "web/package.json": '{"scripts": {"start": "x"}}', "docs/index.html": "",
         "node_modules/a/package.json": '{"main": "a.js"}', "node_modules/a/a.js": "", ".hidden/app.py": ""},
        [
            ("api-server", "./API Server", "files", "local", "app.py"),
            ("web", "./web", "files", "local", '["npm", "start"]'),
        ],
    ),
    "nothing": ({"README": ""}, [("web", "", "docker", "docker", "service_port")]),
    "broken files": (
        {"package.json": "{", "pyproject.toml": "[", "Cargo.toml": "]", "Procfile": "\x00", "main.py": ""},
        [("web", "", "files", "local", '["python3", "main.py"]')],
    ),
}  # fmt: skip


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_folder_gets_a_valid_file(tmp_path: Path, kind: str) -> None:
    files, wanted = KINDS[kind]
    fill(tmp_path, files)
    plan = look(tmp_path)
    text = text_of(plan)
    assert [(a.name, a.path, a.build.plugin, a.deploy.plugin) for a in plan.apps] == [app[:4] for app in wanted]
    for *_, piece in wanted:
        assert piece in text.decode(), text.decode()
    found = validate(Source(text, tmp_path))
    assert not found.items, found.render()
    assert {stage.plugin for a in plan.apps for stage in (a.build, a.deploy)} <= set(PluginHost().names())


def test_the_project_is_named_as_its_own_files_say(tmp_path: Path) -> None:
    folder = tmp_path / "My Folder!"
    folder.mkdir()
    assert look(folder).name == "my-folder"
    fill(folder, {"go.mod": "module example.com/team/Shop_API/v3\n"})
    assert look(folder).name == "shop-api"
    fill(folder, {"package.json": '{"name": "@acme/web.shop"}'})
    assert look(folder).name == "acme-web-shop"
    assert slug("!!!", "x") == "x"


def test_a_line_of_shell_is_run_by_a_shell_only_if_it_must() -> None:
    assert command_of("python w.py 'a b'") == ["python", "w.py", "a b"]
    assert command_of("serve -p $PORT") == ["sh", "-c", "exec serve -p $PORT"]
    assert command_of("cd x && serve") == ["sh", "-c", "cd x && serve"]
    assert command_of("A=1 serve $PORT") == ["sh", "-c", "A=1 serve $PORT"]
    assert command_of("it's") == ["sh", "-c", "it's"]


@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=3))
def test_whatever_is_found_in_files_is_quoted(word: str, mapping: dict[str, str]) -> None:
    stage = Stage("local", (Argument("command", ["echo", word]), Argument("static_environment", mapping)))
    plan = ProjectPlan("p", (AppPlan("web", build=Stage("files"), deploy=stage),))
    try:
        text = text_of(plan)
    except UnicodeEncodeError:
        return  # half of a surrogate pair is no text
    found = validate(Source(text, Path()))
    assert not found.has_errors, found.render()
    assert literal("${a} %{b} $${") == '"$${a} %%{b} $$${"'


def test_the_file_is_written_where_nobody_can_be_asked_and_never_overwritten(cli: Cli) -> None:
    fill(cli.folder, {"package.json": '{"name": "shop", "main": "server.js"}', "server.js": ""})
    shown = cli.ok("init")
    assert "Wrote waypoint.hcl for project 'shop' with web." in shown
    assert "Found package.json." in shown
    assert cli.ok("fmt", "-check") == ""
    assert cli.ok("validate") == "✓ waypoint.hcl is valid\n"
    (cli.folder / "waypoint.hcl").write_text("project = \n")
    assert "waypoint.hcl:1" in cli.fails("init", "-template")
    assert (cli.folder / "waypoint.hcl").read_text() == "project = \n"
    (cli.folder / "waypoint.hcl").unlink()
    (cli.folder / "waypoint.hcl").symlink_to("/nowhere/at/all")
    assert "File exists" in cli.fails("init")
    assert "no terminal" in cli.fails("init", "-interactive")
    assert not (cli.home / ".local").exists()


def answer(terminal: Terminal, *pairs: tuple[str, str]) -> None:
    for question, given_answer in pairs:
        terminal.wait_for(question)
        terminal.send(given_answer.encode() + b"\r")


def start(cli: Cli, *flags: str) -> Terminal:
    return Terminal([*cli.command, "init", *flags], cli.environ, str(cli.folder), columns=160)


def test_on_a_terminal_enter_takes_what_the_files_say(cli: Cli) -> None:
    fill(cli.folder, {"app.py": ""})
    with start(cli) as terminal:
        answer(terminal, ("Answer a few questions", ""))
        assert terminal.finish() == 0
        assert "Found app.py." in terminal.history
    assert '["python3", "app.py"]' in (cli.folder / "waypoint.hcl").read_text()


def test_the_generator_asks_for_plugins_and_what_they_require(cli: Cli) -> None:
    fill(cli.folder, {"Dockerfile": "FROM x\nEXPOSE 80\n"})
    with start(cli) as terminal:
        answer(
            terminal,
            ("Answer a few questions", "yes"),
            ("Name of the project [work]:", "My Shop"),
            ("such as my-shop", "my-shop"),
            ("Name of the application [web]:", ""),
            ("build [docker]:", "flies"),
            ("There is no flies. Did you mean files?", "files"),
            ("registry [none]:", "files"),
            ("path (", "/srv/artifacts"),
        )
        terminal.wait_for("Where does it run?")
        listed = terminal.history.partition("Where does it run?")[2]
        answer(terminal, ("deploy [", "local"))
        assert "docker" not in listed  # it cannot run a folder
        answer(
            terminal,
            ("command (Program and arguments that start the application; words as in a shell):", "serve 'a b'"),
            ("How does it get its address?", "none"),
        )
        assert terminal.finish() == 0
    text = (cli.folder / "waypoint.hcl").read_text()
    assert 'project = "my-shop"' in text
    assert 'command = ["serve", "a b"]' in text
    assert 'path = "/srv/artifacts"' in text
    assert "\n  release {" not in text
    assert "Found" not in text
    assert cli.ok("fmt", "-check") == ""
    assert cli.ok("validate") == "✓ waypoint.hcl is valid\n"


def test_exit_keeps_what_was_entered_and_enter_twice_leaves_out(cli: Cli) -> None:
    with start(cli, "-interactive") as terminal:
        answer(
            terminal,
            ("Name of the project", "shop"),
            ("Name of the application", "api"),
            ("build [docker]:", "docker-pull"),
            ("image (", ""),
            ("Enter again leaves it", ""),
            ("tag (", "1.0"),
            ("registry [none]:", "exit"),
        )
        assert terminal.finish() == 0
        assert "The rest stays as proposed." in terminal.history
    text = (cli.folder / "waypoint.hcl").read_text()
    assert 'app "api"' in text
    assert "# Required: Repository, without tag\n" in text
    assert "# image =\n" in text
    assert 'tag = "1.0"' in text.replace("  =", " =")
    assert '"image" is required' in cli.fails("validate")


def test_ctrl_c_and_the_end_of_the_input(cli: Cli) -> None:
    with start(cli, "-interactive") as terminal:
        terminal.wait_for("Name of the project")
        terminal.send(b"\x03")
        assert terminal.finish() == 130
    assert not (cli.folder / "waypoint.hcl").exists()
    with start(cli, "-interactive") as terminal:
        terminal.wait_for("Name of the project")
        terminal.send(b"\x04")
        assert terminal.finish() == 0
    assert cli.ok("validate") == "✓ waypoint.hcl is valid\n"


def test_many_folders_and_odd_ones_are_no_trouble(tmp_path: Path) -> None:
    for number in range(15):
        fill(tmp_path, {f"app{number}/app.py": ""})
    (tmp_path / "package.json").mkdir()
    (tmp_path / "Procfile").symlink_to(tmp_path / "Procfile")
    (tmp_path / "pyproject.toml").write_text("x" * (2 << 20))
    (tmp_path / "go.mod").write_bytes(b"\xff\xfe")
    assert len(look(tmp_path).apps) == 10
    (tmp_path / "package.json").rmdir()
    (tmp_path / "package.json").write_text(json.dumps({"name": 5, "scripts": [], "main": {"a": 1}}))
    assert len(look(tmp_path).apps) == 10
