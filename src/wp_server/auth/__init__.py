"""Who may call what: token codec, rule table, and the authenticator that the transport pipeline asks."""

from __future__ import annotations

from wp_server.auth.authenticator import Authenticator
from wp_server.auth.identity import ANONYMOUS, Identity, Kind, current

__all__ = ["ANONYMOUS", "Authenticator", "Identity", "Kind", "current"]
