"""`dynamic("consul", {key = "…"})`: a key of Consul's KV store.

API: https://developer.hashicorp.com/consul/api-docs/kv. Settings left out come from the environment that Consul's own
tools read (`CONSUL_HTTP_ADDR` and its siblings).
"""

from __future__ import annotations

import base64
import binascii
import json
from urllib.parse import quote, urlencode

from wp_sources.client import Client, read_file, tls_context
from wp_sources.contract import SourceError, each, is_true, required

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wp_sources.contract import Reading

DEFAULT_ADDRESS = "127.0.0.1:8500"


class Consul:
    """One Consul agent or server."""

    def __init__(self, settings: Mapping[str, str], environment: Mapping[str, str]) -> None:
        def either(name: str, variable: str, default: str = "") -> str:
            return settings.get(name) or environment.get(variable) or default

        address = either("address", "CONSUL_HTTP_ADDR", DEFAULT_ADDRESS)
        if "://" not in address:
            secure = is_true(environment.get("CONSUL_HTTP_SSL", ""))
            address = f"{settings.get('scheme') or ('https' if secure else 'http')}://{address}"
        context = None
        if address.startswith("https:"):
            verify = environment.get("CONSUL_HTTP_SSL_VERIFY", "true")
            context = tls_context(
                either("ca_file", "CONSUL_CACERT"),
                either("ca_path", "CONSUL_CAPATH"),
                settings.get("ca_pem", ""),
                is_true(settings.get("insecure_https", "")) or not is_true(verify),
                either("cert_file", "CONSUL_CLIENT_CERT"),
                either("key_file", "CONSUL_CLIENT_KEY"),
            )
        self._client = Client(address, context, either("server_name", "CONSUL_TLS_SERVER_NAME"))
        self._token = settings.get("token", "")
        self._token_file = settings.get("token_file", "")
        if not self._token and not self._token_file:
            self._token = environment.get("CONSUL_HTTP_TOKEN", "")
            self._token_file = environment.get("CONSUL_HTTP_TOKEN_FILE", "")
        self._login = environment.get("CONSUL_HTTP_AUTH", "")
        if settings.get("username"):
            self._login = f"{settings['username']}:{settings.get('password', '')}"
        self._defaults = {
            "dc": settings.get("datacenter", ""),
            "ns": either("namespace", "CONSUL_NAMESPACE"),
            "partition": either("partition", "CONSUL_PARTITION"),
        }

    def read(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Reading]:
        """The values of keys; with `prefix = "true"` all below a key, as one JSON object."""
        return each(wanted, self._read_one)

    def _read_one(self, parameters: Mapping[str, str]) -> str:
        (key,) = required(parameters, "key")
        whole = is_true(parameters.get("prefix", ""))
        query = {name: value for name, value in self._defaults.items() if value}
        for name, parameter in (("dc", "datacenter"), ("ns", "namespace"), ("partition", "partition")):
            if parameters.get(parameter):
                query[name] = parameters[parameter]
        flags = ["recurse"] if whole else []
        if is_true(parameters.get("allow_stale", "true")):
            flags.append("stale")
        path = "/v1/kv/" + quote(key.lstrip("/")) + "?" + "&".join([*flags, urlencode(query)]).rstrip("&")
        answer = self._client.request("GET", path.rstrip("?"), self._headers())
        if answer.status == 404:
            raise SourceError(f"Consul has no key {key}")
        if answer.status == 403:
            raise SourceError(f"Consul's token may not read {key}; it needs a policy with key_prefix read")
        if answer.status != 200:
            raise SourceError(f"Consul answered {key} with HTTP status {answer.status}")
        entries = answer.json()
        if not isinstance(entries, list) or not entries:
            raise SourceError(f"Consul's answer for {key} has no entry")
        if not whole:
            return _text(entries[0])
        start = len(key.lstrip("/"))
        return json.dumps(
            {str(entry.get("Key"))[start:].lstrip("/"): _text(entry) for entry in entries}, separators=(",", ":")
        )

    def _headers(self) -> dict[str, str]:
        token = read_file(self._token_file, "Consul's token file") if self._token_file else self._token
        headers = {"X-Consul-Token": token} if token else {}
        if self._login:
            headers["Authorization"] = "Basic " + base64.b64encode(self._login.encode()).decode()
        return headers


def _text(entry: object) -> str:
    value = entry.get("Value") if isinstance(entry, dict) else None
    try:
        return base64.b64decode(value or "").decode("utf-8", "surrogateescape")
    except (TypeError, binascii.Error):
        raise SourceError("Consul's answer has a value that is not base64") from None


def open_source(settings: Mapping[str, str], environment: Mapping[str, str]) -> Consul:
    """As wp_sources.open_source."""
    return Consul(settings, environment)
