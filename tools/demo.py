"""`make demo`: one application from source to a running address, seen, talked to and removed again.

Uses the `waypoint` that `make demo` has built for this Python, with folders of its own for configuration and data, so
that nothing of the user's is touched and nothing is left behind.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WAYPOINT = ROOT / ".cache" / "demo" / "waypoint"


def main() -> int:
    """Run the tour; the status of the first command that fails."""
    with tempfile.TemporaryDirectory(prefix="waypoint-demo-") as folder:
        home = Path(folder)
        project = home / "hello"
        shutil.copytree(ROOT / "examples" / "hello", project)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOINT_")}
        environment |= {
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
        }

        def waypoint(*words: str) -> str:
            print(f"\n$ waypoint {' '.join(words)}", flush=True)
            run = subprocess.Popen(
                [sys.executable, WAYPOINT, *words], cwd=project, env=environment, stdout=subprocess.PIPE, text=True
            )
            assert run.stdout is not None
            shown = ""
            for line in run.stdout:
                print(line, end="", flush=True)
                shown += line
            if run.wait():
                raise subprocess.CalledProcessError(run.returncode, words)
            return shown

        try:
            waypoint("init")
            url = re.search(r"Release URL: (\S+)", waypoint("up"))
            if url is not None:
                print(f"\n$ curl {url[1]}")
                with urllib.request.urlopen(url[1], timeout=10) as answer:  # noqa: S310 - what `up` just printed
                    print(answer.read().decode(), end="", flush=True)
            waypoint("config", "set", "-app=web", "GREETED=Waypoint")
            waypoint("logs", "-follow=false")
            waypoint("exec", "sh", "-c", "echo I run inside, as process $$, and GREETED is $GREETED")
            waypoint("status")
        except subprocess.CalledProcessError as error:
            print(f"\n`waypoint {' '.join(error.cmd)}` ended with status {error.returncode}", file=sys.stderr)
            return int(error.returncode)
        finally:
            for words in (["destroy", "-auto-approve"], ["server", "stop"]):
                subprocess.run([sys.executable, WAYPOINT, *words], cwd=project, env=environment, check=False)
    print("\nThat was it: nothing of the demo is left on this machine.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
