"""BuildKit's way of reporting: numbered steps that run side by side, each with its own output.

The engine sends its records base64-encoded inside the JSON stream of a build (`moby.buildkit.trace`). The docker
program's buildx prints the same facts as plain text; `BuildxOutput` reads that.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque
from typing import Any

from google.protobuf.message import DecodeError

from wp_plugins.docker.progress import LAST_LINES
from wp_proto.engine.buildkit_pb2 import StatusResponse

TRACE = "moby.buildkit.trace"
IMAGE_ID = "moby.image.id"

_BUILDX_STEP = re.compile(r"#(\d+) (\[.*)")
_BUILDX_LINE = re.compile(r"#(\d+) (?:\d+\.\d+ )?(.*)")


class BuildKitBuild:
    """Output of a build whose records come through the engine's API."""

    def __init__(self) -> None:
        self.step = ""
        self.lines: deque[str] = deque(maxlen=LAST_LINES)
        self.image_id = ""
        self.error = ""
        self.made: list[str] = []  # BuildKit leaves no images of a failed build behind
        self._names: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._shown: set[tuple[str, str]] = set()
        self._output: dict[str, deque[str]] = {}

    def read(self, record: dict[str, Any]) -> str:
        """Note one record; returns the text to show."""
        if "error" in record or "errorDetail" in record:
            self.error = str(record.get("error") or record["errorDetail"].get("message", "unknown error")).strip()
            return ""
        if record.get("id") == IMAGE_ID:
            self.image_id = str(record["aux"]["ID"])
            return ""
        if record.get("id") != TRACE:
            return str(record.get("stream", ""))
        status = StatusResponse()
        try:
            status.ParseFromString(base64.b64decode(record["aux"]))
        except (DecodeError, binascii.Error, TypeError):
            return ""
        return "".join([*self._steps(status), *self._logs(status)])

    def _steps(self, status: StatusResponse) -> list[str]:
        shown: list[str] = []
        for vertex in status.vertexes:
            self._names[vertex.digest] = vertex.name
            if vertex.HasField("started") and self._first(vertex.digest, "started"):
                shown.append(f"#{self._number(vertex.digest)} {vertex.name}\n")
            if vertex.error:
                self.step, self.lines = vertex.name, self._output.get(vertex.digest, self.lines)
                if self._first(vertex.digest, "error"):
                    shown.append(f"#{self._number(vertex.digest)} ERROR: {vertex.error}\n")
            elif vertex.cached and self._first(vertex.digest, "cached"):
                shown.append(f"#{self._number(vertex.digest)} CACHED\n")
        return shown

    def _logs(self, status: StatusResponse) -> list[str]:
        shown: list[str] = []
        for log in status.logs:
            kept = self._output.setdefault(log.vertex, deque(maxlen=LAST_LINES))
            for line in log.msg.decode("utf-8", "replace").splitlines():
                kept.append(line)
                shown.append(f"#{self._number(log.vertex)} {line}\n")
        return shown

    def _number(self, digest: str) -> int:
        return self._numbers.setdefault(digest, len(self._numbers) + 1)

    def _first(self, digest: str, what: str) -> bool:
        if (digest, what) in self._shown:
            return False
        self._shown.add((digest, what))
        return True


class BuildxOutput:
    """Plain output of `docker buildx build --progress=plain`, line by line."""

    def __init__(self) -> None:
        self.step = ""
        self.lines: deque[str] = deque(maxlen=LAST_LINES)
        self.error = ""
        self._names: dict[str, str] = {}
        self._output: dict[str, deque[str]] = {}

    def read(self, line: str) -> None:
        """Note one line."""
        if line.startswith("ERROR: "):
            self.error = line.removeprefix("ERROR: ").strip()
        elif match := _BUILDX_STEP.fullmatch(line):
            self._names[match[1]] = match[2]
        elif match := _BUILDX_LINE.fullmatch(line):
            number, text = match[1], match[2]
            if text.startswith("ERROR: "):
                self.step = self._names.get(number, "")
                self.lines = self._output.get(number, self.lines)
            elif not re.match(r"(DONE|CACHED|sha256:|transferring|resolve )", text):
                self._output.setdefault(number, deque(maxlen=LAST_LINES)).append(text)
