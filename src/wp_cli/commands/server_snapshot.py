"""`waypoint server snapshot` and `waypoint server restore`: the whole state of a server, in one file."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from wp_cli import sealed
from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError
from wp_cli.flags import BOOL, STRING, Flag

if TYPE_CHECKING:
    from wp_cli.session import Session
    from wp_proto.waypoint import api as pb

STANDARD = "-"
CHUNK_BYTES = 256 * 1024

PASSPHRASE_FILE = Flag(
    "passphrase-file", STRING, "",
    "File whose first line is the snapshot's passphrase. WAYPOINT_SNAPSHOT_PASSPHRASE gives the passphrase itself.",
)  # fmt: skip
EXIT = Flag(
    "exit", BOOL, False, "Have the server end after the restore, with exit code 2, so that its supervisor starts it."
)


def snapshot(session: Session) -> int:
    """Write the state of the server into a new file, or to stdout."""
    from google.protobuf.empty_pb2 import Empty

    name = session.words[0] if session.words else STANDARD
    if name == STANDARD and sys.stdout.isatty():
        raise CliError("a snapshot is no text for a terminal", do="Name a file, or send the output into one.")
    if name != STANDARD and Path(name).exists():
        raise CliError(f"{name} exists already", do="Name a new file; a snapshot never replaces one.")
    secret = passphrase(session)
    pieces: Iterable[bytes] = (
        answer.chunk for answer in session.client().calls.CreateSnapshot(Empty()) if answer.chunk
    )
    if secret:
        pieces = sealed.seal(pieces, secret)
    if name == STANDARD:
        for piece in pieces:
            session.screen.data(piece)
        return EXIT_OK
    size = write_new(Path(name), pieces)
    session.screen.result(f"The snapshot is in {name} ({size / 1e6:.1f} MB).", "success")
    if not secret:
        session.screen.note("It holds the server's keys in clear: whoever reads it can do everything there.")
    return EXIT_OK


def restore(session: Session) -> int:
    """Replace the state of the server by that of a snapshot."""
    name = session.words[0] if session.words else STANDARD
    if name == STANDARD and sys.stdin.isatty():
        raise CliError("which snapshot?", do="Name its file, or give it on standard input.")
    with content(session, name) as file:
        session.client().calls.RestoreSnapshot(requests(file, session[EXIT]))
    session.screen.result("The server has the state of the snapshot now.", "success")
    if session[EXIT]:
        session.screen.note("It ends, for its supervisor to start it again.")
    return EXIT_OK


def requests(file: BinaryIO, ask_exit: bool) -> Iterator[pb.RestoreSnapshotRequest]:
    """Yield what `RestoreSnapshot` takes."""
    from wp_proto.waypoint import api as pb

    yield pb.RestoreSnapshotRequest(open=pb.RestoreSnapshotRequest.Open(exit=ask_exit))
    while chunk := file.read(CHUNK_BYTES):
        yield pb.RestoreSnapshotRequest(chunk=chunk)


@contextmanager
def content(session: Session, name: str) -> Iterator[BinaryIO]:
    """Yield the snapshot as the server takes it; a sealed one is opened to its end before a byte of it is sent."""
    with tempfile.TemporaryFile() as whole, tempfile.TemporaryFile() as opened:
        try:
            if name == STANDARD:
                shutil.copyfileobj(sys.stdin.buffer, whole)
            else:
                with Path(name).open("rb") as given:
                    refuse_one_in_use(given, name)
                    shutil.copyfileobj(given, whole)
        except OSError as error:
            raise CliError(f"{name} cannot be read: {error.strerror}", do="Name the file of a snapshot.") from error
        whole.seek(0)
        is_sealed = sealed.is_sealed(whole.read(len(sealed.MAGIC)))
        whole.seek(0)
        if is_sealed:
            unseal(whole, passphrase(session), opened)
        yield opened if is_sealed else whole


def refuse_one_in_use(file: BinaryIO, name: str) -> None:
    """Raise CliError for the data file of a Go Waypoint server that runs: it holds a lock on it."""
    with suppress(OSError):  # a file system without locks
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CliError(f"{name} is in use by a Go Waypoint server", do="Stop that server first.") from None


def unseal(file: BinaryIO, secret: str, into: BinaryIO) -> None:
    """Write the content of a sealed file into another one, ready to be read."""
    if not secret:
        raise CliError("the snapshot is sealed", do="Give its passphrase with -passphrase-file.")
    try:
        for piece in sealed.unseal(file, secret):
            into.write(piece)
    except sealed.WrongPassphraseError as error:
        raise CliError(
            "the passphrase does not open the snapshot, or the file is damaged; nothing was changed",
            do="Check -passphrase-file, or use another copy.",
        ) from error
    into.seek(0)


def passphrase(session: Session) -> str:
    """Return the passphrase, "" if none was given."""
    name = session[PASSPHRASE_FILE]
    if not name:
        return session.environ.get("WAYPOINT_SNAPSHOT_PASSPHRASE", "")
    try:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"{name} cannot be read: {error}", do="Check -passphrase-file.") from error
    if not lines or not lines[0]:
        raise CliError(f"the first line of {name} is empty", do="Write the passphrase there.")
    return lines[0]


def write_new(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a private file that is there whole or not at all; return its size."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}", do="Name a file in a folder of yours.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            size = 0
            for piece in pieces:
                size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError as error:
        raise CliError(f"{path} exists already", do="Name a new file; a snapshot never replaces one.") from error
    except OSError as error:
        raise CliError(
            f"{path} cannot be written: {error.strerror}", do="Check the disk, or name another file."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return size


SNAPSHOT = Command(
    "server snapshot", snapshot,
    """
    Writes the whole state of the server into a new file, or to standard output: projects, records, configuration,
    jobs with their output, users and the keys of all tokens. A Go Waypoint server restores it too, as far as it knows
    the parts. With a passphrase the file is sealed.

      waypoint server snapshot backup.snapshot -passphrase-file=secret
    """,
    flags=(PASSPHRASE_FILE,), arguments="[FILE|-]", words=(0, 1),
)  # fmt: skip
RESTORE = Command(
    "server restore", restore,
    """
    Replaces the state of the server by that of a snapshot, of this server or of a Go Waypoint server. Everything is
    checked first: a damaged file changes nothing. Tokens of the snapshot's time are good again, later ones are not;
    runners, entrypoints and commands that wait connect anew. Jobs that ran in the snapshot have failed.

      waypoint server restore backup.snapshot -passphrase-file=secret

    The data file (data.db) of a Go Waypoint server that was stopped does instead of a snapshot, too.
    """,
    flags=(EXIT, PASSPHRASE_FILE), arguments="[FILE|-]", words=(0, 1),
)  # fmt: skip
