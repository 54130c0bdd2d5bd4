"""Workspaces and their outputs, after https://developer.hashicorp.com/terraform/cloud-docs/api-docs/state-versions."""

from __future__ import annotations

from .standin import Request, StandIn


class Terraform(StandIn):
    """One workspace, shop/web; outputs by name, those in `sensitive` without value in the list."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: dict[str, object] = {}
        self.sensitive: set[str] = set()
        self.throttled = 0

    def answer(self, request: Request) -> tuple[object, ...]:
        if request.headers.get("authorization") != "Bearer tfc-token":
            return 401, {"errors": [{"status": "401", "title": "unauthorized"}]}
        if self.throttled:
            self.throttled -= 1
            return 429, {}, {"retry-after": "0"}
        if request.path == "/api/v2/organizations/shop/workspaces/web":
            return 200, {"data": {"id": "ws-1", "type": "workspaces"}}
        if request.path == "/api/v2/workspaces/ws-1/current-state-version":
            assert request.query == {"include": "outputs"}
            return 200, {"data": {"id": "sv-1"}, "included": [self._output(name) for name in self.outputs]}
        name = request.path.removeprefix("/api/v2/state-version-outputs/wsout-")
        if name in self.outputs:
            return 200, {"data": self._output(name, whole=True)}
        return 404, {"errors": [{"status": "404", "title": "not found"}]}

    def _output(self, name: str, whole: bool = False) -> dict[str, object]:
        hidden = name in self.sensitive and not whole
        attributes = {
            "name": name,
            "sensitive": name in self.sensitive,
            "value": None if hidden else self.outputs[name],
        }
        return {"id": f"wsout-{name}", "type": "state-version-outputs", "attributes": attributes}
