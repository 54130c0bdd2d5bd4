"""Proving to Vault who we are, by each of its auth methods (https://developer.hashicorp.com/vault/docs/auth)."""

from __future__ import annotations

import base64
import json
import time

from wp_sources.aws import METADATA_HOST, METADATA_TIMEOUT, Account, signed
from wp_sources.client import Client, read_file
from wp_sources.contract import SourceError, required
from wp_sources.google import identity_token, signed_claims

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

METHODS = ("approle", "aws", "gcp", "jwt", "kubernetes", "userpass")
SERVICE_ACCOUNT_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"
JWT_MINUTES = 15
"""How long a token is good that is signed for a login at Vault; it takes none that is good for longer."""
RENEW_AT = 2 / 3
MARGIN = 5.0
"""Seconds before its end that a login counts as over."""


class Grant:
    """A token that Vault gave, and until when (0 seconds is for ever)."""

    def __init__(self, auth: dict[str, Any], moment: float) -> None:
        self.token = str(auth["client_token"])
        self._lease = float(auth.get("lease_duration") or 0)
        self._renewable = bool(auth.get("renewable"))
        self._since = moment

    def lasts(self, moment: float) -> bool:
        """Whether the token is still good."""
        return not self._lease or moment < self._since + max(self._lease - MARGIN, self._lease / 2)

    def renew_due(self, moment: float) -> bool:
        """Whether its time should be extended."""
        return self._renewable and bool(self._lease) and moment >= self._since + self._lease * RENEW_AT


def mount_of(method: str, settings: Mapping[str, str]) -> str:
    """Where the method is mounted; `auth/kubernetes` and `kubernetes` mean the same. Raises SourceError."""
    if method not in METHODS:
        raise SourceError(f"auth_method is {method!r}, but must be one of {', '.join(METHODS)}")
    mount = (settings.get("auth_method_mount_path") or method).strip("/")
    return mount[len("auth/") :] if mount.startswith("auth/") else mount


def login_body(method: str, settings: Mapping[str, str], environment: Mapping[str, str], vault: str) -> dict[str, Any]:
    """What to send to the login. Raises SourceError."""
    if method == "approle":
        (role,) = required(settings, "approle_role_id")
        secret = settings.get("approle_secret_id", "")
        return {"role_id": role, "secret_id": secret} if secret else {"role_id": role}
    if method == "userpass":
        required(settings, "username")
        return {"password": required(settings, "password")[0]}
    if method in ("kubernetes", "jwt"):
        (role,) = required(settings, f"{method}_role")
        default = SERVICE_ACCOUNT_FILE if method == "kubernetes" else ""
        path = settings.get(f"{method}_token_path") or default
        token = read_file(path, "the token for the login") if path else required(settings, "jwt")[0]
        return {"role": role, "jwt": token}
    if method == "gcp":
        return _google(settings, environment, vault)
    if settings.get("aws_type", "iam") == "ec2":
        return _machine(settings, environment)
    return _caller_identity(settings, environment)


def _caller_identity(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
    """A signed GetCallerIdentity that Vault sends on: it proves who signed it."""
    (role,) = required(settings, "aws_role")
    account = Account(settings, environment, prefix="aws_")
    url = "https://sts.amazonaws.com/"
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if settings.get("aws_header_value"):
        headers["X-Vault-AWS-IAM-Server-ID"] = settings["aws_header_value"]
    whole = signed(account.credentials(), "us-east-1", "sts", url, headers, body, time.time())

    def coded(value: bytes) -> str:
        return base64.b64encode(value).decode()

    return {
        "role": role,
        "iam_http_request_method": "POST",
        "iam_request_url": coded(url.encode()),
        "iam_request_body": coded(body),
        "iam_request_headers": coded(json.dumps({name: [value] for name, value in whole.items()}).encode()),
    }


def _machine(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The signed identity document of a machine of EC2."""
    (role,) = required(settings, "aws_role")
    client = Client(environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA_HOST)
    ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
    token = client.request("PUT", "/latest/api/token", ttl, timeout=METADATA_TIMEOUT).body.decode("ascii", "replace")
    headers = {"X-aws-ec2-metadata-token": token}
    answer = client.request("GET", "/latest/dynamic/instance-identity/pkcs7", headers, timeout=METADATA_TIMEOUT)
    if answer.status != 200:
        raise SourceError(f"EC2's metadata service answered with HTTP status {answer.status}")
    return {"role": role, "pkcs7": answer.body.decode("ascii", "replace").replace("\n", "")}


def _google(settings: Mapping[str, str], environment: Mapping[str, str], vault: str) -> dict[str, Any]:
    """What Google says of this machine (gce), or a token that a service account signed (iam)."""
    (role,) = required(settings, "gcp_role")
    kind = settings.get("gcp_type") or "gce"
    if kind == "gce":
        return {"role": role, "jwt": identity_token(f"{vault}/vault/{role}", environment)}
    if kind != "iam":
        raise SourceError(f"gcp_type is {kind!r}, but must be gce or iam")
    minutes = settings.get("gcp_jwt_exp") or str(JWT_MINUTES)
    if not minutes.isdigit():
        raise SourceError(f"gcp_jwt_exp is {minutes!r}, but must be a number of minutes")
    claims = {"aud": f"http://vault/{role}", "exp": int(time.time()) + 60 * int(minutes)}
    credentials, account = settings.get("gcp_credentials", ""), settings.get("gcp_service_account", "")
    return {"role": role, "jwt": signed_claims(claims, credentials, account, environment)[0]}
