"""An artifact unpacks once, completely, for its user alone, whatever happens around it."""

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import SECONDS, Machine, Workshop

OLD_SECONDS = 31 * 24 * 3600


def report(machine: Machine, artifact: Path, *arguments: str, **more: str) -> dict[str, object]:
    done = machine.run(artifact, *arguments, **more)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("release", ["3.11", "3.12", "3.13", "3.14"])
def test_runs_with_the_wheels_of_its_interpreter(
    workshop: Workshop, machine_with: Callable[[str], Machine], release: str
) -> None:
    machine = machine_with(release)
    found = report(machine, workshop.dist / "waypoint", "version", "-plain")
    assert found["abi"] == "cp" + release.replace(".", "")
    assert found["arguments"] == ["version", "-plain"]
    assert found["version"] == "1.2.3"
    assert found["file"] == str(workshop.dist / "waypoint")
    assert machine.run(workshop.dist / "waypoint", "three").returncode == 3
    assert machine.run(workshop.dist / "waypoint-server").stdout == "server\n"


@pytest.mark.parametrize("release", ["2.7", "3.6", "3.8", "3.9", "3.10"])
def test_says_so_on_an_old_interpreter(
    workshop: Workshop, machine_with: Callable[[str], Machine], release: str
) -> None:
    machine = machine_with(release)
    refused_in_one_sentence(machine, workshop.dist / "waypoint", release, "3.11, 3.12, 3.13, 3.14")


def test_says_so_on_an_interpreter_it_has_no_wheels_for(workshop: Workshop, tmp_path: Path) -> None:
    output = tmp_path / "dist"
    other = "3.14" if sys.version_info[1] != 14 else "3.13"
    assert workshop.build("waypoint", "--pythons", other, output=output).returncode == 0
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    refused_in_one_sentence(Machine(tmp_path), output / "waypoint", here, other)


def refused_in_one_sentence(machine: Machine, artifact: Path, here: str, wanted: str) -> None:
    done = machine.run(artifact, "version")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"waypoint: cpython {here} on ")
    assert f"cannot run this file, which needs CPython {wanted} on " in done.stderr
    assert not machine.unpacked.exists()


def test_second_start_finds_everything_compiled_and_opens_no_archive(workshop: Workshop, machine: Machine) -> None:
    first = report(machine, workshop.dist / "waypoint")
    assert "zipfile" in first["modules"]
    assert Path(str(first["cached"])).is_file()
    (site,) = machine.sites()
    assert len(list(site.rglob("*.pyc"))) == len(list(site.rglob("*.py")))
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
    second = report(machine, workshop.dist / "waypoint")
    assert not {"unpack", "zipfile", "tempfile", "shutil"} & set(second["modules"])
    assert before == {path: path.stat().st_mtime_ns for path in site.rglob("*")}


def test_unpacked_for_its_user_alone(workshop: Workshop, machine: Machine) -> None:
    machine.unpacked.mkdir(parents=True)
    machine.unpacked.chmod(0o777)
    report(machine, workshop.dist / "waypoint")
    (site,) = machine.sites()
    assert stat.S_IMODE(machine.unpacked.stat().st_mode) == 0o700
    assert stat.S_IMODE(site.stat().st_mode) == 0o700


def test_sees_nothing_of_the_machines_own_packages(workshop: Workshop, machine: Machine) -> None:
    foreign = machine.folder / "foreign"
    foreign.mkdir()
    (foreign / "abiwheel.py").write_text("raise SystemExit('the wrong one')")
    found = report(machine, workshop.dist / "waypoint", PYTHONPATH=str(foreign), PYTHONDONTWRITEBYTECODE="1")
    assert isinstance(found["path"], list)
    assert not [path for path in found["path"] if "site-packages" in path or "dist-packages" in path]
    assert str(foreign) not in found["path"]
    assert found["site"] == found["path"][0]


def test_first_starts_at_once_share_one_copy(workshop: Workshop, machine: Machine) -> None:
    processes = [machine.start(workshop.dist / "waypoint") for _ in range(5)]
    for process in processes:
        out, err = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, err
        assert json.loads(out)["abi"]
    assert len(machine.sites()) == 1
    assert not list(machine.unpacked.glob("*.new-*"))


def test_killed_half_way_leaves_nothing_that_hinders(workshop: Workshop, machine: Machine) -> None:
    process = machine.start(workshop.dist / "waypoint")
    deadline = time.monotonic() + SECONDS
    while not list(machine.unpacked.glob("*.new-*/purewheel")):
        assert process.poll() is None, "it was done before it could be killed"
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=SECONDS)
    assert list(machine.unpacked.glob("*.new-*")), "half of a copy is there"
    assert report(machine, workshop.dist / "waypoint")["abi"]
    assert not list(machine.unpacked.glob("*.new-*"))
    assert len(machine.sites()) == 1


def test_unwritable_home_falls_back_to_the_temporary_folder(workshop: Workshop, machine: Machine) -> None:
    found = report(machine, workshop.dist / "waypoint", HOME="/dev/null/nobody")
    place = machine.folder / "tmp" / f"waypoint-{os.getuid()}"
    assert str(found["site"]).startswith(str(place))
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    again = report(machine, workshop.dist / "waypoint", HOME="/dev/null/nobody")
    assert again["site"] == found["site"]


def test_nowhere_to_write_is_one_sentence(workshop: Workshop, machine: Machine) -> None:
    done = machine.run(workshop.dist / "waypoint", HOME="/dev/null/nobody", TMPDIR="/dev/null")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("waypoint: cannot unpack itself into /dev/null/nobody/.cache/waypoint/unpacked")
    assert "set XDG_CACHE_HOME to a writable directory of yours" in done.stderr


def test_a_disk_that_fills_up_leaves_nothing_behind(workshop: Workshop, machine: Machine) -> None:
    """A limit on the size of files stands for the disk: the write fails in the middle, after many files."""
    limited = ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", machine.python, str(workshop.dist / "waypoint")]
    done = subprocess.run(
        limited, env=machine.environment(), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.count("(File too large)") == 2, "home, then the temporary folder"
    assert machine.sites() == []
    assert not list((machine.folder / "tmp").glob("*/*.new-*"))
    assert report(machine, workshop.dist / "waypoint")["abi"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder of somebody else")
def test_a_temporary_folder_of_somebody_else_is_not_trusted(workshop: Workshop, machine: Machine) -> None:
    machine.environment()
    planted = machine.folder / "tmp" / f"waypoint-{os.getuid()}"
    planted.mkdir(mode=0o700)
    os.chown(planted, 12345, 12345)
    done = machine.run(workshop.dist / "waypoint", HOME="/dev/null/nobody")
    assert done.returncode == 1
    assert f"{planted} (belongs to another user)" in done.stderr
    assert not list(planted.iterdir())


@pytest.mark.parametrize("missing", ["abiwheel.py", "purewheel/deep.py", "wp_cli/main.py", "wp_cli"])
def test_a_copy_with_missing_files_is_repaired(workshop: Workshop, machine: Machine, missing: str) -> None:
    report(machine, workshop.dist / "waypoint")
    (site,) = machine.sites()
    (site / missing).rename(machine.folder / "elsewhere")
    found = report(machine, workshop.dist / "waypoint", "version")
    assert found["arguments"] == ["version"]
    assert (site / missing).exists()


def test_a_truncated_compiled_file_is_repaired(workshop: Workshop, machine: Machine) -> None:
    compiled = Path(str(report(machine, workshop.dist / "waypoint")["cached"]))
    compiled.write_bytes(compiled.read_bytes()[:20])
    assert report(machine, workshop.dist / "waypoint")["abi"]


def test_a_copy_without_its_mark_is_made_again(workshop: Workshop, machine: Machine) -> None:
    report(machine, workshop.dist / "waypoint")
    (site,) = machine.sites()
    (site / ".complete").unlink()
    (site / "abiwheel.py").write_text("half of a fi")
    assert report(machine, workshop.dist / "waypoint")["abi"]
    assert machine.sites() == [site]


@pytest.mark.parametrize("reported", ["late", "caught"])
def test_damage_found_in_the_middle_is_repaired_and_said(workshop: Workshop, machine: Machine, reported: str) -> None:
    report(machine, workshop.dist / "waypoint")
    (site,) = machine.sites()
    (site / "purewheel/late.py").unlink()
    done = machine.run(workshop.dist / "waypoint", reported)
    assert done.returncode == 1
    assert done.stderr.startswith("waypoint: its unpacked files in ")
    assert done.stderr.endswith("were damaged and have been restored: run the command again\n")
    assert machine.run(workshop.dist / "waypoint", "late").returncode == 0


def test_a_defect_of_the_program_is_not_mistaken_for_damage(workshop: Workshop, machine: Machine) -> None:
    done = machine.run(workshop.dist / "waypoint", "fail")
    assert done.returncode == 1
    assert "ValueError: a defect of the program" in done.stderr
    assert "damaged" not in done.stderr


def test_a_damaged_artifact_says_so(workshop: Workshop, machine: Machine) -> None:
    content = bytearray((workshop.dist / "waypoint").read_bytes())
    middle = content.index(b"abiwheel-1.0.dist-info") + 100
    content[middle : middle + 8] = b"\xff" * 8
    broken = machine.folder / "waypoint"
    broken.write_bytes(content)
    done = machine.run(broken)
    assert done.returncode == 1
    assert done.stderr.startswith(f"waypoint: {broken} is damaged (")
    assert machine.sites() == []


def test_copies_out_of_use_for_a_month_go_away_unless_they_run(workshop: Workshop, machine: Machine) -> None:
    for name in ("waypoint-aaaa-cp311", "waypoint-bbbb-cp311", "waypoint-cccc-cp311"):
        (machine.unpacked / name).mkdir(parents=True)
        (machine.unpacked / name / ".complete").write_text("")
    long_ago = time.time() - OLD_SECONDS
    for name in ("waypoint-aaaa-cp311", "waypoint-bbbb-cp311"):
        os.utime(machine.unpacked / name / ".complete", (long_ago, long_ago))
    running = hold_shared(machine.unpacked / "waypoint-bbbb-cp311" / ".complete")
    try:
        report(machine, workshop.dist / "waypoint")
    finally:
        os.close(running)
    left = [path.name for path in machine.sites()]
    assert "waypoint-aaaa-cp311" not in left
    assert {"waypoint-bbbb-cp311", "waypoint-cccc-cp311"} < set(left)


def hold_shared(mark: Path) -> int:
    handle = os.open(mark, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def test_a_running_program_holds_its_copy(workshop: Workshop, machine: Machine) -> None:
    process = machine.start(workshop.dist / "waypoint", "wait")
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        (site,) = machine.sites()
        handle = os.open(site / ".complete", os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            process.communicate("", timeout=SECONDS)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
    finally:
        process.kill()
        process.communicate()
