"""Auth methods, and signing in with one (server.md §2.7).

A sign-in is kept here between its two halves, for five minutes: state, nonce, redirect URI and PKCE verifier. The
client only carries the state.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import Connection

from wp_config import selector
from wp_proto.waypoint import api as pb
from wp_server.api.administration import check_grants
from wp_server.api.checks import Checks
from wp_server.auth import tokens
from wp_server.errors import InvalidArgument, PermissionDenied, Violation
from wp_server.oidc import claims as provider_claims
from wp_server.oidc.method import ALGORITHMS, challenge, secure
from wp_server.store import Store, auth_methods, settings
from wp_server.store.auth_methods import Identity, Login

if TYPE_CHECKING:
    from wp_server.oidc.provider import Provider

Context = grpc.aio.ServicerContext[object, object]

LOGIN_SECONDS = 30 * 24 * 3600.0
"""How long a login by OpenID Connect is good."""
LOOPBACK_REDIRECTS = (
    "http://localhost/oidc/callback",
    "http://127.0.0.1/oidc/callback",
    "http://[::1]/oidc/callback",
)
"""Command lines wait there; their port does not matter."""
RESERVED = "token"
"""Not a name: the command line shows this one for logins by token."""
_CLAIM_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class AuthMethodHandlers:
    """The RPCs about auth methods."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._providers: dict[str, Provider] = {}
        """By the settings they were read with."""

    async def UpsertAuthMethod(
        self, request: pb.UpsertAuthMethodRequest, context: Context
    ) -> pb.UpsertAuthMethodResponse:
        """Replaces a method; an empty client secret keeps the stored one."""
        checks = Checks()
        if checks.present(request, "auth_method"):
            known = await self._store.read(auth_methods.find, request.auth_method.name)
            _check(checks, request.auth_method, known)
        checks.raise_invalid()
        stored = await self._store.write(auth_methods.upsert, request.auth_method)
        return pb.UpsertAuthMethodResponse(auth_method=stored)

    async def GetAuthMethod(self, request: pb.GetAuthMethodRequest, context: Context) -> pb.GetAuthMethodResponse:
        """Answers a method, to administrators."""
        _check_named(request)
        found = await self._store.read(auth_methods.get, request.auth_method.name)
        return pb.GetAuthMethodResponse(auth_method=found)

    async def ListAuthMethods(self, request: Empty, context: Context) -> pb.ListAuthMethodsResponse:
        """Answers all methods, to administrators."""
        return pb.ListAuthMethodsResponse(auth_methods=await self._store.read(auth_methods.every))

    async def DeleteAuthMethod(self, request: pb.DeleteAuthMethodRequest, context: Context) -> Empty:
        """Deletes a method; an absent one is fine. Who logged in with it stays logged in."""
        _check_named(request)
        await self._store.write(auth_methods.delete, request.auth_method.name)
        return Empty()

    async def ListOIDCAuthMethods(self, request: Empty, context: Context) -> pb.ListOIDCAuthMethodsResponse:
        """Answers to anybody how one can sign in."""
        found = await self._store.read(auth_methods.every)
        return pb.ListOIDCAuthMethodsResponse(
            auth_methods=[pb.OIDCAuthMethod(name=one.name, display_name=one.display_name) for one in found]
        )

    async def GetOIDCAuthURL(self, request: pb.GetOIDCAuthURLRequest, context: Context) -> pb.GetOIDCAuthURLResponse:
        """Begins a sign-in and answers where the person goes."""
        _check_named(request)
        method = await self._store.read(auth_methods.get, request.auth_method.name)
        checks = Checks()
        if not request.nonce:
            checks.fail("nonce", "must not be empty")
        config = await self._store.read(settings.config)
        if not _is_allowed(request.redirect_uri, method.oidc, config):
            checks.fail("redirect_uri", f"{request.redirect_uri!r} is not allowed by the auth method {method.name!r}")
        checks.raise_invalid()
        provider = await self._provider(method.oidc)
        login = await self._store.write(auth_methods.begin, method.name, request.redirect_uri, request.nonce)
        return pb.GetOIDCAuthURLResponse(url=provider.authorization_url(_parameters(method.oidc, login)))

    async def CompleteOIDCAuth(
        self, request: pb.CompleteOIDCAuthRequest, context: Context
    ) -> pb.CompleteOIDCAuthResponse:
        """Ends a sign-in: answers a login token of the person the provider speaks of."""
        _check_named(request)
        if not request.state or not request.code:
            raise InvalidArgument.of([Violation("code", "state and code must not be empty")])
        login = await self._store.write(auth_methods.take, request.state)
        if (
            login is None
            or login.method != request.auth_method.name.lower()
            or login.redirect_uri != request.redirect_uri
            or login.nonce != request.nonce
        ):
            raise PermissionDenied("This sign-in is unknown, was completed already, or took too long; begin again.")
        method = await self._store.read(auth_methods.get, login.method)
        provider = await self._provider(method.oidc)
        id_claims, user_claims = await asyncio.to_thread(_identify, provider, method.oidc, login, request.code)
        everything = provider_claims.merged(id_claims, user_claims)
        if not provider_claims.admitted(method, everything):
            raise PermissionDenied(f"The auth method {method.name!r} does not let you in; ask an administrator.")
        user, token = await self._store.write(_log_in, _identity(everything), method)
        return pb.CompleteOIDCAuthResponse(
            token=token,
            user=user,
            id_claims_json=json.dumps(id_claims),
            user_claims_json=json.dumps(user_claims),
        )

    async def _provider(self, method: pb.AuthMethod.OIDC) -> Provider:
        key = "\n".join((method.discovery_url, *method.discovery_ca_pem))
        known = self._providers.get(key)
        if known is None or not known.fresh:
            known = self._providers[key] = await asyncio.to_thread(_discover, method)
        return known


def _discover(method: pb.AuthMethod.OIDC) -> Provider:
    from wp_server.oidc.provider import Provider

    return Provider.discover(method)


def _identify(
    provider: Provider, method: pb.AuthMethod.OIDC, login: Login, code: str
) -> tuple[dict[str, object], dict[str, object]]:
    """Returns what the provider says in the ID token, and at its userinfo endpoint."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": login.redirect_uri,
        "code_verifier": login.verifier,
    }
    found = provider.exchange(method, form)
    id_claims = provider.verified(method, found, login.nonce)
    return id_claims, provider.userinfo(found, id_claims["sub"])


def _parameters(method: pb.AuthMethod.OIDC, login: Login) -> dict[str, str]:
    scopes = dict.fromkeys(["openid", *method.scopes])
    return {
        "response_type": "code",
        "client_id": method.client_id,
        "redirect_uri": login.redirect_uri,
        "scope": " ".join(scopes),
        "state": login.state,
        "nonce": login.nonce,
        "code_challenge": challenge(login.verifier),
        "code_challenge_method": "S256",
    }


def _identity(found: dict[str, object]) -> Identity:
    email = found.get("email") if found.get("email_verified") is True else ""
    display = found.get("name") or found.get("preferred_username") or found.get("email") or ""
    return Identity(str(found["iss"]), str(found["sub"]), str(email or ""), str(display))


def _log_in(connection: Connection, who: Identity, method: pb.AuthMethod) -> tuple[pb.User, str]:
    user = auth_methods.user_of(connection, who, method)
    return user, tokens.login(connection, user.id, LOGIN_SECONDS)


def _check_named(
    request: pb.GetAuthMethodRequest
    | pb.DeleteAuthMethodRequest
    | pb.GetOIDCAuthURLRequest
    | pb.CompleteOIDCAuthRequest,
) -> None:
    checks = Checks()
    if checks.present(request, "auth_method"):
        checks.name("auth_method.name", request.auth_method.name)
    checks.raise_invalid()


def _check(checks: Checks, method: pb.AuthMethod, known: pb.AuthMethod | None) -> None:
    checks.name("auth_method.name", method.name)
    if method.name.lower() == RESERVED:
        checks.fail("auth_method.name", f"{RESERVED!r} is taken by logins by token")
    if method.access_selector:
        try:
            selector.compile_selector(method.access_selector, dotted=True)
        except selector.SelectorError as error:
            checks.fail("auth_method.access_selector", str(error))
    check_grants(checks, "auth_method.grants", list(method.grants))
    if checks.present(method, "oidc", "auth_method.oidc"):
        _check_oidc(checks, method.oidc, has_secret=known is not None and bool(known.oidc.client_secret))


def _check_oidc(checks: Checks, oidc: pb.AuthMethod.OIDC, *, has_secret: bool) -> None:
    field = "auth_method.oidc"
    if not oidc.client_id:
        checks.fail(f"{field}.client_id", "must not be empty")
    if not oidc.client_secret and not has_secret:
        checks.fail(f"{field}.client_secret", "must not be empty")
    if not secure(oidc.discovery_url):
        checks.fail(f"{field}.discovery_url", "must be an https URL (http only on this machine)")
    for algorithm in oidc.signing_algs:
        if algorithm not in ALGORITHMS:
            checks.fail(f"{field}.signing_algs", f"{algorithm!r} is not one of {', '.join(sorted(ALGORITHMS))}")
    for uri in oidc.allowed_redirect_uris:
        if not urlsplit(uri).scheme or not urlsplit(uri).netloc:
            checks.fail(f"{field}.allowed_redirect_uris", f"{uri!r} is not a URL")
    for certificate in oidc.discovery_ca_pem:
        try:
            ssl.create_default_context(cadata=certificate)
        except (ssl.SSLError, ValueError):
            checks.fail(f"{field}.discovery_ca_pem", "must be certificates in PEM form")
    for name, mappings in (("claim_mappings", oidc.claim_mappings), ("list_claim_mappings", oidc.list_claim_mappings)):
        for source, target in mappings.items():
            if not source:
                checks.fail(f"{field}.{name}", "the name of a claim must not be empty")
            if not _CLAIM_NAME.fullmatch(target):
                checks.fail(
                    f"{field}.{name}", f"{target!r} must be letters, digits and '_', and not begin with a digit"
                )


def _is_allowed(uri: str, method: pb.AuthMethod.OIDC, config: pb.ServerConfig) -> bool:
    advertised = [
        f"{'https' if address.tls else 'http'}://{address.addr}/auth/oidc-callback"
        for address in config.advertise_addrs
        if address.addr
    ]
    if uri in (*method.allowed_redirect_uris, *advertised):
        return True
    allowed = (*LOOPBACK_REDIRECTS, *method.allowed_redirect_uris)
    return _without_port(uri) in {_without_port(one) for one in allowed if _is_loopback(one)}


def _is_loopback(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")


def _without_port(uri: str) -> tuple[str, str | None, str, str]:
    try:
        parts = urlsplit(uri)
        if parts.username is not None or parts.fragment:
            return ("", None, "", "")
        _ = parts.port
    except ValueError:
        return ("", None, "", "")
    return (parts.scheme, parts.hostname, parts.path, parts.query)
