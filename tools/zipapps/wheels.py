"""The third-party half of an artifact: wheels, exactly as the hashed lock names them, for several interpreters at once.

A universal lock lists every wheel a project could ever need. `fetch` asks pip for those that one interpreter needs on
this platform, keeps them below `.cache/`, and afterwards works without a network.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.tags import platform_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

OLDEST_GLIBC = (2, 28)
"""Newer wheels are not taken, so that an artifact built on a new system runs on one of 2018 too."""

DOWNLOAD_SECONDS = 600


class WheelsMissingError(Exception):
    """Wheels are neither at hand nor to be had; the message says which and what to do."""


@dataclass(frozen=True)
class Interpreter:
    """A CPython release an artifact runs on."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Interpreter:
        """`3.12` → the interpreter. Raises ValueError for anything else."""
        if not (match := re.fullmatch(r"(3)\.(\d{1,2})", text)):
            raise ValueError(f"{text!r} is not a Python release: write it like 3.12")
        return cls(int(match[1]), int(match[2]))

    @property
    def release(self) -> str:
        """As people write it: `3.12`."""
        return f"{self.major}.{self.minor}"

    @property
    def tag(self) -> str:
        """As wheels write it: `cp312`."""
        return f"cp{self.major}{self.minor}"

    def environment(self) -> dict[str, str]:
        """What markers of requirements are evaluated against: this platform, that interpreter."""
        here = {key: str(value) for key, value in default_environment().items()}
        return here | {
            "python_version": self.release,
            "python_full_version": f"{self.release}.0",
            "implementation_name": "cpython",
            "implementation_version": f"{self.release}.0",
            "platform_python_implementation": "CPython",
        }


@dataclass(frozen=True)
class Pin:
    """One line of the lock."""

    name: str
    version: str
    marker: Marker | None
    hashes: frozenset[str]

    def applies(self, interpreter: Interpreter) -> bool:
        """Whether that interpreter needs it on this platform."""
        return self.marker is None or self.marker.evaluate(interpreter.environment())


@dataclass(frozen=True)
class Wheel:
    """A wheel on disk."""

    path: Path

    @cached_property
    def name(self) -> str:
        """The distribution's canonical name."""
        return str(parse_wheel_filename(self.path.name)[0])

    @cached_property
    def glibc(self) -> tuple[int, int]:
        """The oldest glibc it runs with; (0, 0) when it does not care."""
        spelled = {tag.platform for tag in parse_wheel_filename(self.path.name)[3]}
        found = [re.match(r"manylinux_(\d+)_(\d+)_", tag) for tag in spelled]
        return min(((int(m[1]), int(m[2])) for m in found if m), default=(0, 0))

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Paths below site-packages, of what belongs there."""
        with zipfile.ZipFile(self.path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
        return tuple(name for name in names if site_path(name))

    @cached_property
    def requires(self) -> tuple[Requirement, ...]:
        """What it says it needs, markers included."""
        with zipfile.ZipFile(self.path) as archive:
            metadata = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
            text = archive.read(metadata).decode().split("\n\n", 1)[0]
        return tuple(
            Requirement(line.split(":", 1)[1]) for line in text.splitlines() if line.startswith("Requires-Dist:")
        )

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Every file with its path below site-packages."""
        with zipfile.ZipFile(self.path) as archive:
            for name in self.files:
                yield site_path(name), archive.read(name)


def site_path(name: str) -> str:
    """Where a file of a wheel goes below site-packages, or nothing for scripts and headers."""
    parts = name.split("/")
    if parts[0].endswith(".data"):
        return "/".join(parts[2:]) if parts[1] in ("purelib", "platlib") else ""
    return name


def read_lock(lock: Path) -> list[Pin]:
    """The lines of a hashed lock. Raises ValueError for a line without hashes."""
    text = re.sub(r"\\\n", " ", lock.read_text())
    pins: list[Pin] = []
    for line in text.splitlines():
        line = line.split(" #", 1)[0].strip()
        if not line or line.startswith(("#", "-")):
            continue
        hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        requirement = Requirement(line.split("--hash", 1)[0].strip())
        exact = re.fullmatch(r"==([^*]+)", str(requirement.specifier))
        if not hashes or not exact:
            raise ValueError(f"{lock}: {requirement} has no exact version or no hash: compile the lock again")
        pins.append(Pin(canonicalize_name(requirement.name), exact[1], requirement.marker, hashes))
    return pins


def wheel_platforms() -> list[str]:
    """Platform tags this machine's artifact accepts, best first."""
    tags = list(platform_tags())
    if platform.libc_ver()[0] != "glibc":
        return tags

    def old_enough(tag: str) -> bool:
        match = re.match(r"manylinux_(\d+)_(\d+)_", tag)
        return match is None or (int(match[1]), int(match[2])) <= OLDEST_GLIBC

    return [tag for tag in tags if old_enough(tag)]


def fetch(lock: Path, interpreter: Interpreter, cache: Path) -> list[Wheel]:
    """All wheels of the lock that the interpreter needs on this platform, each with a hash the lock lists.

    Raises WheelsMissingError when some are not in the cache and pip cannot get them.
    """
    pins = [pin for pin in read_lock(lock) if pin.applies(interpreter)]
    folder = cache / interpreter.tag
    found = _at_hand(pins, folder)
    if len(found) < len(pins):
        with _alone(folder):
            found = _at_hand(pins, folder)  # another build may just have got them
            if absent := [pin for pin in pins if pin.name not in found]:
                _download(absent, interpreter, folder)
                found = _at_hand(pins, folder)
    if missing := sorted(pin.name for pin in pins if pin.name not in found):
        raise WheelsMissingError(f"no wheel with a hash of {lock.name} for {', '.join(missing)}")
    return [found[pin.name] for pin in pins]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Builds at the same time fill a folder one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _at_hand(pins: list[Pin], folder: Path) -> dict[str, Wheel]:
    by_hash = {digest: pin for pin in pins for digest in pin.hashes}
    found: dict[str, Wheel] = {}
    for path in sorted(folder.glob("*.whl")):
        with path.open("rb") as file:
            pin = by_hash.get(hashlib.file_digest(file, "sha256").hexdigest())
        if pin is not None:
            found[pin.name] = Wheel(path)
    return found


def _download(pins: list[Pin], interpreter: Interpreter, folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(
        "".join(f"{p.name}=={p.version} {' '.join(f'--hash=sha256:{h}' for h in sorted(p.hashes))}\n" for p in pins)
    )
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary", ":all:", "--require-hashes", "--requirement", str(wanted), "--dest", str(folder)),
        *("--implementation", "cp", "--python-version", interpreter.release),
        *(f"--platform={tag}" for tag in wheel_platforms()),
    ]
    environment = {**os.environ, "PIP_NO_INPUT": "1", "PIP_RETRIES": os.environ.get("PIP_RETRIES", "1")}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
        said = done.stderr
    except subprocess.TimeoutExpired:
        said = f"ERROR: pip did not finish within {DOWNLOAD_SECONDS} s"
        done = None
    finally:
        wanted.unlink(missing_ok=True)
    if done is None or done.returncode:
        reasons = [line.split("ERROR: ", 1)[1] for line in said.splitlines() if "ERROR: " in line]
        reason = reasons[-1] if reasons else (said.strip().splitlines() or ["pip said nothing"])[-1]
        raise WheelsMissingError(
            f"{len(pins)} wheels for Python {interpreter.release} are not in {folder} and pip could not get them "
            f"({reason}): connect to a package index, or put them there"
        )
