"""What a token says, once its signature, its time and the deny list were checked (server.md §2.2, §2.3)."""

from __future__ import annotations

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.auth import codec
from wp_server.errors import DomainError, Unauthenticated
from wp_server.store import keys


def decode(connection: Connection, token: str) -> tuple[pb.Token, pb.TokenTransport]:
    """Returns body and envelope of a token that this server signed and that has not expired or been withdrawn."""
    body, transport, _ = decode_with_end(connection, token)
    return body, transport


def decode_with_end(connection: Connection, token: str) -> tuple[pb.Token, pb.TokenTransport, int | None]:
    """Returns also when the token ends: with its own time or with its key's, whatever comes first; None = never."""
    transport = codec.open_transport(token)
    key = keys.key(connection, transport.key_id)
    body = codec.verify(transport, key.key if key is not None else None)
    codec.check_expiry(body)
    if keys.is_denied(connection, body.accessor_id.hex()):
        raise Unauthenticated("The token was withdrawn; log in again with `waypoint login`.")
    ends = [end for end in (codec.expires_at(body), key.retires if key else None) if end is not None]
    return body, transport, min(ends, default=None)


def owner_of(connection: Connection, token: str) -> str:
    """Returns the id of the user that a token logs in or runs triggers for; empty when there is none."""
    try:
        body, _ = decode(connection, token)
    except DomainError:
        return ""
    return {"login": body.login.user_id, "trigger": body.trigger.from_user_id}.get(body.WhichOneof("kind") or "", "")
