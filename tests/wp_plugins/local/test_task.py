"""Tasks are real processes of this machine; nothing of them is left, whoever was killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wp_plugins.local import process
from wp_plugins.local.task import TaskConfig, clean_up, start, stop
from wp_proto.own import local_pb2
from wp_sdk.component import JobInfo, TaskLaunchInfo
from wp_sdk.testing import Harness


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def harness(job_id: str) -> Harness:
    return Harness(config=TaskConfig(), job=JobInfo(job_id, False, "default", "shop", "web"))


def launched(given: Harness, tmp_path: Path) -> tuple[Path, int]:
    """A task that runs; its folder and process."""
    said = tmp_path / f"pid-{time.monotonic_ns()}"
    info = TaskLaunchInfo("", {}, (f"echo $$ > {said}.new && mv {said}.new {said}; exec sleep 600",), ("sh", "-c"))
    given.more[TaskLaunchInfo] = info
    value = given.call(start).value
    assert isinstance(value, local_pb2.Task)
    until(said.exists)
    return Path(value.directory), int(said.read_text())


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_a_job_launched_is_found_without_its_result(tmp_path: Path) -> None:
    given, other = harness("JOB"), harness("JOB2")
    lost = [launched(given, tmp_path), launched(given, tmp_path)]
    kept, pid = launched(other, tmp_path)
    given.call(clean_up)
    for folder, process_id in lost:
        assert not folder.exists()
        until(lambda process_id=process_id: not alive(process_id))
    assert alive(pid)
    given.call(clean_up)
    other.call(clean_up)
    assert not kept.exists()
    until(lambda: not alive(pid))


def test_nothing_is_left_of_a_task_whose_supervisor_was_killed(tmp_path: Path) -> None:
    given = harness("JOB")
    folder, pid = launched(given, tmp_path)
    until(lambda: process.state(folder).group == pid)
    os.kill(process.state(folder).supervisor_pid, signal.SIGKILL)
    until(lambda: not process.running(folder))
    given.call(stop, local_pb2.Task(host=os.uname().nodename, directory=str(folder)))
    assert not folder.exists()
    until(lambda: not alive(pid))
