"""A small Waypoint of its own: packages with the right names, and wheels made here, so that no test needs a network."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tools.zipapps.interpreters import find

ROOT = Path(__file__).resolve().parents[2]
TAGS = ("cp311", "cp312", "cp313", "cp314")
SECONDS = 300

CLI = """
import importlib.util, json, os, sys

import abiwheel
import purewheel.deep

COUNT = len(purewheel.deep.NAMES)


def main():
    if sys.argv[1:] == ["late"]:
        import purewheel.late
    if sys.argv[1:] == ["caught"]:
        try:
            import purewheel.late
        except ImportError as error:
            sys.modules["__main__"].repair(error)
    if sys.argv[1:] == ["fail"]:
        raise ValueError("a defect of the program")
    if sys.argv[1:] == ["wait"]:
        print("ready", flush=True)
        sys.stdin.read()
    version = None
    if sys.argv[1:2] == ["version"]:
        from importlib import metadata
        version = metadata.version("waypoint")
    print(json.dumps({
        "abi": abiwheel.ABI, "path": sys.path, "site": os.path.dirname(abiwheel.__file__), "arguments": sys.argv[1:],
        "version": version, "file": sys.argv[0],
        "modules": sorted(sys.modules), "cached": importlib.util.cache_from_source(abiwheel.__file__),
    }))
    return 3 if sys.argv[1:] == ["three"] else 0
"""


@dataclass(frozen=True)
class Workshop:
    """Sources, wheels and lock of the small Waypoint, and where it was built."""

    folder: Path

    @property
    def dist(self) -> Path:
        """The folder of the artifacts."""
        return self.folder / "dist"

    def build(self, *arguments: str, output: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the build as a user would."""
        command = [
            *(sys.executable, str(ROOT / "build_zipapps.py"), "--standalone", "never", *arguments),
            *("--source", str(self.folder / "src"), "--lock", str(self.folder / "run.txt")),
            *("--wheels", str(self.folder / "wheels"), "--output", str(output or self.dist)),
        ]
        # No index: whatever is not at hand is not to be had.
        environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PYTHONPATH": ""}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)


def write_tree(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def write_wheel(folder: Path, name: str, tag: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
    path = folder / f"{name}-1.0-{tag}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)
        archive.writestr(f"{name}-1.0.dist-info/METADATA", metadata)
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


def write_workshop(folder: Path) -> Workshop:
    packages = (
        "wp_cli",
        "wp_config",
        "wp_plugins",
        "wp_proto",
        "wp_runner",
        "wp_sdk",
        "wp_sources",
        "wp_text",
        "wp_server",
        "wp_entrypoint",
    )
    write_tree(folder / "src", {f"{package}/__init__.py": "" for package in packages})
    write_tree(
        folder / "src",
        {
            "wp_cli/main.py": CLI,
            "wp_cli/page.html": "<p>data goes along</p>",
            "wp_cli/stub.pyi": "",
            "wp_server/__main__.py": "def main():\n    print('server')\n    return 0\n",
            "wp_proto/entrypoint/__init__.py": "",
            "wp_proto/entrypoint/messages.py": "LINE = 'a line'\nLABELS = frozenset({'one', 'two', 'three'})\n",
            "wp_proto/waypoint/__init__.py": "",
            "wp_proto/waypoint/operation_pb2.py": "JOB = 'a job'\n",
            "wp_entrypoint/__main__.py": (
                "from __future__ import annotations\nimport sys\nfrom wp_proto.entrypoint.messages import LINE\n"
                "from wp_entrypoint import __file__ as home\n\n\ndef main() -> int:\n"
                "    print(LINE, home, sys.argv[1:])\n    return 4\n"
            ),
        },
    )
    shutil.copy(ROOT / "src/wp_entrypoint/archive.py", folder / "src/wp_entrypoint/archive.py")
    project = '[project]\nname = "waypoint"\nversion = "1.2.3"\nlicense = "MPL-2.0"\n'
    (folder / "pyproject.toml").write_text(project)
    pure = {
        "purewheel/__init__.py": "",
        "purewheel/deep.py": "NAMES = ['one', 'two']\n",
        "purewheel/late.py": "",
        "purewheel/stub.pyi": "",
        "purewheel/messages.proto": "",
        "purewheel/tests/__init__.py": "",
    }
    pure |= {f"purewheel/many/module{number}.py": f"VALUE = {number}\n" * 40 for number in range(400)}
    made: dict[str, list[Path]] = {"abiwheel": [], "purewheel": [], "needed": [], "unused": []}
    for tag in TAGS:
        place = folder / "wheels" / tag
        abi = {"abiwheel.py": f"ABI = {tag!r}\n"}
        made["abiwheel"].append(write_wheel(place, "abiwheel", f"{tag}-{tag}-any", abi, ("needed>=1",)))
        made["purewheel"].append(write_wheel(place, "purewheel", "py3-none-any", pure))
        made["needed"].append(write_wheel(place, "needed", "py3-none-any", {"needed.py": ""}))
        made["unused"].append(write_wheel(place, "unused", "py3-none-any", {"unused.py": ""}))
    lines = []
    for name, paths in made.items():
        digests = sorted({hashlib.sha256(path.read_bytes()).hexdigest() for path in paths})
        lines.append(f"{name}==1.0 \\\n" + " \\\n".join(f"    --hash=sha256:{digest}" for digest in digests) + "\n")
    lines.append(f"elsewhere==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:{'0' * 64}\n")
    (folder / "run.txt").write_text("".join(lines))
    return Workshop(folder)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Built once; tests only run what came out."""
    made = write_workshop(tmp_path_factory.mktemp("workshop"))
    done = made.build()
    assert done.returncode == 0, done.stderr
    return made


@dataclass
class Machine:
    """A user's machine: a home of its own, and nothing inherited."""

    folder: Path
    python: str = sys.executable

    @property
    def unpacked(self) -> Path:
        """Where the artifacts unpack."""
        return self.folder / "home/.cache/waypoint/unpacked"

    def environment(self, **more: str) -> dict[str, str]:
        """Of a process on this machine."""
        (self.folder / "home").mkdir(exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        return {
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            **more,
        }

    def start(self, artifact: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start an artifact."""
        return subprocess.Popen(
            [self.python, str(artifact), *arguments],
            env=self.environment(**more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, artifact: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run an artifact to its end."""
        with self.start(artifact, *arguments, **more) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def sites(self) -> list[Path]:
        """The unpacked copies."""
        return [path for path in sorted(self.unpacked.iterdir()) if path.is_dir()] if self.unpacked.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Fresh: nothing was ever unpacked on it."""
    return Machine(tmp_path)


@pytest.fixture
def machine_with(tmp_path: Path) -> Callable[[str], Machine]:
    """Fresh, with a given Python release; skips where there is none."""

    def make(release: str) -> Machine:
        found = find(release)
        if found is None:
            pytest.skip(f"optional: no CPython {release} on this machine, neither on PATH nor in pyenv")
        return Machine(tmp_path, str(found))

    return make


def processes_in(folder: Path) -> set[int]:
    """The processes whose working directory is in a folder."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):  # it has ended, or belongs to the kernel
            if Path(os.readlink(place)).is_relative_to(folder.resolve()):
                found.add(int(place.parent.name))
    return found
