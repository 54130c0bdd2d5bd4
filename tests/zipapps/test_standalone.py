"""The standalone entrypoints as files: an executable that needs nothing, a zip that is whole, nothing else inside."""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.wp_entrypoint.conftest import eventually
from tools.standalone.executable import LICENCES, build_paths, default_cache, names
from tools.zipapps.entrypoint import entrypoint

from .conftest import ROOT, Machine, processes_in

MACHINES = {"amd64": 62, "arm64": 183}
SHARED_OBJECT = 3
INTERPRETER = 3
CPYTHONS_OWN = {"__hello__", "__phello__", "frozen_only", "getpath", "_colorize"}
"""Of its release, or for its own tests: what the list of an older one's modules has not."""
LARGEST_LAYER = 6_500_000
BUILD_SECONDS = 900.0


@pytest.fixture(params=sorted(MACHINES))
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(standalone_files: dict[str, Path], architecture: str) -> Path:
    return standalone_files[architecture]


def segments(content: bytes) -> list[int]:
    """The types of an executable's program headers."""
    start, size, count = *struct.unpack_from("<Q", content, 32), *struct.unpack_from("<HH", content, 54)
    return [struct.unpack_from("<I", content, start + size * number)[0] for number in range(count)]


def test_it_is_static_for_its_machine_at_addresses_the_kernel_chooses(file: Path, architecture: str) -> None:
    content = file.read_bytes()
    kind, machine = struct.unpack_from("<HH", content, 16)
    assert content.startswith(b"\x7fELF")
    assert (kind, machine) == (SHARED_OBJECT, MACHINES[architecture])
    assert INTERPRETER not in segments(content), "no loader of the image is asked for"
    assert os.access(file, os.X_OK)


def test_the_zip_behind_it_is_the_zipapp_and_the_licences(file: Path) -> None:
    parts = entrypoint(ROOT / "src", ())
    with zipfile.ZipFile(io.BytesIO(parts.zipapp())) as bare, zipfile.ZipFile(file) as behind:
        assert behind.testzip() is None
        assert sorted(behind.namelist()) == sorted([*bare.namelist(), "LICENCES.txt"])
        assert {name: behind.read(name) for name in bare.namelist()} == {n: bare.read(n) for n in bare.namelist()}
        offsets = [entry.header_offset for entry in behind.infolist()]
        content = file.read_bytes()
        assert all(content[offset : offset + 4] == b"PK\x03\x04" for offset in offsets)


@pytest.mark.parametrize("release", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
def test_any_python_runs_the_same_file(file: Path, machine_with: Callable[[str], Machine], release: str) -> None:
    machine = machine_with(release)
    assert machine.run(file, "--version").stdout.startswith("waypoint-entrypoint v")
    done = machine.run(file, "sh", "-c", "echo $PORT; exit 7")
    assert (done.returncode, done.stdout) == (7, "5000\n"), done.stderr


def test_two_starts_are_at_different_addresses(standalone: Path) -> None:
    """The kernel chooses among some 2^28: ten starts are enough to be sure, and one of them may repeat another."""
    if (randomised := Path("/proc/sys/kernel/randomize_va_space").read_text().strip()) == "0":
        pytest.skip(f"optional: this kernel does not choose addresses (randomize_va_space is {randomised})")
    assert len({address_of(standalone) for _ in range(10)}) > 1


def address_of(file: Path) -> str:
    """Where the executable's first part lies in a process that runs it."""
    environment = {"WAYPOINT_SERVER_ADDR": "127.0.0.1:9", "WAYPOINT_CEB_SERVER_REQUIRED": "1"}
    process = subprocess.Popen([file, "true"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def mapped() -> list[str]:
        """Lines about the executable: none in the moment before the kernel has put it into place."""
        lines = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
        return [line for line in lines if line.endswith(str(file))]

    try:
        eventually(mapped)
        return mapped()[0].partition("-")[0]
    finally:
        process.kill()
        process.wait()


def test_it_names_no_folder_of_the_build(file: Path) -> None:
    content = file.read_bytes()
    assert build_paths(content, default_cache()) == []
    assert build_paths(content, ROOT) == []
    assert re.findall(rb"/work-[a-z]+-", content) == []


def test_it_holds_nothing_but_the_standard_library_and_our_code(file: Path) -> None:
    frozen = {name.decode().split(".")[0] for name in re.findall(rb"<frozen ([\w.]+)>", file.read_bytes())}
    ours = {name.split("/")[0] for name in entrypoint(ROOT / "src", ()).modules}
    assert ours | {"encodings", "_collections_abc"} <= frozen
    assert {name for name in ours if not name.startswith("wp_")} == set()
    assert frozen - ours - set(sys.stdlib_module_names) <= CPYTHONS_OWN


def test_the_licences_of_all_parts_lie_beside_and_inside(file: Path, standalone_licences: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        text = archive.read("LICENCES.txt").decode()
    for words in (
        "Mozilla Public License",
        "PYTHON SOFTWARE FOUNDATION LICENSE",
        "HACL",
        "Apache License",
        "Jean-loup Gailly",
        "musl as a whole is licensed under",
        "Zig contributors",
    ):
        assert words in text, words
    assert standalone_licences.read_text() == text
    assert standalone_licences.stat().st_mode & 0o777 == 0o644


def test_as_a_layer_it_is_small(file: Path) -> None:
    assert len(gzip.compress(file.read_bytes(), 6)) <= LARGEST_LAYER


@pytest.fixture
def cache(standalone: Path, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """cache(*names) is a folder with all that builds have kept but the stages whose names begin so."""
    folder = tmp_path / "some/where/else"

    def make(*names: str) -> Path:
        (folder / "stages").mkdir(parents=True)
        for kept in (default_cache() / "stages").iterdir():
            if not kept.name.startswith(names):
                (folder / "stages" / kept.name).symlink_to(kept)
        for shared in (default_cache() / "sources", default_cache() / "wheels", *default_cache().glob("zig*")):
            (folder / shared.name).symlink_to(shared)
        return folder

    yield make
    shutil.rmtree(folder)


QUICK = ("frozen-", "entrypoint-")
FROM_OPENSSL_ON = ("openssl-", "python-", *QUICK)


def start_build(cache: Path, output: Path) -> subprocess.Popen[str]:
    """Build for both architectures."""
    command = [sys.executable, ROOT / "build_zipapps.py", *names(), "--bytecode", "none", "--jobs", "2"]
    return subprocess.Popen(
        [*command, "--build-cache", cache, "--output", output],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where tests run in the background
    )


def test_builds_at_once_share_the_work_and_a_later_one_finds_it_done(
    cache: Callable[..., Path], standalone_files: dict[str, Path], tmp_path: Path
) -> None:
    """In another folder than the first build, and with the same bytes; the slow stages are taken over from there.
    `make reproduce` does everything a second time."""
    folder, output = cache(*QUICK), tmp_path / "dist"
    said = ""
    for process in [start_build(folder, output) for _ in range(2)]:
        out, err = process.communicate(timeout=BUILD_SECONDS)
        assert process.returncode == 0, out + err
        said += out
    for stage in ("frozen", "entrypoint-amd64", "entrypoint-arm64"):
        assert said.count(f"building {stage} ...\n") == 1, said
    assert sorted(path.name for path in output.iterdir()) == sorted([*names(), LICENCES])
    for built in standalone_files.values():
        assert (output / built.name).read_bytes() == built.read_bytes()
    again, _ = start_build(folder, output).communicate(timeout=BUILD_SECONDS)
    assert "building" not in again
    assert again.count(" MB in ") == len([*names(), LICENCES])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way_it_says_so_and_leaves_nothing(
    cache: Callable[..., Path], tmp_path: Path, number: signal.Signals
) -> None:
    folder = cache(*FROM_OPENSSL_ON)
    process = start_build(folder, tmp_path / "dist")
    configuring(process, folder)
    process.send_signal(number)
    _, said = process.communicate(timeout=STOP_SECONDS)
    assert (process.returncode, said) == (1, STOPPED)
    assert processes_in(folder) == set()
    assert list(folder.glob("work-*")) == []
    assert list(folder.glob("stages/openssl-*")) == []
    assert not (tmp_path / "dist").exists()


STOPPED = "build_zipapps: stopped; what was finished is kept, and the next build goes on from there\n"
STOP_SECONDS = 120.0


def configuring(process: subprocess.Popen[str], cache: Path) -> None:
    """Wait until both architectures are in the middle of their work."""

    def there() -> bool:
        return all(any(cache.glob(f"work-openssl-{architecture}-*/build/*")) for architecture in MACHINES)

    eventually(lambda: process.poll() is not None or there(), timeout=BUILD_SECONDS, pause=0.2)
    assert process.poll() is None, process.communicate()
