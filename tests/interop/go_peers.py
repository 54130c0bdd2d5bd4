"""Building the Go programs that the tests compare or talk with."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILD_TIMEOUT = 600


def build(name: str, folder: Path, what: str) -> Path:
    """The program of the Go module `name` beside this file; skips where Go or its modules cannot be had. `what` is what
    then goes untested."""
    if shutil.which("go") is None:
        pytest.skip(f"no Go: {what} (Debian: golang-go)")
    program = folder / name
    built = subprocess.run(
        ["go", "build", "-o", str(program), "."], cwd=HERE / name, env=os.environ | {"GOWORK": "off"},
        capture_output=True, text=True, timeout=BUILD_TIMEOUT, check=False,
    )  # fmt: skip
    if "dial tcp" in built.stderr or "no such host" in built.stderr:
        pytest.skip(f"the Go modules of {name} cannot be fetched: {built.stderr.strip().splitlines()[-1]}")
    assert built.returncode == 0, built.stderr
    return program
