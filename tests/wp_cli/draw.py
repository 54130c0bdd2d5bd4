"""Draws terminal events with the renderer that fits this process's streams.

Each line of stdin is a JSON object: the fields of one event, or {"finish": ok}, or {"raw_bytes": "base64"} for a step.
After each line `#n` is written to the file that the first argument names, so that a test knows what has been drawn.
"""

from __future__ import annotations

import base64
import json
import sys
import time

from google.protobuf.json_format import ParseDict

from wp_cli.render.job import renderer_for
from wp_cli.render.screen import Screen
from wp_proto.waypoint import api as pb

REDRAW = 0.25  # longer than a frame of the live display


def main() -> None:
    renderer = renderer_for(Screen(plain="-plain" in sys.argv), json="-json" in sys.argv, app="web")
    with open(sys.argv[1]) as script:
        for line in script:
            entry = json.loads(line)
            if "finish" in entry:
                renderer.finish(ok=entry["finish"])
            elif "pause" in entry:
                time.sleep(REDRAW)
                sys.stdin.readline()
            else:
                if "step" in entry and "output" in entry["step"]:
                    entry["step"]["output"] = base64.b64encode(entry["step"]["output"].encode("latin-1")).decode()
                if "raw" in entry:
                    entry["raw"]["data"] = base64.b64encode(entry["raw"]["data"].encode("latin-1")).decode()
                renderer.event(ParseDict(entry, pb.GetJobStreamResponse.Terminal.Event()))


if __name__ == "__main__":
    main()
