"""Who a workload at Google is: identity tokens of its machine, and tokens signed as a service account.

Sources: https://cloud.google.com/compute/docs/instances/verifying-instance-identity,
https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt, RFC 7515, and RFC 8017
(section 8.2) for the signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from urllib.parse import quote

from wp_sources.client import Client, read_file
from wp_sources.contract import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

METADATA_HOST = "metadata.google.internal"
IAM_CREDENTIALS = "https://iamcredentials.googleapis.com"
ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default"

_SHA256_IN_DER = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 in a signature (RFC 8017, section 9.2, note 1)."""


def identity_token(audience: str, environment: Mapping[str, str]) -> str:
    """What the machine's metadata service says of it, signed by Google. Raises SourceError."""
    return _metadata(f"/identity?audience={quote(audience, safe='')}&format=full", environment)


def signed_claims(
    claims: Mapping[str, Any], credentials: str, account: str, environment: Mapping[str, str]
) -> tuple[str, str]:
    """A token with these claims and `sub`, and the service account that signed it: the one of the credentials (a key
    file or its JSON; else GOOGLE_APPLICATION_CREDENTIALS), or Google signs for the one that the machine is. Raises
    SourceError."""
    key = _key(credentials or environment.get("GOOGLE_APPLICATION_CREDENTIALS", ""))
    if key is not None:
        account = str(key["client_email"])
        header = {"alg": "RS256", "kid": str(key.get("private_key_id", "")), "typ": "JWT"}
        return _signed_here(header, {**claims, "sub": account}, str(key["private_key"])), account
    account = account or _metadata("/email", environment)
    try:
        bearer = json.loads(_metadata("/token", environment))["access_token"]
    except (ValueError, KeyError, TypeError):
        raise SourceError("Google's metadata service gave no access token") from None
    body = json.dumps({"payload": json.dumps({**claims, "sub": account})}).encode()
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    path = f"/v1/projects/-/serviceAccounts/{quote(account, safe='@')}:signJwt"
    answer = Client(IAM_CREDENTIALS).request("POST", path, headers, body)
    found = answer.json() if answer.status == 200 else {}
    token = found.get("signedJwt") if isinstance(found, dict) else None
    if not token:
        raise SourceError(f"Google does not sign for {account}: HTTP status {answer.status}")
    return str(token), account


def _metadata(path: str, environment: Mapping[str, str]) -> str:
    host = environment.get("GCE_METADATA_HOST") or METADATA_HOST
    answer = Client(f"http://{host}").request("GET", ACCOUNT + path, {"Metadata-Flavor": "Google"})
    if answer.status != 200:
        raise SourceError(f"Google's metadata service answered with HTTP status {answer.status}")
    return answer.body.decode("ascii", "replace").strip()


def _key(given: str) -> dict[str, Any] | None:
    """The key of a service account, from its JSON or the file that has it; None without one."""
    if not given:
        return None
    text = given if given.lstrip().startswith("{") else read_file(given, "the Google credentials file")
    try:
        found = json.loads(text)
        if found["client_email"] and found["private_key"]:
            return dict(found)
    except (ValueError, KeyError, TypeError):
        pass
    raise SourceError("the Google credentials are no key of a service account (client_email and private_key)")


def _signed_here(header: Mapping[str, str], claims: Mapping[str, Any], private_key: str) -> str:
    parts = [_coded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]
    text = ".".join(parts)
    modulus, exponent = _private_numbers(private_key)
    size = (modulus.bit_length() + 7) // 8
    digest = _SHA256_IN_DER + hashlib.sha256(text.encode()).digest()
    padded = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    signature = pow(int.from_bytes(padded, "big"), exponent, modulus).to_bytes(size, "big")
    return f"{text}.{_coded(signature)}"


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _private_numbers(pem: str) -> tuple[int, int]:
    """Modulus and private exponent of an RSA key in PKCS #8 (RFC 5958, RFC 8017 A.1.2)."""
    lines = [line.strip() for line in pem.strip().splitlines()]
    try:
        if lines[0] != "-----BEGIN PRIVATE KEY-----":
            raise ValueError
        outer = _members(binascii.a2b_base64("".join(lines[1 : lines.index("-----END PRIVATE KEY-----")])))
        key = _members(_members(outer[0])[2])
        numbers = [int.from_bytes(member, "big") for member in _members(key[0])]
        modulus, exponent = numbers[1], numbers[3]
        if modulus.bit_length() < 1024:
            raise ValueError
    except (ValueError, IndexError):
        raise SourceError("the private key of the Google credentials is no RSA key in PEM") from None
    return modulus, exponent


def _members(der: bytes) -> list[bytes]:
    """The contents of the values that stand one behind the other."""
    found = []
    position = 0
    while position < len(der):
        length = der[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(der[position : position + count], "big")
            position += count
        if position + length > len(der):
            raise ValueError
        found.append(der[position : position + length])
        position += length
    return found
