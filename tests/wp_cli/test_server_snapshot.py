"""`server snapshot` and `server restore` through the real program and a real server."""

from __future__ import annotations

import io
import os
import stat
from typing import TYPE_CHECKING

import pytest

from wp_cli import sealed

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli


def test_a_sealed_snapshot_goes_out_and_comes_back(cli: Cli) -> None:
    cli.ok("workspace", "create", "before")
    secret = cli.folder / "secret"
    secret.write_text("letters and lions\n")
    file = cli.folder / "backup.snapshot"
    said = cli.ok("server", "snapshot", str(file), f"-passphrase-file={secret}")
    assert said.startswith(f"The snapshot is in {file} (")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert sealed.is_sealed(file.read_bytes())
    cli.ok("workspace", "create", "after")
    assert "exists already" in cli.fails("server", "snapshot", str(file))
    assert "sealed" in cli.fails("server", "restore", str(file))
    wrong = cli.folder / "wrong"
    wrong.write_text("something else\n")
    assert "does not open the snapshot" in cli.fails("server", "restore", str(file), f"-passphrase-file={wrong}")
    assert "after" in cli.ok("workspace", "list")
    cli.ok("server", "restore", str(file), f"-passphrase-file={secret}")
    listed = cli.ok("workspace", "list")
    assert "before" in listed
    assert "after" not in listed


def test_a_file_that_is_no_snapshot_is_refused_in_one_sentence(cli: Cli) -> None:
    cli.ok("workspace", "create", "dev")
    file = cli.folder / "letter"
    file.write_text("dear server")
    words = cli.fails("server", "restore", str(file))
    assert "damaged or none at all" in words
    assert "nothing was changed" in words
    assert "cannot be read" in cli.fails("server", "restore", str(cli.folder / "nothing"))
    assert "dev" in cli.ok("workspace", "list")
    assert [one.name for one in cli.folder.iterdir() if "snapshot" in one.name] == []


@pytest.mark.parametrize("size", [0, 1, sealed.PIECE_BYTES - 1, sealed.PIECE_BYTES, 3 * sealed.PIECE_BYTES + 5])
def test_sealing_keeps_a_content_of_any_size(size: int) -> None:
    content = os.urandom(size)
    pieces = [content[start : start + 10_000] for start in range(0, size, 10_000)]
    closed = b"".join(sealed.seal(pieces, "secret"))
    assert size < 100 or content[:100] not in closed
    assert b"".join(sealed.unseal(io.BytesIO(closed), "secret")) == content


def test_whatever_is_done_to_a_sealed_file_is_noticed() -> None:
    content = os.urandom(2 * sealed.PIECE_BYTES + 100)
    closed = b"".join(sealed.seal([content], "secret"))
    head = len(closed) - len(content) - 3 * 16
    piece = sealed.PIECE_BYTES + 16
    first, second = closed[head : head + piece], closed[head + piece : head + 2 * piece]
    for spoiled in (
        closed[: head + 2 * piece],
        closed[:-1],
        closed[:head] + second + first + closed[head + 2 * piece :],
        closed[:head] + closed[head + piece :],
        closed + b"x",
        closed[:20] + bytes([closed[20] ^ 1]) + closed[21:],
        closed[:-5] + bytes([closed[-5] ^ 1]) + closed[-4:],
        closed[:30],
    ):
        with pytest.raises(sealed.WrongPassphraseError):
            b"".join(sealed.unseal(io.BytesIO(spoiled), "secret"))
