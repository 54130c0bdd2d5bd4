"""Writes what a server with the newest schema leaves behind, once per schema; see README.md.

python tests/wp_server/schemas/keep.py
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[2] / "src")]

from tests.postgres import PostgresServer, programs  # noqa: E402  # after the path to it
from tests.wp_server.schemas.past import live_a_little  # noqa: E402

from wp_server.store import Store, migrations  # noqa: E402


async def lived_in(url: str) -> None:
    store = Store.open(url)
    await live_a_little(store)
    await store.close()


def main() -> int:
    files = {engine: HERE / f"{migrations.HEAD}.{engine}.sql" for engine in ("sqlite", "postgresql")}
    if any(file.exists() for file in files.values()):
        print(f"schema {migrations.HEAD} is kept already")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.db"
        asyncio.run(lived_in(f"sqlite:///{path}"))
        with sqlite3.connect(path) as database:
            files["sqlite"].write_text("\n".join(database.iterdump()) + "\n")
    found = programs()
    if found is None:
        print("no PostgreSQL (Debian: postgresql)")
        return 1
    server = PostgresServer(found)
    try:
        url = server.database()
        asyncio.run(lived_in(url))
        dump = [found / "pg_dump", "--no-owner", "--no-privileges", "--inserts", "--dbname", url]
        text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    finally:
        server.remove()
    kept = (
        line for line in text.splitlines() if line and not line.startswith(("--", "SET ", "\\", "SELECT pg_catalog"))
    )
    files["postgresql"].write_text("\n".join(kept) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
