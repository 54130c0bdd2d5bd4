"""What AWS asks of every caller: a signature (Signature Version 4), and credentials to sign with.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and
https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html.
"""

from __future__ import annotations

import calendar
import configparser
import hashlib
import hmac
import os
import re
import time
from urllib.parse import quote, urlencode, urlsplit

from wp_sources.client import Client, read_file
from wp_sources.contract import SourceError, is_true

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Callable

CONTAINER_HOST = "http://169.254.170.2"
METADATA_HOST = "http://169.254.169.254"
METADATA_TIMEOUT = 1.0
"""Seconds: outside AWS nobody answers there."""
EARLY = 300.0
"""Seconds before their end that temporary credentials are replaced."""
SESSION_NAME = "waypoint"


class Credentials:
    """An access key; token is empty for lasting ones, expires 0.0 when they do not."""

    __slots__ = ("access_key", "expires", "secret_key", "token")

    def __init__(self, access_key: str, secret_key: str, token: str = "", expires: float = 0.0) -> None:
        self.access_key = access_key
        self.secret_key = secret_key
        self.token = token
        self.expires = expires


def signed(
    credentials: Credentials,
    region: str,
    service: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    moment: float,
    method: str = "POST",
) -> dict[str, str]:
    """The headers of a request, `Authorization` among them; moment is seconds since the epoch."""
    parts = urlsplit(url)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))
    all_headers = {**headers, "Host": parts.netloc, "X-Amz-Date": stamp}
    if credentials.token:
        all_headers["X-Amz-Security-Token"] = credentials.token
    canonical = sorted((name.lower(), " ".join(value.split())) for name, value in all_headers.items())
    names = ";".join(name for name, _ in canonical)
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    request = "\n".join(
        [
            method,
            quote(parts.path or "/", safe="/-_.~%"),
            query,
            *(f"{name}:{value}" for name, value in canonical),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = ("AWS4" + credentials.secret_key).encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    all_headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return all_headers


class Account:
    """Where credentials come from, in this order: settings, environment, shared files, web identity, the container,
    the machine; then, when asked for, another role is assumed with them. prefix is put before the names of settings."""

    def __init__(self, settings: Mapping[str, str], environment: Mapping[str, str], prefix: str = "") -> None:
        self._settings = {name: value for name, value in settings.items() if value}
        self._environment = environment
        self._prefix = prefix
        self._kept: Credentials | None = None
        self.now: Callable[[], float] = time.time

    def region(self, default: str = "") -> str:
        """The region to work in. Raises SourceError when nobody says it."""
        found = (
            self._setting("region")
            or self._environment.get("AWS_REGION")
            or self._environment.get("AWS_DEFAULT_REGION")
            or self._profile().get("region")
            or default
        )
        if not found:
            raise SourceError("no AWS region: set `region` for the source, or AWS_REGION")
        return found

    def credentials(self) -> Credentials:
        """Credentials that are good for some minutes. Raises SourceError."""
        if self._kept is None or (self._kept.expires and self._kept.expires - EARLY < self.now()):
            found = self._find()
            if self._setting("assume_role_arn"):
                found = self._assume(found)
            self._kept = found
        return self._kept

    def _setting(self, name: str) -> str:
        return self._settings.get(self._prefix + name, "")

    def _find(self) -> Credentials:
        if self._setting("access_key") and self._setting("secret_key"):
            return Credentials(self._setting("access_key"), self._setting("secret_key"), self._setting("token"))
        environment = self._environment
        if environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
            return Credentials(
                environment["AWS_ACCESS_KEY_ID"],
                environment["AWS_SECRET_ACCESS_KEY"],
                environment.get("AWS_SESSION_TOKEN", ""),
            )
        profile = self._profile()
        if profile.get("aws_access_key_id") and profile.get("aws_secret_access_key"):
            return Credentials(
                profile["aws_access_key_id"], profile["aws_secret_access_key"], profile.get("aws_session_token", "")
            )
        if environment.get("AWS_WEB_IDENTITY_TOKEN_FILE") and environment.get("AWS_ROLE_ARN"):
            return self._web_identity()
        if environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") or environment.get(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI"
        ):
            return self._container()
        if is_true(self._setting("skip_metadata_api_check")) or is_true(
            environment.get("AWS_EC2_METADATA_DISABLED", "")
        ):
            raise SourceError("no AWS credentials: neither settings, environment, files nor a role give any")
        return self._machine()

    def _profile(self) -> Mapping[str, str]:
        environment = self._environment
        home = environment.get("HOME", "/root")
        name = self._setting("profile") or environment.get("AWS_PROFILE") or "default"
        found: dict[str, str] = {}
        for path, section in (
            (environment.get("AWS_CONFIG_FILE") or os.path.join(home, ".aws/config"), f"profile {name}"),
            (
                self._setting("shared_credentials_file")
                or environment.get("AWS_SHARED_CREDENTIALS_FILE")
                or os.path.join(home, ".aws/credentials"),
                name,
            ),
        ):
            parser = configparser.RawConfigParser(default_section="\0")
            try:
                parser.read(path, encoding="utf-8")
            except (configparser.Error, ValueError, OSError) as error:
                raise SourceError(f"{path} cannot be read: {type(error).__name__}") from error
            for title in (section, name):
                if parser.has_section(title):
                    found.update(parser.items(title))
                    break
        return found

    # Roles

    def _sts(self, parameters: Mapping[str, str], signer: Credentials | None) -> Credentials:
        region = self.region("us-east-1")
        base = (
            self._setting("sts_endpoint")
            or self._environment.get("AWS_ENDPOINT_URL_STS")
            or self._environment.get("AWS_ENDPOINT_URL")
            or f"https://sts.{region}.amazonaws.com"
        ).rstrip("/")
        body = urlencode({"Version": "2011-06-15", "RoleSessionName": SESSION_NAME, **parameters}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        if signer is not None:
            headers = signed(signer, region, "sts", base + "/", headers, body, self.now())
        answer = Client(base).request("POST", "/", headers, body)
        text = answer.body.decode("utf-8", "replace")
        if answer.status != 200:
            code = _element(text, "Code") or f"HTTP status {answer.status}"
            raise SourceError(f"the role {parameters['RoleArn']} cannot be assumed: {code}")
        return Credentials(
            _element(text, "AccessKeyId"),
            _element(text, "SecretAccessKey"),
            _element(text, "SessionToken"),
            parse_time(_element(text, "Expiration")) or self.now() + 2 * EARLY,
        )

    def _assume(self, base: Credentials) -> Credentials:
        parameters = {"Action": "AssumeRole", "RoleArn": self._setting("assume_role_arn")}
        for setting, parameter in (
            ("assume_role_session_name", "RoleSessionName"),
            ("assume_role_duration_seconds", "DurationSeconds"),
            ("assume_role_external_id", "ExternalId"),
            ("assume_role_policy", "Policy"),
        ):
            if self._setting(setting):
                parameters[parameter] = self._setting(setting)
        return self._sts(parameters, base)

    def _web_identity(self) -> Credentials:
        token = read_file(self._environment["AWS_WEB_IDENTITY_TOKEN_FILE"], "the web identity token")
        role = self._environment["AWS_ROLE_ARN"]
        parameters = {"Action": "AssumeRoleWithWebIdentity", "RoleArn": role, "WebIdentityToken": token}
        return self._sts(parameters, None)

    # Metadata

    def _container(self) -> Credentials:
        environment = self._environment
        relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        url = CONTAINER_HOST + relative if relative else environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        headers = {}
        if environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
            path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
            headers["Authorization"] = read_file(path, "the container's authorization token")
        elif environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            headers["Authorization"] = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        parts = urlsplit(url)
        path = parts.path + ("?" + parts.query if parts.query else "")
        answer = Client(f"{parts.scheme}://{parts.netloc}").request("GET", path, headers)
        if answer.status != 200:
            raise SourceError(f"the container's credentials: HTTP status {answer.status}")
        return _from_json(answer.json())

    def _machine(self) -> Credentials:
        base = self._environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA_HOST
        client = Client(base)
        try:
            ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
            token = client.request("PUT", "/latest/api/token", ttl, timeout=METADATA_TIMEOUT)
        except SourceError as error:
            raise SourceError(
                "no AWS credentials: neither settings, environment, files nor a role give any, and this is no machine "
                "of EC2"
            ) from error
        headers = {"X-aws-ec2-metadata-token": token.body.decode("ascii", "replace")}
        folder = "/latest/meta-data/iam/security-credentials/"
        role = client.request("GET", folder, headers, timeout=METADATA_TIMEOUT)
        if role.status != 200:
            raise SourceError("no AWS credentials: this machine of EC2 has no role")
        name = role.body.decode("utf-8", "replace").split("\n")[0].strip()
        return _from_json(client.request("GET", folder + quote(name), headers, timeout=METADATA_TIMEOUT).json())


def parse_time(text: str) -> float:
    """Seconds since the epoch of `2006-01-02T15:04:05Z`; 0.0 when it is not readable."""
    try:
        return float(calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        return 0.0


def _element(text: str, name: str) -> str:
    found = re.search(f"<{name}>([^<]*)</{name}>", text)
    return found.group(1) if found else ""


def _from_json(found: Any) -> Credentials:
    try:
        return Credentials(
            found["AccessKeyId"], found["SecretAccessKey"], found.get("Token", ""), parse_time(found["Expiration"])
        )
    except (KeyError, TypeError, AttributeError):
        raise SourceError("the metadata service's answer has no credentials") from None
