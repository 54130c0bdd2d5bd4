"""Stages of the standalone build and the sources they start from: done once, checked, failures in a sentence."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.wp_entrypoint.conftest import eventually
from tools.standalone import inputs
from tools.standalone.executable import build_paths
from tools.standalone.inputs import InputsMissingError, InputsWrongError, Package, Pins
from tools.standalone.stage import Stage, StageError, Workshop

from .conftest import ROOT, processes_in
from .conftest import Workshop as SmallWaypoint

ZIG = Path("/bin/true")
COUNTS = Stage("counts", (("sh", "-c", 'echo x >>"$COUNTER"; pwd >where; cat ../given/words >said'),), ("build/said",))


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    (tmp_path / "counter").write_text("")
    return tmp_path / "counter"


def counting(counter: Path, words: bytes = b"words") -> Stage:
    return dataclasses.replace(COUNTS, environment={"COUNTER": str(counter)}, given={"words": words})


def test_a_stage_is_done_once_and_keeps_what_it_names(tmp_path: Path, counter: Path) -> None:
    workshop = Workshop(tmp_path / "cache", 1)
    first = workshop.result(counting(counter), ZIG)
    assert workshop.result(counting(counter), ZIG) == first
    assert counter.read_text() == "x\n"
    assert (first / "build/said").read_bytes() == b"words"
    assert not (first / "build/where").exists()
    assert sorted(path.name for path in workshop.cache.iterdir()) == ["locks", "logs", "stages"]


def test_other_input_is_another_stage_and_changes_all_that_need_it(tmp_path: Path, counter: Path) -> None:
    one, two = counting(counter), counting(counter, b"others")
    users = [Stage("user", (), (), needs={"counts": stage}) for stage in (one, two)]
    assert one.key != two.key
    assert users[0].key != users[1].key
    assert dataclasses.replace(one).key == one.key


def test_builds_at_the_same_time_share_the_work(tmp_path: Path, counter: Path) -> None:
    workshop = Workshop(tmp_path / "cache", 1)
    threads = [threading.Thread(target=workshop.result, args=(counting(counter), ZIG)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "x\n"


def test_a_stage_sees_what_those_it_needs_have_kept(tmp_path: Path, counter: Path) -> None:
    reads = Stage("reads", (("cp", "../needs/counts/build/said", "copy"),), ("build/copy",), needs={"counts": COUNTS})
    reads = dataclasses.replace(reads, needs={"counts": counting(counter)})
    assert (Workshop(tmp_path / "cache", 1).result(reads, ZIG) / "build/copy").read_bytes() == b"words"


def test_a_command_that_fails_is_named_with_its_log_and_leaves_nothing(tmp_path: Path) -> None:
    fails = Stage("fails", (("sh", "-c", "echo because; exit 3"),), ())
    workshop = Workshop(tmp_path / "cache", 1)
    with pytest.raises(StageError, match=r"fails: sh ended with status 3, see .*/logs/fails\.log"):
        workshop.result(fails, ZIG)
    assert "because" in (workshop.cache / "logs/fails.log").read_text()
    assert list((workshop.cache / "stages").iterdir()) == []


MAKEFILE = """all: part
	$(MAKE) -f ../given/Makefile deeper
part:
	echo half >part
deeper:
	touch begun; exec sleep 1000
"""
BUILDER = """
import sys
from pathlib import Path
from tools.standalone.stage import Stage, Workshop

given = {"Makefile": Path(sys.argv[2]).read_bytes()}
stage = Stage("made", (("make", "-f", "../given/Makefile"),), ("build/part",), given=given)
print(Workshop(Path(sys.argv[1]), 1).result(stage, Path("/bin/true")) / "build/part")
"""


def test_killed_half_way_its_commands_end_and_the_next_build_removes_what_it_left(tmp_path: Path) -> None:
    cache, makefile = tmp_path / "cache", tmp_path / "Makefile"
    makefile.write_text(MAKEFILE)
    command = [sys.executable, "-c", BUILDER, str(cache), str(makefile)]
    killed = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    eventually(lambda: list(cache.glob("work-made-*/build/begun")))
    killed.kill()
    killed.wait()
    eventually(lambda: not processes_in(cache))
    assert list(cache.glob("stages/*")) == []
    assert len(list(cache.glob("work-made-*/build/part"))) == 1
    makefile.write_text(MAKEFILE.replace("exec sleep 1000", "true"))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    assert Path(done.stdout.splitlines()[-1]).read_text() == "half\n"
    assert list(cache.glob("work-*")) == []


def test_what_no_build_has_used_for_long_is_removed(tmp_path: Path, counter: Path) -> None:
    workshop = Workshop(tmp_path / "cache", 1)
    user = Stage("user", (), (), needs={"counts": counting(counter)})
    unused = workshop.result(counting(counter, b"unused"), ZIG)
    used = [workshop.result(user, ZIG), workshop.result(counting(counter), ZIG)]
    abandoned = workshop.cache / "work-counts-killed"
    abandoned.mkdir()
    for folder in (abandoned, unused, *used):
        os.utime(folder, (0, 0))
    workshop.result(user, ZIG)
    workshop.clean()
    assert not unused.exists()
    assert not abandoned.exists()
    assert all(folder.exists() for folder in used)


APT = """#!/bin/sh
case "$*" in
  indextargets*) echo "Debian|mirror:/debian" ;;
  *update*) grep -q "^deb-src .* mirror:/debian suite main" "$(dirname "$APT_CONFIG")/sources.list" ;;
  *source*) printf content >thing_1.dsc ;;
esac
"""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt that has version 1 of `thing`."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in inputs.PROGRAMS:
        (programs / name).write_text(APT if name == "apt-get" else "#!/bin/sh\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return programs / "apt-get"


def pins(content: bytes, *others: str) -> Pins:
    files = {"thing_1.dsc": hashlib.sha256(content).hexdigest(), **dict.fromkeys(others, "0" * 64)}
    return Pins("suite", {"thing": Package("thing", "1", files)})


def test_sources_come_from_the_mirror_of_this_machine_and_are_kept(tmp_path: Path, apt: Path) -> None:
    folder = tmp_path / "sources"
    inputs.sources(pins(b"content"), folder)
    assert [path.name for path in folder.iterdir()] == ["thing_1.dsc"]
    apt.write_text("#!/bin/sh\nexit 1\n")
    inputs.sources(pins(b"content"), folder)


def test_other_content_than_pinned_is_refused(tmp_path: Path, apt: Path) -> None:
    with pytest.raises(InputsWrongError, match=r"thing_1\.dsc has the SHA-256 .*, but sources\.toml has"):
        inputs.sources(pins(b"other"), tmp_path / "sources")


def test_a_file_that_did_not_come_is_named(tmp_path: Path, apt: Path) -> None:
    with pytest.raises(InputsMissingError, match=r"apt has thing 1, but not its file thing_1\.orig\.tar\.gz"):
        inputs.sources(pins(b"content", "thing_1.orig.tar.gz"), tmp_path / "sources")


def test_an_apt_that_fails_is_quoted(tmp_path: Path, apt: Path) -> None:
    apt.write_text(APT.replace("printf content >thing_1.dsc", "echo 'E: Unable to find thing' >&2; exit 100"))
    with pytest.raises(InputsMissingError, match=r"apt could not get thing=1 \(E: Unable to find thing\)"):
        inputs.sources(pins(b"content"), tmp_path / "sources")


def run_without_programs(*arguments: str, output: Path) -> subprocess.CompletedProcess[str]:
    """Build where neither sources nor a compiler can be had."""
    command = [
        sys.executable,
        str(ROOT / "build_zipapps.py"),
        *arguments,
        "--output",
        str(output),
        "--bytecode",
        "none",
    ]
    (output.parent / "empty").mkdir()
    environment = {"PATH": str(output.parent / "empty"), "HOME": str(output.parent), "PIP_NO_INDEX": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_without_sources_there_is_the_zipapp_and_a_sentence(workshop: SmallWaypoint, tmp_path: Path) -> None:
    done = workshop.build("--standalone", "auto", "--build-cache", str(tmp_path / "cache"), output=tmp_path / "dist")
    assert done.returncode == 0, done.stderr
    for architecture in ("amd64", "arm64"):
        assert f"waypoint-entrypoint-linux-{architecture} is left out: " in done.stdout
    assert "Images without Python 3.9 or newer get no entrypoint" in done.stdout
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == [
        "waypoint",
        "waypoint-entrypoint",
        "waypoint-server",
    ]


def test_asked_for_by_name_it_is_a_failure(tmp_path: Path) -> None:
    name = "waypoint-entrypoint-linux-amd64"
    done = run_without_programs(name, output=tmp_path / "dist")
    assert done.returncode == 1
    assert f"{name} is left out: this machine has no apt-get, dpkg-source, make," in done.stdout


def test_a_folder_of_the_build_is_found_with_the_text_around_it(tmp_path: Path) -> None:
    long = "x" * 1000
    executable = f"\0\1{long}\0before {tmp_path}/deep/a.c behind\0{long}\2".encode()
    assert build_paths(executable, tmp_path) == [f"before {tmp_path}/deep/a.c behind"]
    assert build_paths(f"\0{tmp_path}-other\0".encode(), tmp_path) == []
