"""Snapshots of the whole state: one file that the reference's server reads too, and that loses nothing of ours.

`create` writes the buckets of the reference first and then every table of ours. `staged` reads a file to its end before
anything else happens, builds the state in a database of its own, and brings that to this code's schema; `apply` puts it
in place of the present one in a single transaction. A file is ours in full only while its two parts belong together:
another server carries the tables along unread, and what it changed is in the buckets only.
"""

from __future__ import annotations

from wp_server.store.snapshot.create import create
from wp_server.store.snapshot.restore import apply, staged

__all__ = ["apply", "create", "staged"]
