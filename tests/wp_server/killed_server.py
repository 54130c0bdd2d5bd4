"""The program, which is killed when its n-th statement that writes is about to run, counted from the word go.

`python killed_server.py N GO COUNT run …`: counts once the file GO is there; the file COUNT has a byte for each.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.pool import Pool

from wp_server.__main__ import main

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN IMMEDIATE", "SAVEPOINT", "RELEASE", "COMMIT")


def deadly(limit: int, go: Path, kept: Path) -> None:
    count = 0
    tally = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def trace(statement: str) -> None:
        nonlocal count
        if not statement.lstrip().upper().startswith(WRITES) or (not count and not go.exists()):
            return
        count += 1
        os.write(tally, b".")
        if count == limit:
            os.kill(os.getpid(), signal.SIGKILL)

    def connected(driver: sqlite3.Connection, _record: object) -> None:
        driver.set_trace_callback(trace)

    event.listen(Pool, "connect", connected)


if __name__ == "__main__":
    deadly(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
    raise SystemExit(main(sys.argv[4:]))
