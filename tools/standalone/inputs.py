"""What the standalone entrypoint is made from, at hand and checked: Debian source packages and the compiler.

Versions and hashes stand in `sources.toml` and `requirements/toolchain.txt`. Sources come through apt, from the mirror
this machine uses already, with lists and a cache of their own, so that nothing of the system changes; apt checks
Debian's signature, we the hash. What was had once is kept and needs no network again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.zipapps.wheels import Interpreter, WheelsMissingError, fetch

PINS = Path(__file__).with_name("sources.toml")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PROGRAMS = ("apt-get", "dpkg-source", "make", "perl", "readelf", "xz", "patch", "setpriv")
DOWNLOAD_SECONDS = 600

APT_CONFIGURATION = """\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{folder}/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "root";
"""


class InputsMissingError(Exception):
    """Sources or compiler are neither at hand nor to be had; the message says which and what to do."""


class InputsWrongError(Exception):
    """A file is not what was pinned; the message names it and both hashes."""


@dataclass(frozen=True)
class Package:
    """A Debian source package, exactly."""

    name: str
    version: str
    files: Mapping[str, str]

    @property
    def description(self) -> str:
        """The file that names the others."""
        return next(name for name in self.files if name.endswith(".dsc"))

    @property
    def digest(self) -> str:
        """Names the content of all its files."""
        return hashlib.sha256(repr(sorted(self.files.items())).encode()).hexdigest()


@dataclass(frozen=True)
class Pins:
    """Every source package, by name, and the suite of Debian that has them."""

    suite: str
    packages: Mapping[str, Package]


def read_pins(path: Path = PINS) -> Pins:
    """The pinned sources."""
    facts = tomllib.loads(path.read_text())
    packages = {
        name: Package(name, package["version"], package["files"]) for name, package in facts["packages"].items()
    }
    return Pins(facts["suite"], packages)


def check_programs() -> None:
    """Raise InputsMissingError when the machine lacks a program of the build."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        raise InputsMissingError("it is built on Linux on x86-64 only")
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        raise InputsMissingError(
            f"this machine has no {', '.join(missing)}: it is built on Debian, with the packages dpkg-dev, make, perl, "
            "binutils, patch, util-linux and xz-utils"
        )


def sources(pins: Pins, folder: Path) -> None:
    """Have every file of every package in the folder, with the pinned hash.

    Raises InputsMissingError when apt cannot get them, InputsWrongError when it got something else.
    """
    wanted = [package for package in pins.packages.values() if not _complete(package, folder)]
    if not wanted:
        return
    check_programs()
    folder.mkdir(parents=True, exist_ok=True)
    apt = folder / "apt"
    environment = _apt_of_its_own(apt, pins.suite)
    try:
        _apt(["update"], folder, environment)
        for package in wanted:
            _apt(["source", "--download-only", f"{package.name}={package.version}"], folder, environment)
    finally:
        shutil.rmtree(apt, ignore_errors=True)
    for package in wanted:
        _check(package, folder)


def compiler(lock: Path, folder: Path) -> Path:
    """The program `zig`, unpacked once below the folder from the wheel the lock names. One build at a time may call it.

    Raises InputsMissingError when pip cannot get it.
    """
    try:
        [wheel] = fetch(lock, Interpreter(*sys.version_info[:2]), folder / "wheels")
    except WheelsMissingError as error:
        raise InputsMissingError(str(error)) from error
    with wheel.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    unpacked = folder / f"zig-{digest}"
    if not unpacked.is_dir():
        fresh = folder / f"unpacking-zig-{digest}"
        shutil.rmtree(fresh, ignore_errors=True)  # of a build that was stopped
        with zipfile.ZipFile(wheel.path) as archive:
            archive.extractall(fresh)
        (fresh / "ziglang/zig").chmod(0o755)
        fresh.rename(unpacked)
    return unpacked / "ziglang/zig"


def unpack(package: Package, folder: Path, target: Path) -> None:
    """Unpack a source package with Debian's patches applied. Raises InputsWrongError when dpkg-source cannot."""
    command = ["dpkg-source", "--no-check", "--extract", str(folder / package.description), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputsWrongError(f"{package.description} cannot be unpacked: {_last_line(done.stderr)}")


def _complete(package: Package, folder: Path) -> bool:
    return all(_sha256(folder / name) == digest for name, digest in package.files.items())


def _check(package: Package, folder: Path) -> None:
    for name, digest in package.files.items():
        found = _sha256(folder / name)
        if not found:
            raise InputsMissingError(f"apt has {package.name} {package.version}, but not its file {name}")
        if found != digest:
            raise InputsWrongError(f"{folder / name} has the SHA-256 {found}, but {PINS.name} has {digest}")


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _apt_of_its_own(folder: Path, suite: str) -> dict[str, str]:
    """The environment in which apt knows the suite's sources, and nothing else."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    configuration = folder / "apt.conf"
    configuration.write_text(APT_CONFIGURATION.format(folder=folder))
    (folder / "sources.list").write_text(f"deb-src [signed-by={KEYRING}] {_mirror()} {suite} main\n")
    return {**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C"}


def _mirror() -> str:
    """Where this machine has its Debian packages from."""
    form = "$(LABEL)|$(REPO_URI)"
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    known = [line.partition("|")[::2] for line in done.stdout.splitlines()]
    for label, address in known:
        if label == "Debian" or (label == "$(LABEL)" and address.rstrip("/").endswith("/debian")):
            return address
    raise InputsMissingError("apt knows no Debian mirror on this machine")


def _apt(words: list[str], folder: Path, environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            ["apt-get", "-q", *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputsMissingError(f"apt-get {words[0]} did not finish within {DOWNLOAD_SECONDS} s") from None
    # `update` goes on with old or no lists when it reaches nobody, and says so only.
    troubles = [line for line in done.stderr.splitlines() if line.startswith(("E:", "Err"))]
    if done.returncode or (words == ["update"] and "Failed to fetch" in done.stderr):
        reason = troubles[0] if troubles else _last_line(done.stderr)
        raise InputsMissingError(f"apt could not get {words[-1]} ({reason})")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
