"""Durable state. SQL lives only here: `engine` runs it, `schema` names the tables, one module per domain."""

from __future__ import annotations

from wp_server.store.changes import Changes, Subscription, changed
from wp_server.store.engine import Durability, Store
from wp_server.store.trouble import StoreError

__all__ = ["Changes", "Durability", "Store", "StoreError", "Subscription", "changed"]
