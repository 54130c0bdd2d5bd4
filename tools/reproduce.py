"""`make reproduce`: builds the standalone entrypoints twice from nothing, in different folders, and compares the bytes.

    python tools/reproduce.py [--architecture amd64] [--against FOLDER]

`--against` compares one new build with the files of another one, such as a release's. Sources and compiler are taken
from the usual cache when they are there; everything made of them is made again. When two builds differ, the stages that
do are named with their files.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.standalone.executable import LICENCES, default_cache, names  # noqa: E402

MOST_NAMED = 5
GIVEN = ("sources", "wheels")
"""Of the usual cache: what is the same for every build, with hashes that the build checks."""


def main() -> int:
    """Build, compare, and say so; the status is 1 when a file differs or cannot be built."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", choices=[target.architecture for target in names().values()])
    parser.add_argument("--against", type=Path, help="folder with files to compare with")
    options = parser.parse_args()
    wanted = [name for name, target in names().items() if options.architecture in (None, target.architecture)]
    files = [*wanted, LICENCES]
    if options.against and (missing := [name for name in files if not (options.against / name).is_file()]):
        print(f"reproduce: {options.against} has no {missing[0]} to compare with", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="one-") as one, tempfile.TemporaryDirectory(prefix="the-other-") as two:
        folders = [Path(one)] if options.against else [Path(one), Path(two) / "with/a/longer/path"]
        for folder in folders:
            if not build(folder, wanted):
                print(f"reproduce: the build in {folder} failed, so there is nothing to compare", file=sys.stderr)
                return 1
        compared = [options.against or folders[1], folders[0]]
        different = [name for name in files if not compare(name, *compared)]
        if different and not options.against:
            for line in differences(*(folder / "cache/stages" for folder in folders)):
                print(f"  differs: {line}")
    return int(bool(different))


def build(folder: Path, wanted: list[str]) -> bool:
    """Build from sources alone, with a cache inside the folder. Returns whether that was possible."""
    cache = folder / "cache"
    cache.mkdir(parents=True)
    for given in GIVEN:
        if (default_cache() / given).is_dir():
            shutil.copytree(default_cache() / given, cache / given)
    print(f"== building in {folder}", flush=True)
    command = [sys.executable, str(ROOT / "build_zipapps.py"), *wanted, "--output", str(folder)]
    return subprocess.run([*command, "--build-cache", str(cache)], check=False).returncode == 0


def compare(name: str, one: Path, other: Path) -> bool:
    """Say whether a file is the same in both folders."""
    here, there = digest(one / name), digest(other / name)
    print(f"{name}: {f'the same bytes, {here}' if here == there else 'DIFFERENT'}", flush=True)
    return here == there


def differences(one: Path, other: Path) -> list[str]:
    """For every stage that two builds have not done alike, the files it kept that differ."""
    lines = []
    for stage in sorted(one.iterdir()):
        files = sorted(path.relative_to(stage) for path in stage.rglob("*") if path.is_file())
        if unlike := [str(f) for f in files if digest(stage / f) != digest(other / stage.name / f)]:
            lines.append(f"{stage.name}: {', '.join(unlike[:MOST_NAMED])}{' and others' * (len(unlike) > MOST_NAMED)}")
    return lines


def digest(file: Path) -> str:
    """The SHA-256 of a file; nothing when there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
