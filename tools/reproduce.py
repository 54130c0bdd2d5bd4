"""`make reproduce`: builds the standalone entrypoints twice from nothing, in different folders, and compares the bytes.

    python tools/reproduce.py [--architecture amd64] [--against FOLDER]

`--against` compares one new build with the files of another one, such as a release's. Sources and compiler are taken
from the usual cache when they are there.
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

from tools.standalone.executable import default_cache, names  # noqa: E402


def main() -> int:
    """Build, compare, and say so; the status is 1 when a file differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", choices=[target.architecture for target in names().values()])
    parser.add_argument("--against", type=Path, help="folder with files to compare with")
    options = parser.parse_args()
    wanted = [name for name, target in names().items() if options.architecture in (None, target.architecture)]
    with tempfile.TemporaryDirectory(prefix="one-") as one, tempfile.TemporaryDirectory(prefix="the-other-") as two:
        folders = [options.against, Path(one)] if options.against else [Path(one), Path(two) / "with/a/longer/path"]
        for folder in folders[1:] if options.against else folders:
            build(folder, wanted)
        different = False
        for name in wanted:
            digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for folder in folders]
            different |= len(set(digests)) > 1
            print(f"{name}: {'the same bytes, ' + digests[0] if len(set(digests)) == 1 else 'DIFFERENT'}")
    return int(different)


def build(folder: Path, wanted: list[str]) -> None:
    """Build from sources alone, with a cache inside the folder."""
    cache = folder / "cache"
    cache.mkdir(parents=True)
    if (default_cache() / "sources").is_dir():
        shutil.copytree(default_cache() / "sources", cache / "sources")
    command = [sys.executable, str(ROOT / "build_zipapps.py"), *wanted, "--output", str(folder)]
    subprocess.run([*command, "--build-cache", str(cache)], check=True)


if __name__ == "__main__":
    sys.exit(main())
