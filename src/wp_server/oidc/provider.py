"""The provider's side: its documents, the exchange of a code, the ID token. Blocking; callers use a thread.

Imported at the first sign-in only: the client libraries take more memory than the rest of the server's API.

Checks of the ID token are those of OpenID Connect Core §3.1.3.7: issuer, audience, signature by an asymmetric
algorithm the method allows, time, nonce, and `at_hash` where there is one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote_plus, urlencode, urlsplit

import jwt
import requests

from wp_proto.waypoint import api as pb
from wp_server.errors import PermissionDenied, Unavailable
from wp_server.oidc.method import DEFAULT_ALGORITHM, secure

TIMEOUT = 10.0
"""Seconds for connecting, and between two bytes of an answer."""
ANSWER_LIMIT = 1024 * 1024
CACHE_SECONDS = 6 * 3600.0
LEEWAY_SECONDS = 60
DISCOVERY_PATH = "/.well-known/openid-configuration"

Claims = Mapping[str, object]


@dataclass(frozen=True)
class Tokens:
    """What a code was worth."""

    id_token: str
    access_token: str


@dataclass
class Provider:
    """One provider as its discovery document describes it."""

    issuer: str
    document: Claims
    authority: tuple[str, ...]
    """Certificates (PEM) to trust instead of the machine's."""
    fetched: float = field(default_factory=time.monotonic)
    _keys: jwt.PyJWKSet | None = None

    @classmethod
    def discover(cls, method: pb.AuthMethod.OIDC) -> Provider:
        """Reads the discovery document. Errors: Unavailable with the reason."""
        issuer = method.discovery_url.removesuffix(DISCOVERY_PATH).rstrip("/")
        authority = tuple(method.discovery_ca_pem)
        document = _get(issuer + DISCOVERY_PATH, authority)
        named = document.get("issuer")
        if not isinstance(named, str) or named.rstrip("/") != issuer:
            raise Unavailable(f"The provider at {issuer} calls itself {named!r}; set that as the method's issuer.")
        return cls(named, document, authority)

    @property
    def fresh(self) -> bool:
        """Returns whether the documents are young enough to be used."""
        return time.monotonic() - self.fetched < CACHE_SECONDS

    def endpoint(self, name: str) -> str:
        """Returns the URL of an endpoint. Errors: Unavailable when the provider has none."""
        url = self.document.get(name)
        if not isinstance(url, str) or not secure(url):
            raise Unavailable(f"The provider {self.issuer} has no usable {name}.")
        return url

    def authorization_url(self, parameters: Mapping[str, str]) -> str:
        """Returns where a person signs in."""
        url = self.endpoint("authorization_endpoint")
        return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters)}"

    def exchange(self, method: pb.AuthMethod.OIDC, form: Mapping[str, str]) -> Tokens:
        """Exchanges a code. Errors: PermissionDenied with what the provider says, Unavailable."""
        data, headers = dict(form), {"Accept": "application/json"}
        supported = self.document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if isinstance(supported, list) and "client_secret_basic" in supported:
            pair = f"{quote_plus(method.client_id)}:{quote_plus(method.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            data |= {"client_id": method.client_id, "client_secret": method.client_secret}
        status, body = _ask(self.endpoint("token_endpoint"), self.authority, headers, data)
        if status != requests.codes.ok:
            reason = body.get("error_description") or body.get("error") or f"status {status}"
            raise PermissionDenied(f"The provider {self.issuer} refused the sign-in: {reason}.")
        id_token, access_token = body.get("id_token"), body.get("access_token", "")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise PermissionDenied(f"The provider {self.issuer} answered without an ID token.")
        return Tokens(id_token, access_token)

    def verified(self, method: pb.AuthMethod.OIDC, tokens: Tokens, nonce: str) -> dict[str, object]:
        """Returns the claims of a valid ID token. Errors: PermissionDenied with what is wrong."""
        allowed = list(method.signing_algs) or [DEFAULT_ALGORITHM]
        try:
            header = jwt.get_unverified_header(tokens.id_token)
            claims: dict[str, object] = jwt.decode(
                tokens.id_token,
                self._key(header),
                algorithms=allowed,
                audience=list(method.auds) or method.client_id,
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise PermissionDenied(f"The ID token of {self.issuer} is not valid: {error}.") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != method.client_id:
            raise PermissionDenied(f"The ID token of {self.issuer} was made for another client.")
        if claims.get("nonce") != nonce:
            raise PermissionDenied(f"The ID token of {self.issuer} answers another sign-in.")
        if "at_hash" in claims and claims["at_hash"] != _half_hash(str(header["alg"]), tokens.access_token):
            raise PermissionDenied(f"The ID token of {self.issuer} belongs to another access token.")
        return claims

    def userinfo(self, tokens: Tokens, subject: object) -> dict[str, object]:
        """Returns the claims of the userinfo endpoint; none when the provider has no such endpoint.

        Errors: Unavailable; PermissionDenied when they are about somebody else.
        """
        if "userinfo_endpoint" not in self.document or not tokens.access_token:
            return {}
        headers = {"Authorization": f"Bearer {tokens.access_token}"}
        claims = _get(self.endpoint("userinfo_endpoint"), self.authority, headers)
        if claims.get("sub") != subject:
            raise PermissionDenied(f"The user information of {self.issuer} is about somebody else.")
        return claims

    def _key(self, header: Mapping[str, object]) -> jwt.PyJWK:
        """Returns the key that an ID token names; the key set is read again once for a name it does not have."""
        key_id = header.get("kid")
        for again in (False, True):
            if self._keys is None or again:
                try:
                    self._keys = jwt.PyJWKSet.from_dict(_get(self.endpoint("jwks_uri"), self.authority))
                except jwt.PyJWTError as error:
                    raise Unavailable(f"The keys of {self.issuer} cannot be used: {error}.") from error
            signing = [key for key in self._keys.keys if key.public_key_use in (None, "sig")]
            if key_id is None and len(signing) == 1:
                return signing[0]
            for key in signing:
                if key.key_id == key_id and key_id is not None:
                    return key
        raise PermissionDenied(f"The ID token of {self.issuer} is signed with a key that the provider does not list.")


@contextmanager
def _trusted(authority: tuple[str, ...]) -> Iterator[str | bool]:
    """Yields what the client library takes as the certificates to trust: a file of ours, or the machine's."""
    if not authority:
        yield True
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as file:
        file.write("\n".join(authority))
        file.flush()
        yield file.name


def _get(url: str, authority: tuple[str, ...], headers: Mapping[str, str] | None = None) -> dict[str, object]:
    status, body = _ask(url, authority, headers or {})
    if status != requests.codes.ok:
        raise Unavailable(f"The provider answered {status} to {url}.")
    return body


def _ask(
    url: str, authority: tuple[str, ...], headers: Mapping[str, str], form: Mapping[str, str] | None = None
) -> tuple[int, dict[str, object]]:
    """Returns status and JSON object of an answer to GET, or to POST with a form; an error may come without JSON."""
    method = "GET" if form is None else "POST"
    try:
        with (
            _trusted(authority) as trusted,
            requests.request(
                method,
                url,
                headers=dict(headers),
                data=form,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                verify=trusted,
            ) as answer,
        ):
            raw = b""
            for piece in answer.iter_content(64 * 1024):
                raw += piece
                if len(raw) > ANSWER_LIMIT:
                    raise Unavailable(f"The provider answered more than {ANSWER_LIMIT} bytes to {url}.")
    except (requests.RequestException, OSError) as error:
        raise Unavailable(f"The provider cannot be reached at {url}: {error}.") from error
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if isinstance(body, dict):
        return answer.status_code, cast("dict[str, object]", body)
    if answer.status_code != requests.codes.ok:
        return answer.status_code, {}
    raise Unavailable(f"The provider did not answer a JSON object to {url}.")


def _half_hash(algorithm: str, access_token: str) -> str:
    bits = "512" if algorithm == "EdDSA" else algorithm[2:]
    digest = hashlib.new(f"sha{bits}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
