"""Configuration delivered as files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from wp_entrypoint.files import ConfigFiles
from wp_entrypoint.journal import Journal
from wp_proto.waypoint import api as pb

from .conftest import Entrypoints, eventually
from .fake_server import FakeServer
from .test_exec import STDOUT, Client


def configuration(signal: str = "", env: str = "one", **files: str) -> pb.EntrypointConfig:
    variables = [pb.ConfigVar(name=name, static=text, name_is_path=True) for name, text in files.items()]
    variables.append(pb.ConfigVar(name="GREETING", static=env))
    return pb.EntrypointConfig(env_vars=variables, file_change_signal=signal)


@pytest.mark.both_natures
def test_files_are_there_when_the_application_starts(entrypoints: Entrypoints, server: FakeServer) -> None:
    server.set_whole_config(configuration(**{"conf/app.ini": "key = value\n"}))
    result = entrypoints.run("sh", "-c", "cat conf/app.ini; stat -c %a conf/app.ini; echo $GREETING", server=server)
    assert result.stdout == "key = value\n644\none\n"


@pytest.mark.both_natures
def test_a_changed_file_signals_and_does_not_restart(entrypoints: Entrypoints, server: FakeServer) -> None:
    log = entrypoints.folder / "log"
    script = f"trap 'cat app.ini >> {log}' USR2; echo started >> {log}; while :; do sleep 0.02; done"
    server.set_whole_config(configuration("usr2", **{"app.ini": "first\n"}))
    process = entrypoints.start("sh", "-c", script, server=server)
    eventually(log.exists)
    time.sleep(1.1)  # a younger application is not signalled
    server.set_whole_config(configuration("usr2", **{"app.ini": "second\n"}))
    eventually(lambda: log.read_text() == "started\nsecond\n")
    assert process.poll() is None


def test_commands_have_the_whole_environment_after_a_change_of_files_only(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    server.set_whole_config(configuration(**{"app.ini": "first\n"}))
    process = entrypoints.start("sh", "-c", "exec sleep 100", server=server)
    file = entrypoints.folder / "app.ini"
    eventually(file.exists)
    server.set_whole_config(configuration(**{"app.ini": "second\n"}))
    eventually(lambda: file.read_text() == "second\n")
    client = Client(server.exec("sh", "-c", "echo $GREETING; cat app.ini"))
    assert client.finish() == 0
    assert client.output[STDOUT] == b"one\nsecond\n"
    assert process.poll() is None


def test_environment_and_files_together_only_restart(entrypoints: Entrypoints, server: FakeServer) -> None:
    log = entrypoints.folder / "log"
    server.set_whole_config(configuration("usr2", "one", **{"app.ini": "first\n"}))
    entrypoints.start("sh", "-c", f"cat app.ini >> {log}; exec sleep 100", server=server)
    eventually(log.exists)
    server.set_whole_config(configuration("usr2", "two", **{"app.ini": "second\n"}))
    eventually(lambda: log.read_text() == "first\nsecond\n")


def test_a_file_that_cannot_be_written_is_told_and_the_application_starts(
    entrypoints: Entrypoints, server: FakeServer
) -> None:
    server.set_whole_config(configuration(**{"/proc/none/app.ini": "x", "good.ini": "y"}))
    result = entrypoints.run("sh", "-c", "cat good.ini", server=server)
    assert result.stdout == "y"
    assert "/proc/none/app.ini cannot be written" in result.stderr
    assert "1 of 2" in result.stderr


def test_nothing_is_written_outside_the_given_root(
    entrypoints: Entrypoints, server: FakeServer, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    inside, outside, around = root / "in.ini", tmp_path / "out.ini", root / "link" / "around.ini"
    server.set_whole_config(configuration(**{str(path): "x" for path in (inside, outside, around)}))
    result = entrypoints.run("true", server=server, env={"WAYPOINT_CEB_FILE_ROOT": str(root)})
    assert inside.read_text() == "x"
    assert not outside.exists()
    assert not (tmp_path / "around.ini").exists()
    assert result.stderr.count("outside WAYPOINT_CEB_FILE_ROOT") == 2


def test_what_leaves_the_configuration_leaves_the_disk(tmp_path: Path) -> None:
    files = ConfigFiles(Journal(), "")
    old = tmp_path / "old"
    old.write_text("was here before")
    new = tmp_path / "deep" / "new"
    assert files.apply({bytes(old): b"a", bytes(new): b"b"})
    assert not files.apply({bytes(old): b"a", bytes(new): b"b"}), "nothing is rewritten without need"
    assert files.apply({bytes(old): b"a"})
    assert not new.exists()
    assert not files.apply({})
    assert old.read_text() == "a", "what others made is not ours to delete"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "old"]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "app.ini"
    files = ConfigFiles(Journal(), "")
    files.apply({bytes(path): b"first"})
    with path.open() as reader:
        files.apply({bytes(path): b"second"})
        assert reader.read() == "first"
    assert path.read_text() == "second"
