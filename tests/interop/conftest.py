"""Programs of others that the tests compare with, built from their sources."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .go_peers import build


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
    program = build("hclpeer", tmp_path_factory.mktemp("hclpeer"), "real hclwrite and gohcl are not compared with")
    peer = HclPeer(program)
    yield peer
    peer.close()
