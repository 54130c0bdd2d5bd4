"""`dynamic("vault", {path, key})`: secrets of HashiCorp Vault (or OpenBao), with leases and logins kept alive.

API: https://developer.hashicorp.com/vault/api-docs. A secret with a lease that can be renewed is kept and its lease
renewed; when that ends for good the path is read anew. Others are read again when they are older than 30 seconds.
"""

from __future__ import annotations

import json
import time
from urllib.parse import quote

from wp_sources.client import Client, read_file, text_of, tls_context
from wp_sources.contract import SourceError, each, is_true, required
from wp_sources.vault_login import Grant, login_body, mount_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Callable

    from wp_sources.contract import Reading

DEFAULT_ADDRESS = "https://127.0.0.1:8200"
REREAD = 30.0
"""Seconds that a secret without a renewable lease is good for."""
RENEW_AT = 0.5
"""The part of a lease after which it is renewed."""


class _Secret:
    """What a path held, and until when that counts."""

    __slots__ = ("data", "lease", "lease_id", "read_at", "renewable")

    def __init__(self, answer: dict[str, Any], moment: float) -> None:
        self.data: dict[str, Any] = answer.get("data") or {}
        self.lease_id = str(answer.get("lease_id") or "")
        self.renewable = bool(answer.get("renewable")) and bool(self.lease_id)
        self.lease = float(answer.get("lease_duration") or 0)
        self.read_at = moment


class Vault:
    """One Vault server and one identity there."""

    def __init__(self, settings: Mapping[str, str], environment: Mapping[str, str]) -> None:
        def either(name: str, variable: str) -> str:
            return settings.get(name) or environment.get(variable) or ""

        base = either("agent_addr", "VAULT_AGENT_ADDR") or either("addr", "VAULT_ADDR") or DEFAULT_ADDRESS
        context = None
        if base.startswith("https:"):
            context = tls_context(
                either("ca_cert", "VAULT_CACERT"),
                either("ca_path", "VAULT_CAPATH"),
                "",
                is_true(either("skip_verify", "VAULT_SKIP_VERIFY")),
                either("client_cert", "VAULT_CLIENT_CERT"),
                either("client_key", "VAULT_CLIENT_KEY"),
            )
        self._client = Client(base, context, either("tls_server_name", "VAULT_TLS_SERVER_NAME"))
        self._namespace = either("namespace", "VAULT_NAMESPACE")
        self._settings = settings
        self._environment = environment
        self._method = settings.get("auth_method", "")
        self._token_file = settings.get("token_file", "")
        self._given_token = either("token", "VAULT_TOKEN")
        self._grant: Grant | None = None
        self._secrets: dict[str, _Secret] = {}
        self.now: Callable[[], float] = time.monotonic

    def read(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Reading]:
        """The values; each path is asked for once a round."""
        failures: dict[str, SourceError] = {}

        def read_one(parameters: Mapping[str, str]) -> str:
            path, key = required(parameters, "path", "key")
            path = path.strip("/")
            if path in failures:
                raise failures[path]
            try:
                secret = self._secret(path)
            except SourceError as error:
                failures[path] = error
                raise
            return _pick(secret.data, key, path)

        return each(wanted, read_one)

    # Secrets

    def _secret(self, path: str) -> _Secret:
        known = self._secrets.get(path)
        if known is not None:
            age = self.now() - known.read_at
            if known.renewable:
                if age < known.lease * RENEW_AT or self._renewed(known):
                    return known
            elif age < (min(REREAD, known.lease * RENEW_AT) if known.lease_id else REREAD):
                return known
        answer = self._authorized("GET", "/v1/" + quote(path), None)
        if answer is None:
            raise SourceError(f"Vault has nothing at {path}")
        secret = self._secrets[path] = _Secret(answer, self.now())
        return secret

    def _renewed(self, secret: _Secret) -> bool:
        try:
            answer = self._authorized("PUT", "/v1/sys/leases/renew", {"lease_id": secret.lease_id})
        except SourceError:
            return False
        if answer is None or not float(answer.get("lease_duration") or 0):
            return False
        secret.lease = float(answer["lease_duration"])
        secret.renewable = bool(answer.get("renewable"))
        secret.read_at = self.now()
        return True

    # Identity

    def _authorized(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        """Ask as ourselves; a login that is not accepted any more is made again once."""
        status, answer = self._ask(method, path, body, self._token())
        if status == 403 and self._method:
            self._grant = None
            status, answer = self._ask(method, path, body, self._token())
        if status == 404:
            return None
        if status == 403:
            raise SourceError(f"Vault does not let this token {method} {path[4:]}")
        if status not in (200, 204):
            raise SourceError(f"Vault answered {path[4:]} with HTTP status {status}{_errors(answer)}")
        return answer

    def _token(self) -> str:
        if not self._method:
            token = read_file(self._token_file, "Vault's token file") if self._token_file else self._given_token
            if not token:
                raise SourceError("Vault needs a token: set `token`, `token_file` or `auth_method`, or VAULT_TOKEN")
            return token
        grant, moment = self._grant, self.now()
        if grant is not None and grant.lasts(moment):
            if grant.renew_due(moment):
                self._renew(grant)
            return grant.token
        self._grant = self._login()
        return self._grant.token

    def _login(self) -> Grant:
        mount = mount_of(self._method, self._settings)
        body = login_body(self._method, self._settings, self._environment, self._client.base)
        user = self._settings.get("username", "") if self._method == "userpass" else ""
        path = f"/v1/auth/{quote(mount)}/login" + (f"/{quote(user, safe='')}" if user else "")
        status, answer = self._ask("PUT", path, body, "")
        token = (answer.get("auth") or {}).get("client_token") if status == 200 else None
        if not token:
            raise SourceError(f"the login at Vault by {self._method} failed: HTTP status {status}{_errors(answer)}")
        return Grant(answer["auth"], self.now())

    def _renew(self, grant: Grant) -> None:
        try:
            status, answer = self._ask("PUT", "/v1/auth/token/renew-self", {}, grant.token)
        except SourceError:
            return  # it is good for a while yet
        if status == 200 and answer.get("auth"):
            self._grant = Grant(answer["auth"], self.now())

    def _ask(self, method: str, path: str, body: dict[str, Any] | None, token: str) -> tuple[int, dict[str, Any]]:
        headers = {"X-Vault-Request": "true"}
        if token:
            headers["X-Vault-Token"] = token
        if self._namespace:
            headers["X-Vault-Namespace"] = self._namespace
        encoded = None if body is None else json.dumps(body).encode()
        answer = self._client.request(method, path, headers, encoded)
        found = answer.json() if answer.body else {}
        return answer.status, found if isinstance(found, dict) else {}


def _pick(data: dict[str, Any], key: str, path: str) -> str:
    """The member that a plain key or a JSON pointer (RFC 6901) names; looks into a KV version 2 wrapper by itself."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in key[1:].split("/")] if key[0] == "/" else [key]
    candidates = [data]
    if isinstance(data.get("data"), dict) and "metadata" in data:
        candidates.append(data["data"])
    for value in candidates:
        found: Any = value
        for step in steps:
            if isinstance(found, dict) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                break
        else:
            return text_of(found)
    raise SourceError(f"Vault's {path} has no {key}; it has {', '.join(sorted(candidates[-1])) or 'nothing'}")


def _errors(answer: dict[str, Any]) -> str:
    errors = [str(error) for error in answer.get("errors") or []]
    return ": " + "; ".join(errors) if errors else ""


def open_source(settings: Mapping[str, str], environment: Mapping[str, str]) -> Vault:
    """As wp_sources.open_source."""
    return Vault(settings, environment)
