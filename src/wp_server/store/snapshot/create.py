"""Writing a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy import Connection

from wp_proto.waypoint import api as pb
from wp_server.store import migrations
from wp_server.store.schema import LASTING
from wp_server.store.snapshot import reference, rows
from wp_server.store.snapshot.container import Writer


def create(connection: Connection, file: BinaryIO, version: pb.VersionInfo) -> None:
    """Writes the state that `connection` sees into `file`."""
    writer = Writer(file, version)
    content = reference.Content()

    def counted(bucket: str, items: reference.Items) -> Iterator[tuple[str, bytes]]:
        for key, value in items:
            content.add(bucket, key, value)
            yield key, value

    for bucket, items in reference.export(connection):
        writer.bucket(bucket, counted(bucket, items))
    described = rows.manifest(connection, migrations.HEAD, content.digest())
    writer.bucket(rows.MANIFEST, [("manifest", described.SerializeToString())])
    for table in LASTING:
        writer.bucket(rows.PREFIX + table.name, rows.dump(connection, table))
    writer.finish()
