"""Hot reads: a statement is compiled once, and later runs go straight to the database driver.

SQLAlchemy builds a result object with its metadata for every execution; for one row of one column that is four times
the work of the SQLite driver (43 µs to 10). It is worth it for what nearly every call reads. Values come as the driver
gives them: use it for text, integers and bytes. A failure of the driver is the same `DBAPIError` as elsewhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Protocol, cast

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

Parameters = Mapping[str, str | int]
Row = tuple[object, ...]


class _Cursor(Protocol):
    def fetchone(self) -> Row | None: ...
    def fetchall(self) -> list[Row]: ...


class _Driver(Protocol):
    def execute(self, sql: str, parameters: Parameters, /) -> _Cursor: ...


class Prepared:
    """A `select` whose parameters are `bindparam`s or constants, without lists."""

    def __init__(self, statement: Select[*tuple[object, ...]]) -> None:
        self._statement = statement
        self._sql = ""
        self._constants: Parameters = {}

    def value(self, connection: Connection, parameters: Parameters) -> object | None:
        """Returns the first column of the first row; None when there is no row."""
        row = self._run(connection, parameters).fetchone()
        return row[0] if row else None

    def blob(self, connection: Connection, parameters: Parameters) -> bytes | None:
        """Returns `value` of a column of bytes."""
        return cast("bytes | None", self.value(connection, parameters))

    def blobs(self, connection: Connection, parameters: Parameters) -> list[bytes]:
        """Returns a first column of bytes of all rows."""
        return [cast("bytes", row[0]) for row in self._run(connection, parameters).fetchall()]

    def rows(self, connection: Connection, parameters: Parameters) -> list[Row]:
        """Returns all rows."""
        return list(self._run(connection, parameters).fetchall())

    def _run(self, connection: Connection, parameters: Parameters) -> _Cursor:
        if connection.dialect.name != "sqlite":
            return cast("_Cursor", connection.execute(self._statement, parameters))
        if not self._sql:
            compiled = self._statement.compile(dialect=sqlite.dialect(paramstyle="named"))
            self._constants = {name: value for name, value in compiled.params.items() if value is not None}
            self._sql = str(compiled)
        if self._constants:
            parameters = {**self._constants, **parameters}
        try:
            return cast("_Driver", connection.connection.driver_connection).execute(self._sql, parameters)
        except sqlite3.Error as error:
            raise DBAPIError.instance(self._sql, None, error, sqlite3.Error, dialect=connection.dialect) from error
