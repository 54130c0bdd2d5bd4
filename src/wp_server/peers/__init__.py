"""Several servers on one database: who is there, and calls that another of them has to answer (server.md §11.5, §11.6).

Every server answers every call. State is in the database; what exists only while a peer is connected (instances, their
lines, exec sessions) is where that peer's stream ended up, and calls for it are passed on over a port for servers only.
"""

from __future__ import annotations

from wp_server.peers.links import Links
from wp_server.peers.membership import Membership
from wp_server.peers.presence import Presence
from wp_server.peers.routed import RoutedHandlers

__all__ = ["Links", "Membership", "Presence", "RoutedHandlers"]
