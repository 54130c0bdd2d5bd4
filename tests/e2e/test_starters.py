"""What `waypoint init` proposes for a folder really runs: init, init, up, and an answer (CLI specification 4.1)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.e2e.world import Waypoint, eventually, fetch

SERVER = """\
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from python")
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"]))  , Answer).serve_forever()
"""

# Without net/http, which takes most of a minute to compile for the first time.
GO_SERVER = """\
package main

import (
	"bufio"
	"net"
	"os"
)

func main() {
	listener, _ := net.Listen("tcp", ":"+os.Getenv("PORT"))
	for {
		connection, err := listener.Accept()
		if err != nil {
			continue
		}
		bufio.NewReader(connection).ReadString('\\n')
		connection.Write([]byte("HTTP/1.0 200 OK\\r\\nContent-Length: 7\\r\\n\\r\\nfrom go"))
		connection.Close()
	}
}
"""

# Files of a folder, and what its application answers.
FOLDERS: dict[str, tuple[dict[str, str], str]] = {
    "python": ({"app.py": SERVER}, "from python"),
    "python package": (
        {"shop/__main__.py": SERVER, "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n'},
        "from python",
    ),
    "procfile": (
        {"Procfile": "web: python3 -u serve.py --port $PORT\n", "serve.py": SERVER},
        "from python",
    ),
    "static": ({"public/index.html": "from a file"}, "from a file"),
    "folders": ({"api/app.py": SERVER, "api/waypoint-note.txt": ""}, "from python"),
}


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Waypoint]:
    project = tmp_path / "shop"
    project.mkdir()
    waypoint = Waypoint(tmp_path / "home", project)
    yield waypoint
    waypoint.close()


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def bring_up(user: Waypoint) -> str:
    """From nothing to the address: exactly what a user types."""
    user.run("init")
    user.run("validate")
    assert "Project initialized!" in user.run("init").stdout
    found = re.search(r"Release URL: (\S+)", user.run("up").stdout)
    assert found
    return found[1]


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_becomes_an_address_that_answers(user: Waypoint, kind: str) -> None:
    files, answer = FOLDERS[kind]
    fill(user.project, files)
    assert fetch(bring_up(user)) == answer
    user.run("destroy", "-auto-approve")


def test_a_go_module(user: Waypoint) -> None:
    if shutil.which("go") is None:
        pytest.skip("no Go (Debian: golang-go)")
    cache = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    user.extra["GOCACHE"] = cache  # this user's own would be empty, and the standard library compiled again
    fill(user.project, {"go.mod": "module example.com/shop\n\ngo 1.19\n", "cmd/shop/main.go": GO_SERVER})
    assert fetch(bring_up(user)) == "from go"
    user.run("destroy", "-auto-approve")


def test_a_node_package(user: Waypoint) -> None:
    if shutil.which("node") is None:
        pytest.skip("optional: no Node.js")
    script = 'require("http").createServer((q, r) => r.end("from node")).listen(process.env.PORT)\n'
    fill(user.project, {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": script})
    assert fetch(bring_up(user)) == "from node"
    user.run("destroy", "-auto-approve")


def test_a_worker_of_a_procfile_runs_beside_the_web(user: Waypoint) -> None:
    tick = "import time, os\nopen(os.environ['HERE'] + '/ticked', 'w').close()\ntime.sleep(600)\n"
    fill(user.project, {"Procfile": "web: python3 app.py\nclock: python3 tick.py\n", "app.py": SERVER, "tick.py": tick})
    user.extra["HERE"] = str(user.home)
    user.home.mkdir(exist_ok=True)
    assert fetch(bring_up(user)) == "from python"
    eventually(lambda: os.path.exists(user.home / "ticked"))
    user.run("destroy", "-auto-approve")


def test_python_with_packages_gets_an_environment_of_its_own(user: Waypoint) -> None:
    """The packages come from a folder of the project, so that no index is asked."""
    wheel = "greeting-1.0-py3-none-any.whl"
    make_wheel(user.project / "wheels" / wheel)
    fill(
        user.project,
        {
            "requirements.txt": f"./wheels/{wheel}\n",
            "app.py": SERVER.replace("import http", "import greeting, http").replace('b"from python"', "greeting.TEXT"),
        },
    )
    assert fetch(bring_up(user)) == "from a package"
    user.run("destroy", "-auto-approve")


def make_wheel(path: Path) -> None:
    import zipfile

    path.parent.mkdir()
    info = "greeting-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("greeting.py", 'TEXT = b"from a package"\n')
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"greeting.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


@pytest.mark.parametrize("port", ["EXPOSE 8765\n", ""])
def test_a_dockerfile(
    user: Waypoint, docker_client: docker.DockerClient, docker_project: str, python_image: str, port: str
) -> None:
    folder = user.project.with_name(docker_project)
    user.project.rename(folder)
    user.project = folder
    server = SERVER.replace('int(os.environ["PORT"])', "8765") if port else SERVER
    fill(
        folder,
        {"Dockerfile": f'FROM {python_image}\nCOPY app.py /\n{port}CMD ["python3", "/app.py"]\n', "app.py": server},
    )
    assert fetch(bring_up(user)) == "from python"
    user.run("destroy", "-auto-approve")
