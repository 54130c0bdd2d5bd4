from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake_server import FakeServer
from shop import Bench


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    fake.close()


@pytest.fixture
def bench(server: FakeServer, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(server, tmp_path)
    with made.runner:
        yield made
