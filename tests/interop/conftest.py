"""Programs of others that the tests compare with, built from their sources."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
BUILD_TIMEOUT = 600


class HclPeer:
    """`hclpeer` as a process: real hclwrite, gohcl and encoding/json behind one line of JSON per question."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, **question: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="session")
def hcl_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HclPeer]:
    if shutil.which("go") is None:
        pytest.skip("no Go: real hclwrite and gohcl are not compared with (Debian: golang-go)")
    program = tmp_path_factory.mktemp("hclpeer") / "hclpeer"
    built = subprocess.run(
        ["go", "build", "-o", str(program), "."], cwd=HERE / "hclpeer", env=os.environ | {"GOWORK": "off"},
        capture_output=True, text=True, timeout=BUILD_TIMEOUT, check=False,
    )  # fmt: skip
    if "dial tcp" in built.stderr or "no such host" in built.stderr:
        pytest.skip(f"the Go modules of hclpeer cannot be fetched: {built.stderr.strip().splitlines()[-1]}")
    assert built.returncode == 0, built.stderr
    peer = HclPeer(program)
    yield peer
    peer.close()
