"""How the server's records look in tables: ages, status icons, health, and the details that labels tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wp_cli.render import text as look
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

    from wp_cli.render.screen import Screen

LABEL_LIMIT = 30  # characters of a label shown with -verbose
INTERNAL_LABELS = "waypoint/"
SHORT_IMAGE_ID = 7
UNKNOWN_AGE = ""

SEQUENCES = ("sequence", "number")


def proto_json(message: Message) -> str:
    """JSON of a message as protobuf has it (lowerCamelCase), indented with tabs."""
    from google.protobuf.json_format import MessageToJson

    return MessageToJson(message, indent="\t", ensure_ascii=False)  # type: ignore[arg-type]  # json takes a text too


def proto_value(message: Message) -> object:
    """Return the same as plain values, for use inside other JSON."""
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(message)


def seconds_since(moment: Timestamp) -> float:
    """Seconds from a moment until now."""
    return time.time() - moment.seconds - moment.nanos / 1e9


def age_of(record: Message, field: str) -> str:
    """Age of a timestamp field, "" if it is not set."""
    return look.age(seconds_since(getattr(record, field))) if record.HasField(field) else UNKNOWN_AGE


def iso(moment: Timestamp) -> str:
    """RFC 3339 in UTC, "" for the zero value."""
    return moment.ToJsonString() if moment.seconds or moment.nanos else ""


def state_word(state: int) -> str:
    """Lower-case word of an operation's status."""
    return pb.Status.State.Name(state).lower()


def physical_word(state: int) -> str:
    """Lower-case word of a physical state."""
    return pb.Operation.PhysicalState.Name(state).lower()


def status_icon(screen: Screen, state: int) -> str:
    """Icon of an operation's status."""
    if state == pb.Status.SUCCESS:
        return screen.painted(screen.icon("✔", "ok"), look.GREEN)
    if state == pb.Status.ERROR:
        return screen.painted(screen.icon("✖", "failed"), look.RED)
    if state == pb.Status.RUNNING:
        return screen.painted(screen.icon("●", "running"), look.YELLOW)
    return screen.painted("?", look.YELLOW)


def record_icon(screen: Screen, status: int, physical: int, *, released: bool) -> str:
    """Icon of a deployment or a release: its status, unless it is the released one, destroyed, or in between."""
    if status != pb.Status.SUCCESS:
        return status_icon(screen, status)
    if physical == pb.Operation.CREATED:
        return screen.icon("🚀", "released") if released else status_icon(screen, status)
    if physical == pb.Operation.DESTROYED:
        return screen.icon("●", "destroyed")
    return screen.painted("?", look.YELLOW)


HEALTH = {
    "READY": ("✔", "ok", look.GREEN), "ALIVE": ("✔", "ok", look.GREEN), "DOWN": ("✖", "down", look.RED),
    "MISSING": ("✖", "missing", look.RED), "ERROR": ("✖", "failed", look.RED), "PARTIAL": ("●", "partial", look.YELLOW),
}  # fmt: skip
UNHEALTHY = frozenset({"DOWN", "ERROR", "MISSING"})


def health_word(report: pb.StatusReport) -> str:
    """Upper-case health of a report, "" if there is none."""
    return report.health.health_status.upper()


def health_icon(screen: Screen, word: str) -> str:
    """Icon of a health."""
    unicode, ascii, color = HEALTH.get(word, ("?", "?", look.YELLOW))
    return screen.painted(screen.icon(unicode, ascii), color)


def health_cell(screen: Screen, report: pb.StatusReport) -> str:
    """Icon and age of a report, `n/a` if there is none."""
    word = health_word(report)
    if not word:
        return "n/a"
    age = age_of(report, "generated_time")
    return f"{health_icon(screen, word)} - {age}" if age else health_icon(screen, word)


def health_of(status: pb.Status, report: pb.StatusReport) -> str:
    """Health of a deployment or release: `ERROR` if making it failed, else what its report says, "" without one."""
    return "ERROR" if status.state == pb.Status.ERROR else health_word(report)


def health_text(screen: Screen, word: str) -> str:
    """Icon and word of a health, `N/A` for none."""
    return f"{health_icon(screen, word)} {screen.painted(word, '')}" if word else "N/A"


def label_details(labels: Mapping[str, str], build_labels: Mapping[str, str]) -> list[str]:
    """Details that well-known labels tell, sorted."""
    details = []
    user = labels.get("common/user", "")
    build_user = build_labels.get("common/user", "")
    if user:
        details.append(f"user:{user}")
    elif build_user:
        details.append(f"build-user:{build_user}")
    languages = labels.get("common/languages") or build_labels.get("common/languages", "")
    if languages:
        word = "languages" if "," in languages else "language"
        details.append(f"{word}:{languages}")
    image = labels.get("common/image-id") or build_labels.get("common/image-id", "")
    if image:
        details.append(f"image:{image.removeprefix('sha256:')[:SHORT_IMAGE_ID]}")
    return sorted(details)


def verbose_labels(labels: Mapping[str, str]) -> list[str]:
    """Return the user's labels, cut to a readable length."""
    shown = (f"{key}:{value}" for key, value in sorted(labels.items()) if not key.startswith(INTERNAL_LABELS))
    return [text if len(text) <= LABEL_LIMIT else text[: LABEL_LIMIT - 1] + "…" for text in shown]


def sequence_cell(sequence: int, id: str, *, long: bool) -> str:
    """Return `seq`, or `seq (id)`."""
    return f"{sequence} ({id})" if long else str(sequence)
