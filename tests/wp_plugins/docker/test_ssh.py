"""Engines behind ssh: the program is replaced by one that writes down its arguments and joins the local engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import docker
import pytest

from wp_plugins.docker.builder import BuilderConfig, build
from wp_plugins.docker.engine import ClientConfig, connect
from wp_plugins.docker.ssh import command
from wp_proto.plugins.docker_pb2 import Image
from wp_sdk.component import PluginError
from wp_sdk.testing import Harness

JOIN = """#!{python} -IS
import os, socket, sys, threading
with open({record!r}, "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
engine = socket.socket(socket.AF_UNIX)
engine.connect({engine!r})
def back():
    while data := engine.recv(65536):
        while data:
            data = data[os.write(1, data):]
    os._exit(0)
threading.Thread(target=back, daemon=True).start()
while data := os.read(0, 65536):
    engine.sendall(data)
engine.shutdown(socket.SHUT_WR)
threading.Event().wait(5)
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker_client: docker.DockerClient) -> Path:
    engine = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")).path
    record = tmp_path / "ssh-arguments"
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ssh"
    program.write_text(JOIN.format(python=sys.executable, record=str(record), engine=engine))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return record


def test_the_engine_is_used_through_ssh(
    ssh: Path, busybox_image: str, harness: Callable[..., Harness], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@far.example:2222")
    (tmp_path / "Dockerfile").write_text(f"FROM {busybox_image}\nRUN echo built\n")
    made = harness(BuilderConfig(disable_entrypoint=True))
    assert isinstance(made.call(build).value, Image)
    assert "built" in made.text()
    arguments = set(ssh.read_text().splitlines())
    assert arguments == {"-T -o ConnectTimeout=30 -l me -p 2222 -- far.example docker system dial-stdio"}


def test_nothing_is_left_of_a_closed_connection(ssh: Path) -> None:
    with connect(ClientConfig(host="ssh://far.example")) as engine:
        assert engine.api.ping()
        assert engine.published_host == "far.example"
    assert engine._tunnel is not None
    assert not engine._tunnel._folder.exists()
    assert all(session.returncode is not None for session in engine._tunnel._sessions)


def test_what_ssh_complains_about_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(
        PluginError, match=r"ssh://far: The Docker engine cannot be reached \(Host key verification failed"
    ):
        connect(ClientConfig(host="ssh://far"))


def test_addresses(ssh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command("ssh://host/run/user/1000/docker.sock")[-6:] == [
        "host",
        "docker",
        "--host",
        "unix:///run/user/1000/docker.sock",
        "system",
        "dial-stdio",
    ]
    with pytest.raises(PluginError, match="This is not the address of a Docker engine"):
        command("ssh://")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PluginError, match="There is no ssh program"):
        command("ssh://host")
