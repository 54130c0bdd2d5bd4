"""The archive on the Pythons of other people's images, and what it may not do to them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.fakes.aws import Aws
from tests.fakes.vault import Vault
from tools.zipapps.interpreters import find

import wp_entrypoint
from wp_entrypoint import archive

from .conftest import Entrypoints, eventually
from .fake_server import FakeServer, write_certificate
from .test_exec import STDOUT, Client, pty

ROOT = Path(__file__).resolve().parents[2]
RELEASES = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
PACKAGES = [ROOT / "src" / package for package in archive.PACKAGES]


@pytest.mark.parametrize("release", RELEASES)
def test_everything_works_on_every_release(
    entrypoints: Entrypoints, server: FakeServer, tmp_path: Path, release: str
) -> None:
    python = find(release)
    if python is None:
        pytest.skip(f"optional: no CPython {release} on this machine")
    assert server.certificate is not None
    server.set_config(GREETING='${format("%s", lower(config.env.LOUD))}', LOUD="HELLO")
    env = {
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "",
        "WAYPOINT_SERVER_TLS_CA": str(write_certificate(server.certificate, tmp_path)),
        "WAYPOINT_SERVER_ADDR": f"localhost:{server.port}",
        "WAYPOINT_CEB_RELOAD_SPLAY": "1ms",
    }
    process = entrypoints.start(
        "sh", "-c", "echo $GREETING; exec sleep 100", server=server, env=env, python=str(python)
    )
    server.wait(lambda: server.app_lines() == ["hello"])
    client = Client(server.exec("sh", "-c", "stty size; kill -TERM $$", pty=pty(30, 90)))
    assert client.finish() == 143
    assert client.output[STDOUT] == b"30 90\r\n"
    server.set_config(GREETING="again")
    server.wait(lambda: server.app_lines() == ["hello", "again"])
    process.terminate()
    assert process.wait(60) == -15
    assert process.stderr is not None
    complaints = [line for line in process.stderr.read().decode().splitlines() if "[INFO]" not in line]
    assert complaints == []


@pytest.mark.parametrize("release", RELEASES)
def test_every_source_can_be_read_on_every_release(entrypoints: Entrypoints, release: str) -> None:
    python = find(release)
    if python is None:
        pytest.skip(f"optional: no CPython {release} on this machine")
    vault, cloud = Vault(), Aws()
    vault.kv1["kv/db"] = {"user": "ann"}
    cloud.parameters = {"/web": "shop"}
    program = (
        "import sys\n"
        f"sys.path.insert(0, {str(entrypoints.zipapp / 'lib')!r})\n"
        "import wp_sources.consul, wp_sources.kubernetes, wp_sources.terraform_cloud, wp_sources.null\n"
        f"vault = wp_sources.open_source('vault', {{'addr': {vault.url!r}, 'token': 'root'}}, {{}})\n"
        "print(vault.read({'A': {'path': 'kv/db', 'key': 'user'}}))\n"
        "keys = {'access_key': 'AKIDEXAMPLE', 'secret_key': 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'}\n"
        f"place = {{'AWS_ENDPOINT_URL': {cloud.url!r}, 'AWS_REGION': 'eu-central-1', 'HOME': '/none'}}\n"
        "print(wp_sources.open_source('aws-ssm', keys, place).read({'B': {'path': '/web'}}))\n"
    )
    try:
        done = subprocess.run([str(python), "-I", "-S", "-c", program], capture_output=True, text=True, timeout=60)
    finally:
        vault.stop()
        cloud.stop()
    assert done.stdout == "{'A': 'ann'}\n{'B': 'shop'}\n", done.stderr


@pytest.mark.parametrize("release", RELEASES)
def test_the_public_ssl_module_serves_where_the_private_one_is_different(
    entrypoints: Entrypoints, server: FakeServer, release: str
) -> None:
    python = find(release)
    if python is None:
        pytest.skip(f"optional: no CPython {release} on this machine")
    server.set_config(GREETING="hello")
    program = (
        "import ssl, sys, _ssl\n"
        "del _ssl._SSLContext\n"
        f"sys.path.insert(0, {str(entrypoints.zipapp / 'lib')!r})\n"
        "from wp_entrypoint.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [str(python), "-I", "-S", "-c", program, "printenv", "GREETING"],
        env=entrypoints.environment(server),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "hello\n", done.stderr


def test_only_the_standard_library_is_imported() -> None:
    # The launcher of the standalone executable has a module of ours built in.
    allowed = set(sys.stdlib_module_names) | {"wp_entrypoint", "wp_sources", "wp_text", "_waypoint_launcher"}
    for package in PACKAGES:
        for path in package.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                for name in names:
                    assert name.split(".")[0] in allowed or name.startswith("wp_proto.entrypoint"), f"{path}: {name}"


def test_the_application_waits_for_few_imports(entrypoints: Entrypoints, server: FakeServer) -> None:
    """What is loaded when the application starts: none of the modules that cost milliseconds."""
    program = (
        "import os, sys\n"
        f"sys.path.insert(0, {str(entrypoints.zipapp / 'lib')!r})\n"
        "from wp_entrypoint import agent, process\n"
        "def tell(*arguments, **keywords):\n"
        "    print(*sys.modules)\n"
        "    sys.stdout.flush()\n"
        "    os._exit(0)\n"
        "process.spawn = tell\n"
        "from wp_entrypoint.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, "true"],
        env=entrypoints.environment(server, WAYPOINT_CEB_CONNECT_TIMEOUT=""),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "wp_entrypoint.session" in loaded, done.stderr
    heavy = {
        "asyncio",
        "typing",
        "dataclasses",
        "enum",
        "re",
        "json",
        "subprocess",
        "socket",
        "ssl",
        "threading",
        "logging",
    }
    assert loaded & heavy == set()
    assert not {name for name in loaded if name.startswith(("wp_entrypoint.logs", "wp_entrypoint.exec"))}


def test_switched_off_nothing_of_the_network_is_loaded(entrypoints: Entrypoints) -> None:
    program = (
        "import os, sys\n"
        f"sys.path.insert(0, {str(entrypoints.zipapp / 'lib')!r})\n"
        "os.execve = lambda *arguments: (print(*sys.modules), sys.stdout.flush(), os._exit(0))\n"
        "from wp_entrypoint.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, "true"], capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & {"_socket", "_ssl", "select", "wp_entrypoint.agent", "wp_entrypoint.session"}


def test_a_template_loads_only_the_functions_it_calls(entrypoints: Entrypoints) -> None:
    program = (
        "import sys\n"
        f"sys.path.insert(0, {str(entrypoints.zipapp / 'lib')!r})\n"
        "from wp_entrypoint.expressions import render\n"
        "before = set(sys.modules)\n"
        "assert render('${upper(text)}', {'text': 'a'}) == 'A'\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    package = "wp_entrypoint.functions"
    assert done.stdout.split() == [package, f"{package}.signature", f"{package}.strings"]


def test_the_version_is_the_distributions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == wp_entrypoint.VERSION


def test_an_unprivileged_user_on_a_read_only_root(entrypoints: Entrypoints, server: FakeServer, tmp_path: Path) -> None:
    """As `--read-only --user 65534 --cap-drop ALL`: nothing is written, no user entry is needed."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    server.set_config(GREETING="hello")
    folder = tmp_path / "cwd"
    folder.mkdir()
    mine = [place for place in entrypoints.zipapp.parents if place.stat().st_mode & 0o077 == 0]
    for place in mine:
        place.chmod(0o755)

    def drop() -> None:
        os.chdir("/")
        os.setgroups([])
        os.setgid(64999)
        os.setuid(64999)

    process = entrypoints.start(
        "sh", "-c", "echo $GREETING; id -u", server=server, python="/usr/bin/python3", preexec_fn=drop, cwd=None
    )
    out, err = process.communicate(timeout=60)
    assert out == b"hello\n64999\n", err
    assert list(folder.iterdir()) == []


def test_it_works_where_no_thread_can_be_started(entrypoints: Entrypoints, server: FakeServer) -> None:
    """As under a limit of processes: what threads would do, the loop does."""
    program = (
        "import sys, _thread\n"
        f"sys.path.insert(0, {str(entrypoints.zipapp / 'lib')!r})\n"
        "def refuse(*arguments):\n"
        "    raise RuntimeError('can\\'t start new thread')\n"
        "_thread.start_new_thread = refuse\n"
        "from wp_entrypoint.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, "sh", "-c", "seq 1 20000; echo err >&2; exit 5"],
        env=entrypoints.environment(server),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 5
    assert done.stdout.splitlines() == [str(number) for number in range(1, 20001)]
    assert "err\n" in done.stderr
    assert [line for line in server.app_lines() if line != "err"] == done.stdout.splitlines()


@pytest.mark.parametrize("call", [1, 2])
def test_it_survives_a_fault_of_its_own(entrypoints: Entrypoints, server: FakeServer, call: int) -> None:
    """A bug in the entrypoint is told and does not end the application."""
    program = (
        "import sys\n"
        f"sys.path.insert(0, {str(entrypoints.zipapp / 'lib')!r})\n"
        "from wp_entrypoint import agent, appconfig\n"
        "good = appconfig.resolve\n"
        "calls = []\n"
        "def bad(*arguments):\n"
        "    calls.append(1)\n"
        f"    if len(calls) == {call}:\n"
        "        raise RuntimeError('a bug')\n"
        "    return good(*arguments)\n"
        "appconfig.resolve = bad\n"
        "from wp_entrypoint.__main__ import main\n"
        "main()\n"
    )
    server.set_config(GREETING="one")
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", program, "sh", "-c", "echo $GREETING; exec sleep 100"],
        env=entrypoints.environment(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    entrypoints.started.append(process)
    server.wait(lambda: ("one" if call == 2 else "") in server.app_lines())
    server.set_config(GREETING="two")
    eventually(lambda: max(server.instances.values()) == 2, what="it connects again")
    server.wait(lambda: "two" in server.app_lines())
    assert process.poll() is None
    assert any("internal fault" in line for line in server.own_lines())
