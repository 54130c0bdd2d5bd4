"""The figures of `server.py` again, where 100 000 finished jobs and 10 000 deployments are stored already.

python bench/server_stored.py            all figures, about two minutes
python bench/server_stored.py reads      only those whose name contains a word
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from server import measure
from server_start import DEPLOYMENTS, JOBS, fill
from server_under_load import Sheet, server


def main(words: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="waypoint-bench-") as name:
        asyncio.run(fill(Path(name) / "data.db", 0))
        print(f"{JOBS} finished jobs and {DEPLOYMENTS} deployments are stored")
        with server(Path(name)) as target:
            asyncio.run(measure(target, Sheet(), words))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="figures to measure: reads, writes, jobs, backlog")
    main(parser.parse_args().words)
