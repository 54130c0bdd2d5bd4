from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.wp_runner.fake_server import FakeServer
from tests.wp_runner.real_server import Client, RealServer
from tests.wp_runner.shop import Bench


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


@pytest.fixture(scope="module")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    started = RealServer(tmp_path_factory.mktemp("server"))
    yield started
    started.close()


@pytest.fixture
def client(real_server: RealServer) -> Iterator[Client]:
    connected = real_server.connect()
    yield connected
    connected.close()
