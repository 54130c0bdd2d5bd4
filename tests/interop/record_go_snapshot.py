"""`python -m tests.interop.record_go_snapshot`: records anew what the tests of snapshots have of a real Go server."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

from tests.interop.go_servers import go_server, snapshot_of
from tests.interop.rich_state import at, fill, view
from tests.interop.same_answers import write_answers

RECORDED = Path(__file__).parent / "recorded"


def main() -> None:
    RECORDED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, go_server(Path(folder)) as server:
        made = fill(server.address)
        client = at(server.address, made.tokens.admin)
        told = json.dumps(write_answers(made, view(client, made.tokens)), indent=0, sort_keys=True)
        (RECORDED / "go-0.11.4.answers.json.gz").write_bytes(gzip.compress(told.encode(), mtime=0))
        (RECORDED / "go-0.11.4.snapshot").write_bytes(snapshot_of(client))
        client.close()
        server.kill()
        data = (server.folder / "data.db").read_bytes()
        (RECORDED / "go-0.11.4.data.db.gz").write_bytes(gzip.compress(data, mtime=0))


if __name__ == "__main__":
    main()
