"""The version before this one: its sources, out of the repository's history.

`PREVIOUS` is the commit that clients, runners and entrypoints still run when the server is upgraded. At a release it is
moved to the last one, and `python -m tests.wp_proto.wire` is run on that commit's sources to renew `previous.tsv`.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PREVIOUS = "5126869925fdcbb58f334348e42d2bedb9cface7"


@pytest.fixture(scope="session")
def older_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `src` of the version before."""
    command = ["git", "-C", str(ROOT), "archive", PREVIOUS, "src"]
    try:
        packed = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("optional: there is no git here")
    if packed.returncode:
        pytest.skip(f"optional: the history of this checkout does not reach back to {PREVIOUS[:12]}")
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder / "src"
