"""The standalone entrypoints as files: an executable that needs nothing, a zip that is whole, nothing else inside."""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tools.standalone.executable import Builder, build_paths, default_cache
from tools.standalone.stage import AMD64
from tools.zipapps.entrypoint import entrypoint

from .conftest import ROOT

MACHINES = {"amd64": 62, "arm64": 183}
SHARED_OBJECT = 3
INTERPRETER = 3
CPYTHONS_OWN = {"__hello__", "__phello__", "frozen_only", "getpath", "_colorize"}
"""Of its release, or for its own tests: what the list of an older one's modules has not."""
LARGEST_LAYER = 6_500_000


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


def test_any_python_runs_the_same_file(file: Path) -> None:
    version = subprocess.run(
        [sys.executable, "-I", "-S", file, "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("waypoint-entrypoint v")
    command = [sys.executable, "-I", "-S", file, "sh", "-c", "echo $PORT; exit 7"]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (7, "5000\n")


def test_it_names_no_folder_of_the_build(file: Path) -> None:
    content = file.read_bytes()
    assert build_paths(content, default_cache()) == []
    assert build_paths(content, ROOT) == []
    assert re.findall(rb"[\x20-\x7e]*/work-[a-z]+-[\x20-\x7e]*", content) == []


def test_it_holds_nothing_but_the_standard_library_and_our_code(file: Path) -> None:
    frozen = {name.decode().split(".")[0] for name in re.findall(rb"<frozen ([\w.]+)>", file.read_bytes())}
    ours = {name.split("/")[0] for name in entrypoint(ROOT / "src", ()).modules}
    assert ours | {"encodings", "_collections_abc"} <= frozen
    assert {name for name in ours if not name.startswith("wp_")} == set()
    assert frozen - ours - set(sys.stdlib_module_names) <= CPYTHONS_OWN


def test_the_licences_of_all_parts_lie_beside_and_inside(file: Path, standalone_files: dict[str, Path]) -> None:
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
    beside = file.parent / "waypoint-entrypoint-licences.txt"
    assert not beside.exists() or beside.read_text() == text


def test_as_a_layer_it_is_small(file: Path) -> None:
    assert len(gzip.compress(file.read_bytes(), 9)) <= LARGEST_LAYER


def test_freezing_and_linking_give_the_same_bytes_in_another_folder(standalone: Path, tmp_path: Path) -> None:
    """With the slow stages taken over; `make reproduce` does everything a second time."""
    cache = tmp_path / "some/where/else"
    (cache / "stages").mkdir(parents=True)
    for kept in (default_cache() / "stages").iterdir():
        if not kept.name.startswith(("frozen-", "entrypoint-")):
            (cache / "stages" / kept.name).symlink_to(kept)
    for shared in (default_cache() / "sources", default_cache() / "wheels", *default_cache().glob("zig*")):
        (cache / shared.name).symlink_to(shared)
    parts = entrypoint(ROOT / "src", ())
    builder = Builder(cache, ROOT / "requirements/toolchain.txt", ROOT, 1, only_cached=True)
    assert builder.build(AMD64, parts.modules, parts.behind) == standalone.read_bytes()
    assert (cache / "stages").is_dir()
    shutil.rmtree(cache)
