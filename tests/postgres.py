"""A PostgreSQL server of the tests' own: in a temporary folder, reached by a socket in it, never by a port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

USER = "waypoint"
_SETTINGS = {
    # What a crash of the machine would do is not tested here; what a crash of the server does is the same without.
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
}


def programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs; None when there is none."""
    if found := shutil.which("initdb"):
        return Path(os.path.realpath(found)).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return debian[-1] if debian else None


class PostgresServer:
    """A running server. Superuser `waypoint`; its default order of text is not that of bytes, as usual elsewhere."""

    def __init__(self, bin_folder: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="waypoint-postgres-"))
        self._bin = bin_folder
        self._databases = 0
        self._has_emptied = False
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        data = self.folder / "data"
        order = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")
        self._run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync", *order)
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
            file.write(f"unix_socket_directories = '{self.folder}'\n")
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it takes connections."""
        self._run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stops it: `fast` ends the sessions, `immediate` is a crash."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def url(self, database: str) -> str:
        """The URL of a database, as `-db` takes it."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def database(self) -> str:
        """Makes an empty database; returns its URL."""
        self._databases += 1
        name = f"test{self._databases}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def emptied(self) -> str:
        """The URL of one database that is the same at every call, its tables empty: much faster than a new one."""
        url = self.url("emptied")
        if not self._has_emptied:
            self.execute("CREATE DATABASE emptied")
            self._has_emptied = True
            return url
        with psycopg.connect(url, autocommit=True) as connection:
            names = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> %s"
            tables = ", ".join(row[0] for row in connection.execute(names, ["alembic_version"]))
            connection.execute(f"TRUNCATE {tables}" if tables else "SELECT 1")
        return url

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Runs one statement, outside a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)

    def remove(self) -> None:
        """Ends it and its folder."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [self._bin / program, *arguments]
        subprocess.run(
            command, check=True, user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
