"""`waypoint server key`: the keys that sign tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.empty_pb2 import Empty

from wp_cli import standard_flags as shared
from wp_cli.command import Command
from wp_cli.commands.user import go_duration
from wp_cli.errors import EXIT_OK
from wp_cli.flags import DURATION, Flag
from wp_cli.render import records
from wp_proto.own import administration_pb2 as own

if TYPE_CHECKING:
    from wp_cli.session import Session

OVERLAP = Flag("overlap", DURATION, None, "How long tokens of the older keys stay good; without it until `retire`.")


def list_keys(session: Session) -> int:
    """List the keys, never the keys themselves."""
    keys = session.client().administration.ListKeys(Empty()).keys
    if session[shared.JSON]:
        session.screen.json([records.proto_value(key) for key in keys])
        return EXIT_OK
    rows = [
        [key.id, "signs" if key.active else "verifies", records.iso(key.created), records.iso(key.retires)]
        for key in keys
    ]  # fmt: skip
    session.screen.table(["ID", "Use", "Created", "Retires"], rows)
    return EXIT_OK


def rotate(session: Session) -> int:
    """Make a new key."""
    overlap = session.maybe(OVERLAP)
    request = own.RotateKeyRequest(overlap="" if overlap is None else go_duration(overlap))
    key = session.client().administration.RotateKey(request).key
    session.screen.result(f"Key {key.id} signs from now on.", "success")
    return EXIT_OK


def retire(session: Session) -> int:
    """Delete an old key."""
    session.client().administration.RetireKey(own.RetireKeyRequest(id=session.words[0]))
    session.screen.result(f"Key {session.words[0]} is gone, and every token it signed is void.", "success")
    return EXIT_OK


LIST = Command("server key list", list_keys, "Lists the keys that sign tokens.", flags=(shared.JSON,))
ROTATE = Command(
    "server key rotate", rotate,
    "Signs tokens with a new key from now on. Older keys stay good for the overlap; people log in again, runners get "
    "new tokens, and apps are deployed again in that time.",
    flags=(OVERLAP,),
)  # fmt: skip
RETIRE = Command(
    "server key retire", retire, "Deletes an old key. Every token that it signed is void at once.", arguments="ID",
    words=(1, 1),
)  # fmt: skip
