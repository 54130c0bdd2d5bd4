from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

_spec = importlib.util.spec_from_file_location("fake_server", Path(__file__).parent / "fake_server.py")
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
sys.modules["fake_server"] = _module
_spec.loader.exec_module(_module)

if TYPE_CHECKING:
    from fake_server import FakeServer


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = _module.FakeServer()
    yield fake
    fake.close()
