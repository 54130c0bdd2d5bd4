"""A Vault as far as reading secrets goes, after the published HTTP API (https://developer.hashicorp.com/vault/api-docs):
both kinds of KV store, leases, tokens, and the logins by approle, kubernetes, jwt, userpass, aws and gcp."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

from .aws import IDENTITY_DOCUMENT, authenticated
from .google import ACCOUNT, Google
from .standin import Request, StandIn


class Vault(StandIn):
    """Secrets by path in kv1, kv2; `leased` secrets have a lease that may be renewed `renewals` times."""

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(certificate)
        self.tokens = {"root"}
        self.kv1: dict[str, dict[str, object]] = {}
        self.kv2: dict[str, dict[str, object]] = {}
        self.leased: dict[str, int] = {}
        self.renewals = 2
        self.logins = 0
        self.token_lease = 0
        self.issued = 0
        self.namespace = ""
        self.google: Google | None = None  # whose tokens are believed

    def answer(self, request: Request) -> tuple[object, ...]:
        assert request.headers.get("x-vault-request") == "true"
        if request.headers.get("x-vault-namespace", "") != self.namespace:
            return 404, {"errors": ["no handler for route"]}
        path = request.path.removeprefix("/v1/")
        if path.startswith("auth/") and "/login" in path:
            return self._login(path, json.loads(request.body))
        if request.headers.get("x-vault-token") not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        if path == "auth/token/renew-self":
            return 200, {"auth": self._auth(str(request.headers["x-vault-token"]))}
        if path == "sys/leases/renew":
            return self._renew()
        if path in self.leased:
            self.issued += 1
            secret = {"username": f"user-{self.issued}", "password": "generated"}
            return 200, {
                "lease_id": f"{path}/{self.issued}",
                "renewable": True,
                "lease_duration": self.leased[path],
                "data": secret,
            }
        if path in self.kv1:
            return 200, {"lease_id": "", "renewable": False, "lease_duration": 2764800, "data": self.kv1[path]}
        if path in self.kv2:
            data = {"data": self.kv2[path], "metadata": {"version": 1, "destroyed": False}}
            return 200, {"lease_id": "", "renewable": False, "lease_duration": 0, "data": data}
        return 404, {"errors": []}

    def _renew(self) -> tuple[object, ...]:
        if not self.renewals:
            return 400, {"errors": ["lease not found"]}
        self.renewals -= 1
        return 200, {"lease_id": "x", "renewable": True, "lease_duration": 60}

    def _auth(self, token: str) -> dict[str, object]:
        return {"client_token": token, "renewable": True, "lease_duration": self.token_lease}

    def _login(self, path: str, body: dict[str, object]) -> tuple[object, ...]:
        mount, _, user = path.removeprefix("auth/").partition("/login")
        good = {
            "approle": lambda: body == {"role_id": "r1", "secret_id": "s1"},
            "kubernetes": lambda: body == {"role": "web", "jwt": "pod-token"},
            "clusters/one": lambda: body == {"role": "web", "jwt": "pod-token"},
            "jwt": lambda: body == {"role": "ci", "jwt": "signed"},
            "userpass": lambda: user == "/ann" and body == {"password": "hunter2"},
            "aws": lambda: self._identity(body) if "iam_http_request_method" in body else self._machine(body),
            "gcp": lambda: self._google(body),
        }.get(mount, lambda: False)
        if not good():
            return 400, {"errors": ["invalid role or secret ID"]}
        self.logins += 1
        token = f"login-{self.logins}"
        self.tokens.add(token)
        return 200, {"auth": self._auth(token)}

    @staticmethod
    def _machine(body: dict[str, object]) -> bool:
        return body == {"role": "web", "pkcs7": IDENTITY_DOCUMENT.replace("\n", "")}

    def _google(self, body: dict[str, object]) -> bool:
        """What Vault does with it: see who signed, for whom, and for how long."""
        found = self.google.claims(str(body["jwt"])) if self.google else None
        if found is None or body["role"] != "web":
            return False
        if "google" in found:
            return bool(found["aud"] == f"{self.url}/vault/web")
        good_for = found["exp"] - time.time()
        return bool(found["aud"].endswith("vault/web") and found["sub"] == ACCOUNT and 0 < good_for <= 15 * 60)

    @staticmethod
    def _identity(body: dict[str, object]) -> bool:
        """What Vault does with it: see that AWS would accept the signature."""

        def plain(name: str) -> bytes:
            return base64.b64decode(str(body[name]))

        headers = {name: values[0] for name, values in json.loads(plain("iam_request_headers")).items()}
        request = Request("POST", "/", headers, plain("iam_request_body"))
        return (
            body["role"] == "web"
            and plain("iam_request_url") == b"https://sts.amazonaws.com/"
            and headers.get("X-Vault-AWS-IAM-Server-ID") == "vault.example"
            and authenticated(request, "sts")
        )
