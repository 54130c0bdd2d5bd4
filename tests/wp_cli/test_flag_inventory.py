"""Every flag that the reference has is there, with its alias and its default (CLI specification 1.3, 2.3 to 2.6, 4)."""

from __future__ import annotations

import pytest

from wp_cli import registry
from wp_cli.help import command_help

GLOBAL = {"app": "a", "project": "p", "workspace": "w", "plain": ""}
OPERATION = dict.fromkeys(("label", "local", "remote", "remote-source", "var", "var-file"), "")
PRUNE = {"prune": "", "prune-retain": ""}
LISTS = {"order-by": "", "desc": "", "limit": "", "workspace-all": "", "long-ids": "", "verbose": "V", "json": ""}
STATES = {"state": "", "physical-state": "", "url": "u"}
CONNECTION = {"server-addr": "", "server-tls": "", "server-tls-skip-verify": ""}
SCOPES = {"scope": "", "label-scope": ""}

FLAGS: dict[str, dict[str, str]] = {
    "up": OPERATION | PRUNE,
    "artifact build": OPERATION | {"push": ""},
    "artifact push": OPERATION,
    "artifact list": LISTS,
    "artifact list-builds": {"workspace-all": ""},
    "deployment deploy": OPERATION | PRUNE | {"release": ""},
    "deployment list": LISTS | STATES,
    "deployment destroy": OPERATION | {"all": "", "force": ""},
    "release": OPERATION | PRUNE | {"deployment": "d", "repeat": ""},
    "release list": LISTS | STATES,
    "destroy": OPERATION | {"auto-approve": ""},
    "status": OPERATION | {"json": "", "all-projects": "", "refresh": "", "verbose": "V"},
    "init": {"from-project": "", "into": "", "update": ""},
    "exec": OPERATION | {"instance": ""},
    "logs": OPERATION | {"deployment-seq": ""},
    "config get": {"json": "", "raw": "", "runner": "", "label": ""},
    "config set": SCOPES | {"runner": ""},
    "config delete": SCOPES,
    "config sync": OPERATION,
    "config source-set": dict.fromkeys(("type", "config", "scope", "delete"), ""),
    "config source-get": {"type": "", "scope": ""},
    "config source-delete": {"type": "", "scope": ""},
    "hostname register": {}, "hostname list": {}, "hostname delete": {},
    "project list": OPERATION | {"json": ""},
    "project inspect": {"json": ""},
    "project apply": dict.fromkeys((
        "data-source", "git-url", "git-path", "git-ref", "git-auth-type", "git-username", "git-password",
        "git-private-key-path", "git-private-key-password", "git-recurse-submodules", "from-waypoint-hcl",
        "waypoint-hcl", "poll",
        "poll-interval", "app-status-poll", "app-status-poll-interval",
    ), ""),
    "project destroy": OPERATION | {"auto-approve": "", "skip-destroy-resources": ""},
    "workspace list": {},
    "job list": OPERATION | dict.fromkeys((
        "state", "target-runner-id", "target-runner-label", "pipeline-id", "pipeline-name", "run", "desc",
        "json",
        "limit",
    ), "") | {"verbose": "V"},
    "job inspect": OPERATION | {"json": ""},
    "job cancel": OPERATION | {"dangerously-force": ""},
    "job get-stream": OPERATION,
    "pipeline list": OPERATION | {"json": ""},
    "pipeline inspect": OPERATION | {"name": "", "run": "", "json": ""},
    "pipeline run": OPERATION | {"id": "", "reattach": "", "run": ""},
    "context create": CONNECTION | dict.fromkeys(
        ("server-auth-token", "server-platform", "server-require-auth", "set-default"), ""
    ),
    "context use": {}, "context list": {}, "context inspect": {"json": ""}, "context rename": {},
    "context delete": {"all": ""}, "context clear": {}, "context verify": {}, "context set": {},
    "server run": dict.fromkeys((
        "db", "listen-grpc", "listen-http", "listen-http-insecure", "tls-cert-file", "tls-key-file",
        "disable-ui",
        "url-enabled", "url-api-addr", "url-api-insecure", "url-control-addr", "url-control-token",
        "url-auto-app-hostname", "url-inmem", "advertise-addr", "advertise-tls", "advertise-tls-skip-verify",
        "accept-tos", "telemetry-oc-agent-addr", "telemetry-oc-agent-insecure", "telemetry-dd-trace-addr",
        "telemetry-oc-zpages-addr",
    ), ""),
    "server config-set": dict.fromkeys(("advertise-addr", "advertise-tls", "advertise-tls-skip-verify"), ""),
    "server install": dict.fromkeys((
        "platform", "accept-tos", "context-create", "context-set-default", "runner", "docker-server-image",
        "docker-odr-image", "docker-runner-socket-path",
    ), ""),
    "server upgrade": dict.fromkeys((
        "auto-approve", "context-name", "platform", "snapshot", "snapshot-name", "docker-server-image",
        "docker-odr-image", "docker-runner-socket-path",
    ), ""),
    "server uninstall": dict.fromkeys((
        "auto-approve", "platform", "snapshot", "snapshot-name", "delete-context", "ignore-runner-error",
    ), ""),
    "runner install": dict.fromkeys((
        "platform", "server-addr", "server-tls", "server-tls-skip-verify", "server-require-auth", "odr-image",
        "skip-adopt", "id", "docker-runner-image", "docker-runner-network", "docker-socket-path",
    ), ""),
    "runner uninstall": dict.fromkeys(("platform", "id", "server-addr"), ""),
    "server bootstrap": CONNECTION | {"context-create": "", "context-set-default": ""},
    "login": CONNECTION | dict.fromkeys((
        "auth-method", "token", "from-kubernetes", "from-kubernetes-service", "from-kubernetes-secret",
        "from-kubernetes-namespace",
    ), ""),
    "user inspect": {"username": ""},
    "user modify": {"username": "", "new-username": "", "display-name": ""},
    "user invite": {"expires-in": "", "username": ""},
    "user token": {"expires-in": "", "username": "", "trigger-url-token": ""},
    "token new": {},
    "token invite": {"lifetime": ""},
    "token exchange": {"token": ""},
    "auth-method set oidc": dict.fromkeys((
        "display-name", "description", "access-selector", "client-id", "client-secret", "claim-scope",
        "signing-algorithm", "issuer", "issuer-ca-pem", "allowed-redirect-uri", "claim-mapping",
        "list-claim-mapping",
    ), ""),
    "auth-method list": {},
    "auth-method inspect": {},
    "auth-method delete": {},
    "server snapshot": {},
    "server restore": {"exit": ""},
    "server cookie": {},
    "runner agent": dict.fromkeys((
        "id", "cookie", "state-dir", "label", "concurrency", "enable-dynamic-config", "liveness-tcp-addr",
        "odr", "odr-profile-id",
    ), ""),
    "runner list": OPERATION | {"json": "", "pending": ""},
    "runner inspect": {"json": ""},
    "runner token": {"expires-in": "", "id": "", "label": ""},
    "runner profile set": dict.fromkeys((
        "name", "oci-url", "env-var", "env-vars", "plugin-type", "plugin-config", "default",
        "target-runner-id", "target-runner-label", "target-runner-any",
    ), ""),
    "runner profile inspect": {"json": ""},
    "runner profile list": {},
    "runner profile delete": {"id": ""},
    "runner profile edit": {},
    "task list": OPERATION | {"state": "", "desc": "", "limit": "", "json": ""},
    "task inspect": OPERATION | {"run-job-id": "", "json": ""},
    "task cancel": OPERATION | {"run-job-id": ""},
    "trigger create": OPERATION | dict.fromkeys((
        "name", "description", "trigger-tag", "no-auth", "op", "disable-push", "build-id", "deployment-id",
        "prune", "prune-retain",
    ), ""),
    "trigger update": OPERATION | dict.fromkeys((
        "name", "id", "description", "trigger-tag", "no-auth", "op", "disable-push", "build-id",
        "deployment-id", "prune", "prune-retain",
    ), ""),
    "trigger delete": OPERATION | {"id": ""},
    "trigger list": OPERATION | {"trigger-tag": "", "full": "", "json": ""},
    "trigger inspect": OPERATION | {"json": ""},
    "docs": OPERATION | {"builtin": "", "markdown": "", "type": "", "plugin": "", "json": ""},
    "workspace inspect": {},
    "workspace create": {},
    "fmt": {"write": "", "check": ""},
    "version": {},
}  # fmt: skip

DEFAULTS = {
    "up": {"prune": True, "prune_retain": -1, "local": None},
    "artifact build": {"push": True},
    "deployment deploy": {"release": True, "prune": True, "prune_retain": -1},
    "deployment list": {"physical_state": "created", "limit": 0, "json": False},
    "release": {"deployment": "", "repeat": False},
    "config set": {"scope": "project"},
    "config source-set": {"scope": "global", "delete": False},
    "config source-get": {"scope": "project"},
    "config source-delete": {"scope": "global"},
    "context create": {"server_tls": True, "server_platform": "n/a", "set_default": True},
    "server run": {"listen_grpc": "127.0.0.1:9701", "listen_http": "127.0.0.1:9702", "advertise_tls": True},
    "server bootstrap": {"context_create": "bootstrap-timestamp", "context_set_default": True},
    "server install": {"context_set_default": True, "runner": True},
    "server uninstall": {"snapshot": True, "snapshot_name": "waypoint-server-snapshot", "delete_context": True},
    "runner install": {"server_tls": True, "skip_adopt": False},
    "fmt": {"write": True, "check": False},
}


@pytest.mark.parametrize("name", FLAGS)
def test_the_flags_of_the_reference_are_accepted(name: str) -> None:
    known = {flag.name: flag.alias for flag in registry.load(name).flags}
    wanted = GLOBAL | FLAGS[name]
    assert {flag: known.get(flag) for flag in wanted} == wanted


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_those_of_the_reference(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WAYPOINT_PLAIN", "WAYPOINT_CONTEXT"):
        monkeypatch.delenv(variable, raising=False)
    values = registry.load(name).parse(["NAME"] if name == "context create" else []).values
    assert {key: values[key] for key in DEFAULTS[name]} == DEFAULTS[name]


@pytest.mark.parametrize("name", ["task list", "trigger create", "runner list", "docs"])
def test_flags_without_effect_are_taken_and_not_shown(name: str) -> None:
    command = registry.load(name)
    command.parse(["-local=false", "-label=a=b"])
    assert "-remote-source" not in command_help(command)


def test_old_names_of_commands_are_the_new_commands() -> None:
    assert registry.load("build") is registry.load("artifact build")
    assert registry.load("deploy") is registry.load("deployment deploy")
    assert registry.load("install") is registry.load("server install")
