"""Systems Manager, STS and the metadata services of AWS. Shapes after
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html, the STS API reference (Query
protocol) and https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html. Signatures
are checked here by a second implementation, after the steps in the IAM user guide."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from urllib.parse import parse_qs

from .standin import Request, StandIn

KEYS = {"AKIDEXAMPLE": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "ASIAROLE": "role-secret"}

IDENTITY_DOCUMENT = "MIAGCSqGSIb3DQEHAqCAMIACAQExCzAJBgUrDgMCGgUA\nAAAAAAA="
"""What a machine says of itself, signed by AWS; nobody here looks into it."""


def authenticated(request: Request, service: str, region: str = "us-east-1") -> bool:
    """Whether the request bears a good signature of one of KEYS."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/(\w+)/aws4_request, SignedHeaders=([\w;-]+), "
        r"Signature=([0-9a-f]{64})",
        request.headers.get("authorization", ""),
    )
    if found is None or found[1] not in KEYS or (found[3], found[4]) != (region, service):
        return False
    lines = [request.method, request.path, ""]
    lines += [f"{name}:{request.headers[name]}" for name in found[5].split(";")]
    lines += ["", found[5], hashlib.sha256(request.body).hexdigest()]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    scope = "/".join([found[2], region, service, "aws4_request"])
    message = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, digest])
    key = b"AWS4" + KEYS[found[1]].encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    needed = {"host", "x-amz-date"} | ({"x-amz-security-token"} if "x-amz-security-token" in request.headers else set())
    return needed <= set(found[5].split(";")) and hmac.digest(key, message.encode(), "sha256").hex() == found[6]


class Aws(StandIn):
    """Parameters by name; the first `throttled` calls are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.parameters: dict[str, str] = {}
        self.throttled = 0
        self.batches: list[int] = []
        self.role_calls: list[dict[str, str]] = []

    def answer(self, request: Request) -> tuple[object, ...]:
        if request.headers.get("x-amz-target") == "AmazonSSM.GetParameters":
            return self._parameters(request)
        if request.path == "/" and b"Action=AssumeRole" in request.body:
            return self._role(request)
        if request.path == "/creds" and request.headers.get("authorization") == "container-token":
            return 200, self._temporary()
        if request.method == "PUT" and request.path == "/latest/api/token":
            return 200, b"imds-token"
        if request.path.startswith("/latest/meta-data/iam/") and (
            request.headers.get("x-aws-ec2-metadata-token") == "imds-token"
        ):
            return (200, self._temporary()) if request.path.endswith("/web-role") else (200, b"web-role\n")
        if request.path == "/latest/dynamic/instance-identity/pkcs7" and (
            request.headers.get("x-aws-ec2-metadata-token") == "imds-token"
        ):
            return 200, IDENTITY_DOCUMENT.encode()
        return 404, b"not here"

    def _temporary(self) -> dict[str, str]:
        return {
            "AccessKeyId": "ASIAROLE",
            "SecretAccessKey": KEYS["ASIAROLE"],
            "Token": "session",
            "Expiration": "2099-01-01T00:00:00Z",
        }

    def _parameters(self, request: Request) -> tuple[object, ...]:
        if self.throttled:
            self.throttled -= 1
            return 400, {"__type": "com.amazonaws.ssm#ThrottlingException", "message": "Rate exceeded"}
        if not authenticated(request, "ssm", "eu-central-1"):
            return 400, {"__type": "com.amazon.coral.service#InvalidSignatureException"}
        asked = json.loads(request.body)
        assert asked["WithDecryption"] is True
        names = asked["Names"]
        self.batches.append(len(names))
        if len(names) > 10:
            return 400, {"__type": "com.amazonaws.ssm#ValidationException"}
        known = [name for name in names if name.partition(":")[0] in self.parameters]
        return 200, {
            "Parameters": [
                {
                    "Name": name.partition(":")[0],
                    "Selector": name[len(name.partition(":")[0]) :],
                    "Type": "SecureString",
                    "Value": self.parameters[name.partition(":")[0]],
                    "Version": 1,
                    "ARN": f"arn:aws:ssm:eu-central-1:123456789012:parameter/{name}",
                }
                for name in known
            ],
            "InvalidParameters": [name for name in names if name not in known],
        }

    def _role(self, request: Request) -> tuple[object, ...]:
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.role_calls.append(asked)
        web = asked["Action"] == "AssumeRoleWithWebIdentity"
        good = asked.get("WebIdentityToken") == "oidc" if web else authenticated(request, "sts", "eu-central-1")
        if not good:
            error = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
            return 403, error.encode()
        credentials = "".join(
            f"<{name}>{value}</{name}>"
            for name, value in {
                "AccessKeyId": "ASIAROLE",
                "SecretAccessKey": KEYS["ASIAROLE"],
                "SessionToken": "session",
                "Expiration": "2099-01-01T00:00:00Z",
            }.items()
        )
        return 200, f"<R><{asked['Action']}Result><Credentials>{credentials}</Credentials></R>".encode()
