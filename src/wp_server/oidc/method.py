"""What is known of a method without asking its provider: what its settings may say, and the challenge of a sign-in."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"})
DEFAULT_ALGORITHM = "RS256"


def challenge(verifier: str) -> str:
    """Returns the S256 challenge of a PKCE verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def secure(url: str) -> bool:
    """Returns whether `url` is https, or plain http on this machine."""
    try:
        parts = urlsplit(url)
        loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and loopback))
