"""From a provider's claims to what an access selector sees: `value.NAME` texts and `list.NAME` lists (§2.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wp_config import selector
from wp_proto.waypoint import api as pb

Claims = Mapping[str, object]
Seen = dict[str, str | Sequence[str]]


def merged(id_claims: Claims, user_claims: Claims) -> dict[str, object]:
    """Returns all claims; those of the userinfo endpoint win, except for who speaks of whom."""
    return {**id_claims, **{name: value for name, value in user_claims.items() if name not in ("iss", "sub")}}


def mapped(method: pb.AuthMethod.OIDC, claims: Claims) -> Seen:
    """Returns the claims under the names that the method gives them; missing ones are left out.

    Scalars become text, numbers lose their fraction, a scalar in a list's place is a list of one, empty items go.
    """
    seen: Seen = {}
    for source, name in method.claim_mappings.items():
        text = _text(_find(claims, source))
        if text is not None:
            seen[f"value.{name}"] = text
    for source, name in method.list_claim_mappings.items():
        value = _find(claims, source)
        if value is not None:
            items = [_text(item) for item in (value if isinstance(value, list) else [value])]
            seen[f"list.{name}"] = [item for item in items if item]
    return seen


def admitted(method: pb.AuthMethod, claims: Claims) -> bool:
    """Returns whether the method's access selector lets these claims in; without one everybody comes in."""
    if not method.access_selector:
        return True
    try:
        return selector.matches(method.access_selector, mapped(method.oidc, claims), dotted=True)
    except selector.SelectorError:
        # A list where the selector wants a text is not what it asks for.
        return False


def _find(claims: object, source: str) -> object:
    """Returns the claim of this name, or at this JSON pointer; None when there is none."""
    if not source.startswith("/"):
        return claims.get(source) if isinstance(claims, Mapping) else None
    for part in source[1:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(claims, Mapping):
            claims = claims.get(name)
        elif isinstance(claims, list) and name.isdigit() and int(name) < len(claims):
            claims = claims[int(name)]
        else:
            return None
    return claims


def _text(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return str(int(value))
        case _:
            return None
