"""The metadata service of a machine at Google and the IAM credentials service, after
https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys and
https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt. Both sign for real."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .standin import Request, StandIn

ACCOUNT = "web@shop.iam.gserviceaccount.com"
BEARER = "ya29.bearer"


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Google(StandIn):
    """One machine with one service account, whose key is `key`."""

    def __init__(self) -> None:
        super().__init__()
        self.key = rsa.generate_private_key(65537, 2048)

    def answer(self, request: Request) -> tuple[object, ...]:
        if request.path == f"/v1/projects/-/serviceAccounts/{ACCOUNT}:signJwt":
            if request.headers.get("authorization") != f"Bearer {BEARER}":
                return 401, {"error": {"status": "UNAUTHENTICATED"}}
            return 200, {"keyId": "k1", "signedJwt": self.sign(json.loads(json.loads(request.body)["payload"]))}
        if request.headers.get("metadata-flavor") != "Google":
            return 403, b"Missing Metadata-Flavor:Google header."
        folder = "/computeMetadata/v1/instance/service-accounts/default/"
        name = request.path.removeprefix(folder)
        if name == "identity":
            return 200, self.sign({"aud": request.query["audience"], "email": ACCOUNT, "google": {}}).encode()
        if name == "email":
            return 200, ACCOUNT.encode()
        if name == "token":
            return 200, {"access_token": BEARER, "expires_in": 3599, "token_type": "Bearer"}
        return 404, b"not here"

    def sign(self, claims: dict[str, object]) -> str:
        header = {"alg": "RS256", "kid": "k1", "typ": "JWT"}
        text = f"{coded(json.dumps(header).encode())}.{coded(json.dumps(claims).encode())}"
        return f"{text}.{coded(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def key_file(self) -> str:
        """The key as a service account's JSON."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "private_key_id": "k1",
                "private_key": pem.decode(),
                "client_email": ACCOUNT,
            }
        )

    def claims(self, token: str) -> dict[str, Any] | None:
        """What a token says, if this machine's account signed it."""
        text, _, signature = token.rpartition(".")
        try:
            raw = base64.urlsafe_b64decode(signature + "==")
            self.key.public_key().verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return None
        header, payload = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in text.split("."))
        return dict(payload) if (header["alg"], header["kid"]) == ("RS256", "k1") else None
