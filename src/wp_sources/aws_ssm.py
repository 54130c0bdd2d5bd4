"""`dynamic("aws-ssm", {path = "…"})`: parameters of AWS Systems Manager, decrypted.

API: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html (at most ten names each).
"""

from __future__ import annotations

import json
import time

from wp_sources.aws import Account, signed
from wp_sources.client import Client, tls_context
from wp_sources.contract import SourceError, is_true, required

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from wp_sources.contract import Reading

NAMES_PER_CALL = 10
ATTEMPTS = 3
PAUSE = 0.3
_THROTTLED = ("ThrottlingException", "TooManyUpdates", "InternalServerError")


class Ssm:
    """The parameters of one account and region."""

    def __init__(self, settings: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._account = Account(settings, environment)
        self._region = self._account.region()
        base = (
            settings.get("ssm_endpoint")
            or environment.get("AWS_ENDPOINT_URL_SSM")
            or environment.get("AWS_ENDPOINT_URL")
            or f"https://ssm.{self._region}.amazonaws.com"
        ).rstrip("/")
        insecure = base.startswith("https:") and is_true(settings.get("insecure", ""))
        self._client = Client(base, tls_context(skip_verify=True) if insecure else None)

    def read(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Reading]:
        """The parameters' values, fetched ten at a time."""
        answers: dict[str, Reading] = {}
        asked: dict[str, list[str]] = {}
        for name, parameters in wanted.items():
            try:
                (path,) = required(parameters, "path")
            except SourceError as error:
                answers[name] = error
            else:
                asked.setdefault(path, []).append(name)
        paths = list(asked)
        for start in range(0, len(paths), NAMES_PER_CALL):
            batch = paths[start : start + NAMES_PER_CALL]
            try:
                found: dict[str, Any] | SourceError = self._get(batch)
            except SourceError as error:
                found = error
            for path in batch:
                if isinstance(found, SourceError):
                    answer: Reading = found
                elif path in found:
                    answer = str(found[path])
                else:
                    answer = SourceError(f"there is no parameter {path} in {self._region}")
                answers.update(dict.fromkeys(asked[path], answer))
        return answers

    def _get(self, paths: list[str]) -> dict[str, Any]:
        """Values by the name they were asked by, which may also be an ARN or `name:version`."""
        body = json.dumps({"Names": paths, "WithDecryption": True}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameters"}
        for attempt in range(ATTEMPTS):
            credentials = self._account.credentials()
            url = self._client.base + "/"
            request = signed(credentials, self._region, "ssm", url, headers, body, time.time())
            answer = self._client.request("POST", "/", request, body)
            if answer.status == 200:
                break
            kind = _kind(answer.body)
            if attempt + 1 == ATTEMPTS or not (answer.status >= 500 or kind in _THROTTLED):
                raise SourceError(f"Systems Manager in {self._region} answered {kind or answer.status}")
            time.sleep(PAUSE * 2**attempt)
        found: dict[str, Any] = {}
        for parameter in answer.json().get("Parameters") or []:
            name = str(parameter.get("Name"))
            for key in (name, name + str(parameter.get("Selector") or ""), str(parameter.get("ARN"))):
                found[key] = parameter.get("Value")
        return found


def _kind(body: bytes) -> str:
    try:
        return str(json.loads(body).get("__type", "")).rpartition("#")[2]
    except (ValueError, AttributeError):
        return ""


def open_source(settings: Mapping[str, str], environment: Mapping[str, str]) -> Ssm:
    """As wp_sources.open_source."""
    return Ssm(settings, environment)
