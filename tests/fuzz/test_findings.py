"""Every input the fuzzer ever stumbled over, and its seeds, once more: without the fuzzer, in no time."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FINDINGS = sorted(path for path in HERE.glob("findings/*/*") if path.name != ".gitignore")
TARGETS = sorted(path.stem for path in HERE.glob("targets/*.py"))


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_finding(path: Path) -> None:
    importlib.import_module(f"tests.fuzz.targets.{path.parent.name}").one(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    target = importlib.import_module(f"tests.fuzz.targets.{name}")
    tried = 0
    for contents in target.seeds():
        target.one(contents)
        tried += 1
    assert tried, "a target without seeds finds nothing"
    assert target.DICTIONARY
    assert target.PACKAGES
