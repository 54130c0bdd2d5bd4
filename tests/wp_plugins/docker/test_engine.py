"""Finding the engine, and what is said when it cannot be reached."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import docker
import pytest
from tests.ports import free_port

from wp_plugins.docker.engine import ClientConfig, connect
from wp_sdk.component import PluginError


def test_an_engine_that_does_not_run_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    sentence = rf"{path}: The Docker engine is not running. Start it \(`sudo systemctl start docker`"
    with pytest.raises(PluginError, match=sentence):
        connect(ClientConfig(host=f"unix://{path}"))
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    with pytest.raises(PluginError, match=sentence):
        connect(ClientConfig(host=f"unix://{path}"))


def test_no_permission_on_the_socket_names_the_group(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("optional: only root can become somebody else")
    program = """
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
from wp_plugins.docker.engine import ClientConfig, connect
from wp_sdk.component import PluginError
try:
    connect(ClientConfig(host="unix://" + sys.argv[1]))
except PluginError as error:
    print(error)
"""
    with socket.socket(socket.AF_UNIX) as listener:
        folder = Path("/tmp")  # a path that nobody else's folders hide
        path = folder / f"waypoint-test-{os.getpid()}.sock"
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen()
        try:
            # the interpreter loads everything first, because its own files may be unreadable for nobody
            loaded = program.replace("import os, sys\n", "import os, sys\nimport wp_plugins.docker.engine\n", 1)
            done = subprocess.run(
                [sys.executable, "-c", loaded, str(path)],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        finally:
            path.unlink()
    assert f"{path}: You have no permission on the Docker engine's socket" in done.stdout, done.stderr
    assert "sudo usermod -aG root $USER" in done.stdout


def test_an_unreachable_host_is_one_sentence() -> None:
    host = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(PluginError, match=rf"{host}: The Docker engine cannot be reached \(Connection refused\)"):
        connect(None, {"DOCKER_HOST": host})


def test_something_else_on_the_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 this is no engine\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PluginError, match="The Docker engine cannot be reached"):
            connect(ClientConfig(host=f"tcp://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()


def test_missing_certificates_are_one_sentence(tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    with pytest.raises(PluginError, match=r"The certificates for the Docker engine cannot be read. Put ca\.pem"):
        connect(None, environment)


def test_the_engine_is_found_in_every_way(docker_client: docker.DockerClient) -> None:
    local = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    for config, environment in [
        (ClientConfig(host=local), {"DOCKER_HOST": "tcp://127.0.0.1:1"}),
        (ClientConfig(host=local, api_version="1.41"), {}),
        (None, {"DOCKER_HOST": local}),
        (None, {"DOCKER_HOST": local, "DOCKER_API_VERSION": "1.40"}),
    ]:
        with connect(config, environment) as engine:
            assert engine.api.ping()
            expected = environment.get("DOCKER_API_VERSION") or (config.api_version if config else "")
            assert not expected or engine.api.api_version == expected


def test_what_the_engine_refuses_is_one_sentence(docker_client: docker.DockerClient) -> None:
    local = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    with pytest.raises(PluginError, match=r"The Docker engine refused a request: client version 1\.999 is too new"):
        connect(ClientConfig(host=local, api_version="1.999"))


def test_the_docker_programs_current_context_is_used(
    docker_client: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    for name, host in (("here", local), ("nowhere", f"unix://{tmp_path}/nowhere.sock")):
        folder = tmp_path / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True)
        endpoint = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
        (folder / "meta.json").write_text(json.dumps(endpoint))
    (tmp_path / "config.json").write_text('{"currentContext": "here"}')
    with connect(None, {}) as engine:
        assert engine.address == local
        assert engine.api.ping()
    (tmp_path / "config.json").write_text('{"currentContext": "nowhere"}')
    with pytest.raises(PluginError, match=r"nowhere\.sock: The Docker engine is not running"):
        connect(None, {})


@pytest.mark.parametrize(
    ("address", "host"),
    [("unix:///var/run/docker.sock", "127.0.0.1"), ("tcp://10.0.0.7:2376", "10.0.0.7"), ("ssh://me@box", "box")],
)
def test_published_ports_are_on_the_engines_machine(address: str, host: str) -> None:
    from wp_plugins.docker.engine import Engine

    assert Engine(docker.APIClient(), address).published_host == host
