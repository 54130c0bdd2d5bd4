"""The real artifacts, built from this checkout and the real lock for the Python that runs the tests."""

import io
import lzma
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .conftest import ROOT, Machine

BUILD_SECONDS = 900
RELEASE = f"{sys.version_info[0]}.{sys.version_info[1]}"
pytestmark = pytest.mark.timeout(1800)
"""The first one waits for the standalone entrypoints."""
COMPILED = (
    "grpc._cython.cygrpc",
    "cryptography.hazmat.bindings._rust",
    "google._upb._message",
    "sqlalchemy.engine._result_cy",
)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory, standalone_where_possible: dict[str, Path]) -> Path:
    """Wheels come from the checkout's own cache; pip fills it where it can."""
    output = tmp_path_factory.mktemp("dist")
    wanted = ("--standalone", "cached" if standalone_where_possible else "never", "--bytecode", "none")
    command = [sys.executable, str(ROOT / "build_zipapps.py"), *wanted, "--pythons", RELEASE, "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if "pip could not get them" in done.stderr:
        pytest.skip(f"the artifacts need wheels that this machine cannot get: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return output


def test_the_command_line_starts(dist: Path, machine: Machine) -> None:
    done = machine.run(dist / "waypoint", "version")
    assert done.returncode == 0, done.stderr
    assert re.match(r"CLI: v\d", done.stdout)
    listed = machine.run(dist / "waypoint", "-help")
    assert "up" in listed.stdout.split()


def test_the_server_starts(dist: Path, machine: Machine) -> None:
    done = machine.run(dist / "waypoint-server", "version")
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+\.\d+", done.stdout)


def test_the_embedded_server_serves_one_command_after_the_other(dist: Path, machine: Machine) -> None:
    """Both sides of the artifact name the same version: else every command would replace the server of the last."""
    try:
        first = machine.run(dist / "waypoint", "workspace", "create", "one")
        assert "Started the embedded Waypoint server" in first.stderr, first.stdout + first.stderr
        second = machine.run(dist / "waypoint", "workspace", "create", "two")
        assert second.returncode == 0, second.stderr
        assert "embedded" not in second.stderr
    finally:
        stopped = machine.run(dist / "waypoint", "server", "stop")
    assert stopped.returncode == 0, stopped.stderr


def test_every_module_of_ours_can_be_imported_from_what_was_unpacked(dist: Path, machine: Machine) -> None:
    """An import that the build did not see would fail here, with nothing but the artifact's own packages around."""
    machine.run(dist / "waypoint", "version")
    (site,) = machine.sites()
    program = (
        "import importlib, pkgutil, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        f"names = list({COMPILED!r})\n"
        f"for package in {sorted(path.name for path in site.glob('wp_*'))!r}:\n"
        "    found = pkgutil.walk_packages([f'{sys.argv[1]}/{package}'], package + '.')\n"
        "    names += [i.name for i in found if not i.name.endswith('__main__') and '.migrations.' not in i.name]\n"
        "for name in names:\n"
        "    importlib.import_module(name)\n"
        "print(len(names))\n"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(site)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def test_the_entrypoint_starts_an_application(dist: Path, machine: Machine) -> None:
    done = machine.run(dist / "waypoint-entrypoint", "echo", "hello")
    assert done.stdout == "hello\n", done.stderr
    assert done.returncode == 0


def test_a_damaged_command_is_restored(dist: Path, machine: Machine) -> None:
    machine.run(dist / "waypoint", "version")
    (site,) = machine.sites()
    (site / "wp_cli/commands/version.py").write_text("import nothing_of_that_name")
    done = machine.run(dist / "waypoint", "version")
    assert done.returncode == 1
    assert "were damaged and have been restored: run the command again" in done.stderr
    assert machine.run(dist / "waypoint", "version").returncode == 0


def test_the_command_line_carries_the_standalone_entrypoints(dist: Path, standalone_files: dict[str, Path]) -> None:
    with zipfile.ZipFile(dist / "waypoint") as outer, zipfile.ZipFile(io.BytesIO(outer.read("common.zip"))) as common:
        for file in standalone_files.values():
            carried = common.read(f"wp_runner/artifacts/{file.name}.xz")
            assert lzma.decompress(carried) == file.read_bytes()
            assert (dist / file.name).read_bytes() == file.read_bytes()
