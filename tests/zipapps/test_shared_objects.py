"""What remains of a compiled module still loads, and is what runs."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
from tools.zipapps.shared_objects import loaded_part


@pytest.fixture(scope="module")
def debuggable(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A shared object with all that debuggers read."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc on this machine")
    folder = tmp_path_factory.mktemp("made")
    (folder / "answer.c").write_text("static int kept = 41;\nint answer(void) { return ++kept; }\n")
    command = ["gcc", "-g3", "-shared", "-fPIC", "-o", folder / "answer.so", folder / "answer.c"]
    subprocess.run(command, check=True)
    return (folder / "answer.so").read_bytes()


def test_it_loads_without_symbols_and_debug_information(debuggable: bytes, tmp_path: Path) -> None:
    part = loaded_part(debuggable)
    assert b"answer.c" in debuggable
    assert b"answer.c" not in part
    assert part[64:] == debuggable[64 : len(part)]
    (tmp_path / "answer.so").write_bytes(part)
    assert ctypes.CDLL(str(tmp_path / "answer.so")).answer() == 42
    assert loaded_part(part) == part


def test_anything_else_stays_as_it_is(debuggable: bytes) -> None:
    other_kind = bytearray(debuggable)
    other_kind[4] = 1  # 32 bits
    for content in (b"", b"print()\n", b"\x7fELF", debuggable[:100], debuggable[:2000], bytes(other_kind)):
        assert loaded_part(content) == content
