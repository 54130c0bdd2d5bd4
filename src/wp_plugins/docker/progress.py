"""What the engine says while it builds, pulls and pushes: JSON records in, terminal text and facts out.

Three kinds of reader share one face, `read(record) -> str`: the text to show. They also remember what is needed when it
fails: the step that ran, its last lines, and what the engine left behind.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

LAST_LINES = 30
"""Lines of a failing step's output that are shown with the error."""

_STEP = re.compile(r"Step \d+/\d+ : .*")
_LAYER = re.compile(r" ---> ([0-9a-f]{12,64})\s*")
_USING_CACHE = " ---> Using cache"


class ClassicBuild:
    """Output of the classic builder."""

    def __init__(self) -> None:
        self.step = ""
        self.lines: deque[str] = deque(maxlen=LAST_LINES)
        self.image_id = ""
        self.error = ""
        self.made: list[str] = []
        self._from_cache = False
        self._pull = Transfer()

    def read(self, record: dict[str, Any]) -> str:
        """Note one record; returns the text to show."""
        if "error" in record or "errorDetail" in record:
            self.error = str(record.get("error") or record["errorDetail"].get("message", "unknown error")).strip()
            return ""
        if "aux" in record and isinstance(record["aux"], dict):
            self.image_id = str(record["aux"].get("ID", self.image_id))
            return ""
        if "status" in record:
            return self._pull.read(record)
        text = str(record.get("stream", ""))
        for line in text.splitlines():
            self._read_line(line)
        return text

    def _read_line(self, line: str) -> None:
        if _STEP.match(line):
            self.step = line.strip()
            self.lines.clear()
            self._from_cache = self.step.split(" : ", 1)[1].upper().startswith("FROM ")
        elif line.startswith(_USING_CACHE):
            self._from_cache = True
        elif match := _LAYER.fullmatch(line):
            if not self._from_cache:
                self.made.append(match[1])
        elif line.strip() and not line.startswith((" ---> Running in", "Removing intermediate container")):
            self.lines.append(line.rstrip())


class Transfer:
    """Progress of a pull or a push: one line per layer and state, not one per percent."""

    def __init__(self) -> None:
        self.error = ""
        self.digest = ""
        self._shown: dict[str, str] = {}

    def read(self, record: dict[str, Any]) -> str:
        """Note one record; returns the text to show."""
        if "error" in record or "errorDetail" in record:
            self.error = str(record.get("error") or record["errorDetail"].get("message", "unknown error")).strip()
            return ""
        aux = record.get("aux")
        if isinstance(aux, dict) and aux.get("Digest"):
            self.digest = str(aux["Digest"])
        status, layer = str(record.get("status", "")).strip(), str(record.get("id", ""))
        if not status or self._shown.get(layer) == status:
            return ""
        if layer:
            self._shown[layer] = status
        return f"{layer}: {status}\n" if layer else f"{status}\n"
