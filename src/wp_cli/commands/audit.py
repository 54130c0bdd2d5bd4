"""`waypoint server audit`: who changed what; as a table, or all of it as JSON lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from wp_cli.command import Command
from wp_cli.errors import EXIT_OK, CliError
from wp_cli.flags import BOOL, STRING, UINT, Flag, parse_duration
from wp_cli.render import records
from wp_proto.own import administration_pb2 as own

if TYPE_CHECKING:
    from wp_cli.session import Session

PAGE = 1_000

OF_PROJECT = Flag("of-project", STRING, "", "Only what was done to this project.")
ACTOR = Flag("actor", STRING, "", "Only what this one did, such as user:ID or runner:ID.")
RPC = Flag("rpc", STRING, "", "Only this call, such as SetConfig.")
SINCE = Flag("since", STRING, "", "Only since then: a time (2026-01-31T00:00:00Z) or an age (24h).")
UNTIL = Flag("until", STRING, "", "Only before then: a time or an age.")
LIMIT = Flag("limit", UINT, 100, "Show at most this many.")
EXPORT = Flag("export", BOOL, False, "Print everything that matches as JSON lines, oldest first.")


def audit(session: Session) -> int:
    """Show the audit, newest first, or export it."""
    wanted = _filter(session)
    administration = session.client().administration
    if session[EXPORT]:
        for event in administration.ExportAuditEvents(own.ExportAuditEventsRequest(filter=wanted)):
            line = json.dumps(records.proto_value(event), ensure_ascii=False, separators=(",", ":"))
            session.screen.data(line.encode() + b"\n")
        return EXIT_OK
    rows: list[list[str]] = []
    request = own.ListAuditEventsRequest(filter=wanted)
    while len(rows) < session[LIMIT]:
        request.page_size = min(PAGE, session[LIMIT] - len(rows))
        answer = administration.ListAuditEvents(request)
        rows += [
            [records.iso(event.time), event.actor, event.rpc, _place(event), _object(event)] for event in answer.events
        ]  # fmt: skip
        request.page_token = answer.next_page_token
        if not answer.next_page_token:
            break
    if rows:
        session.screen.table(["Time", "Who", "Call", "Where", "What"], rows)
    else:
        session.screen.note("The audit has no such row.")
    return EXIT_OK


def _place(event: own.AuditEvent) -> str:
    where = "/".join(filter(None, (event.project, event.application)))
    return f"{where} in {event.workspace}" if event.workspace else where


def _object(event: own.AuditEvent) -> str:
    parts = [event.object, *(change.what for change in event.changes)]
    if event.issued_token:
        parts.append(f"token {event.issued_token}")
    return ", ".join(filter(None, parts))


def _filter(session: Session) -> own.AuditFilter:
    wanted = own.AuditFilter(project=session[OF_PROJECT], actor=session[ACTOR], rpc=session[RPC])
    for flag, field in ((SINCE, wanted.since), (UNTIL, wanted.until)):
        if session[flag]:
            field.FromDatetime(_moment(flag.name, session[flag]))
    return wanted


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CliError(
            f"-{name}={text} is neither a time nor an age", do="Write 2026-01-31T00:00:00Z, or 24h."
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


AUDIT = Command(
    "server audit", audit,
    """
    Shows who changed what on the server, newest first; for administrators. Values and tokens are not in it.

      waypoint server audit -since=24h -of-project=shop
      waypoint server audit -export > audit.jsonl
    """,
    flags=(OF_PROJECT, ACTOR, RPC, SINCE, UNTIL, LIMIT, EXPORT),
)  # fmt: skip
