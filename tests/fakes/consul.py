"""Consul's KV store, after https://developer.hashicorp.com/consul/api-docs/kv."""

from __future__ import annotations

import base64

from .standin import Request, StandIn


class Consul(StandIn):
    """Keys and values; a token may be demanded."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, bytes] = {}
        self.token = ""

    def answer(self, request: Request) -> tuple[object, ...]:
        if self.token and request.headers.get("x-consul-token") != self.token:
            return 403, b"Permission denied"
        key = request.path.removeprefix("/v1/kv/")
        if "recurse" in request.query:
            found = [name for name in sorted(self.keys) if name.startswith(key)]
        else:
            found = [name for name in self.keys if name == key]
        if not found:
            return 404, b"", {"x-consul-index": "1"}
        entries = [
            {
                "LockIndex": 0,
                "Key": name,
                "Flags": 0,
                "Value": base64.b64encode(self.keys[name]).decode() if self.keys[name] else None,
                "CreateIndex": 5,
                "ModifyIndex": 7,
            }
            for name in found
        ]
        return 200, entries, {"x-consul-index": "7"}
