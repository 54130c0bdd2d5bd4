"""Which CPython releases this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROBE = "import sys; print('%d.%d' % sys.version_info[:2], sys.implementation.name, 't' in sys.abiflags)"
"""Release, implementation, and whether it is the free-threaded kind, which wheels and bytecode here are not for."""

PROBE_SECONDS = 20


def find(release: str) -> Path | None:
    """The interpreter of a release such as `3.12`: this one, one on PATH, or one that pyenv keeps."""
    candidates: list[str] = []
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == release:
        candidates.append(sys.executable)
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates += [str(path) for path in sorted(kept.glob(f"{release}.*/bin/python"))]
    if on_path := shutil.which(f"python{release}"):
        candidates.append(on_path)
    return next((Path(candidate) for candidate in candidates if _is(candidate, release)), None)


def _is(candidate: str, release: str) -> bool:
    """Whether it runs and is what it is called: a version manager's name on PATH may stand for nothing."""
    try:
        done = subprocess.run(
            [candidate, "-c", PROBE], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.split() == [release, "cpython", "False"]
