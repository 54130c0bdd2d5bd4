"""`dynamic("terraform-cloud", {organization, workspace, output})`: outputs of a workspace's current state.

API: https://developer.hashicorp.com/terraform/cloud-docs/api-docs/state-versions. Outputs change rarely and the API
allows few requests, so a workspace is asked once in `refresh_interval` (10 minutes, at least 1).
"""

from __future__ import annotations

import json
import re
import time
from urllib.parse import quote

from wp_sources.client import Client, text_of, tls_context
from wp_sources.contract import SourceError, each, is_true, required

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Callable

    from wp_sources.contract import Reading

ADDRESS = "https://app.terraform.io"
REFRESH = 600.0
SHORTEST_REFRESH = 60.0
ATTEMPTS = 3
LONGEST_PAUSE = 2.0
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


class TerraformCloud:
    """One organisation's API."""

    def __init__(self, settings: Mapping[str, str], environment: Mapping[str, str]) -> None:
        token = settings.get("token") or environment.get("TFE_TOKEN")
        if not token:
            raise SourceError("terraform-cloud needs the setting token")
        base = settings.get("base_url") or ADDRESS
        context = None
        if base.startswith("https:") and is_true(settings.get("skip_verify", "")):
            context = tls_context(skip_verify=True)
        self._client = Client(base, context)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/vnd.api+json"}
        self._refresh = _interval(settings.get("refresh_interval", ""))
        self._known: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
        self.now: Callable[[], float] = time.monotonic

    def read(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Reading]:
        """The wanted outputs; all of a workspace as one JSON object where none is named."""
        return each(wanted, self._read_one)

    def _read_one(self, parameters: Mapping[str, str]) -> str:
        organization, workspace = required(parameters, "organization", "workspace")
        outputs = self._outputs(organization, workspace)
        name = parameters.get("output")
        if not name:
            return json.dumps(outputs, separators=(",", ":"), sort_keys=True)
        if name not in outputs:
            raise SourceError(f"the workspace {organization}/{workspace} has no output {name}")
        return text_of(outputs[name])

    def _outputs(self, organization: str, workspace: str) -> dict[str, Any]:
        known = self._known.get((organization, workspace))
        if known is not None and self.now() - known[0] < self._refresh:
            return known[1]
        place = f"{organization}/{workspace}"
        found = self._get(
            f"/api/v2/organizations/{quote(organization, safe='')}/workspaces/{quote(workspace, safe='')}",
            f"the workspace {place}",
        )
        number = _member(found, "data", "id")
        state = self._get(
            f"/api/v2/workspaces/{quote(str(number), safe='')}/current-state-version?include=outputs",
            f"the state of {place}",
        )
        outputs: dict[str, Any] = {}
        for item in state.get("included") or []:
            if item.get("type") != "state-version-outputs":
                continue
            output = item.get("attributes") or {}
            if output.get("sensitive"):
                whole = self._get(
                    f"/api/v2/state-version-outputs/{quote(str(item.get('id')), safe='')}",
                    f"the output {output.get('name')} of {place}",
                )
                output = _member(whole, "data", "attributes")
            outputs[str(output.get("name"))] = output.get("value")
        self._known[(organization, workspace)] = (self.now(), outputs)
        return outputs

    def _get(self, path: str, what: str) -> dict[str, Any]:
        for attempt in range(ATTEMPTS):
            answer = self._client.request("GET", path, self._headers)
            if answer.status != 429 or attempt + 1 == ATTEMPTS:
                break
            time.sleep(_pause(answer.headers.get("retry-after", "")))
        if answer.status == 401:
            raise SourceError(f"{self._client.base} does not accept the token")
        if answer.status == 404:
            raise SourceError(f"{what} does not exist, or the token may not see it")
        if answer.status != 200:
            raise SourceError(f"{self._client.base} answered {what} with HTTP status {answer.status}")
        found = answer.json()
        if not isinstance(found, dict):
            raise SourceError(f"{self._client.base} answered {what} with something else than an object")
        return found


def _member(found: dict[str, Any], *path: str) -> Any:
    value: Any = found
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        raise SourceError(f"the answer of Terraform Cloud has no {'.'.join(path)}")
    return value


def _pause(retry_after: str) -> float:
    try:
        return max(0.0, min(float(retry_after), LONGEST_PAUSE))
    except ValueError:
        return 1.0


def _interval(text: str) -> float:
    if not text:
        return REFRESH
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise SourceError(f"refresh_interval is {text!r}, but must be a duration such as 10m")
    return max(SHORTEST_REFRESH, sum(float(number) * _UNITS[unit] for number, unit in parts))


def open_source(settings: Mapping[str, str], environment: Mapping[str, str]) -> TerraformCloud:
    """As wp_sources.open_source."""
    return TerraformCloud(settings, environment)
