"""The flag groups that many commands share (CLI specification 2.3 to 2.6)."""

from __future__ import annotations

from typing import Any

from wp_cli.flags import BOOL, INT, LIST, MAP, STRING, UINT, Enum, Enum1, Flag

GLOBAL = "Global Options"
OPERATION = "Operation Options"
CONNECTION = "Connection Options"
FILTER = "Filter Options"

APP = Flag("app", STRING, "", "Application to target; needed where a project has several.", alias="a", group=GLOBAL)
PROJECT = Flag("project", STRING, "", "Project to target instead of the one in waypoint.hcl.", alias="p", group=GLOBAL)
WORKSPACE = Flag(
    "workspace", STRING, "",
    "Workspace to operate in. Precedence: this flag, WAYPOINT_WORKSPACE, the context, \"default\".",
    alias="w", group=GLOBAL,
)  # fmt: skip
PLAIN = Flag(
    "plain", BOOL, False, "Plain output: one line per fact, no control characters.", env="WAYPOINT_PLAIN", group=GLOBAL
)

SERVER_ADDR = Flag("server-addr", STRING, "", "Address of the server (host:port) for this command.", group=CONNECTION)
SERVER_TLS = Flag("server-tls", BOOL, True, "Use TLS for -server-addr.", group=CONNECTION)
SERVER_TLS_SKIP_VERIFY = Flag(
    "server-tls-skip-verify", BOOL, False, "Accept any certificate from -server-addr.", group=CONNECTION
)
SERVER_TLS_FINGERPRINT = Flag(
    "server-tls-fingerprint", STRING, "", "SHA-256 fingerprint that the server's certificate must have.",
    env="WAYPOINT_SERVER_TLS_FINGERPRINT", group=CONNECTION,
)  # fmt: skip
SERVER_TLS_CA_FILE = Flag(
    "server-tls-ca-file", STRING, "", "PEM file with the certificates to trust instead of the system's.",
    env="WAYPOINT_SERVER_TLS_CA_FILE", group=CONNECTION,
)  # fmt: skip
CONTEXT = Flag("context", STRING, "", 'Context to use; "-" for none.', env="WAYPOINT_CONTEXT", group=CONNECTION)

LABEL: Flag[dict[str, str]] = Flag(
    "label", MAP, {}, "Label to store on the job and on what it creates; repeatable.", group=OPERATION
)
LOCAL = Flag(
    "local", BOOL, None,
    "true: run the operation in this process; false: on a remote runner; unset: decide automatically.",
    group=OPERATION,
)  # fmt: skip
REMOTE = Flag("remote", BOOL, None, "Removed; use -local.", group=OPERATION, hidden=True)
REMOTE_SOURCE: Flag[dict[str, str]] = Flag(
    "remote-source",
    MAP,
    {},
    "Override for the data source of a remote job, such as ref=main; repeatable.",
    group=OPERATION,
)
VAR: Flag[dict[str, str]] = Flag("var", MAP, {}, "Value of an input variable, name=value; repeatable.", group=OPERATION)
VAR_FILE = Flag("var-file", LIST, (), "File with values of input variables; repeatable.", group=OPERATION)

PRUNE = Flag("prune", BOOL, True, "Destroy old unreleased deployments after releasing.")
PRUNE_RETAIN = Flag("prune-retain", INT, -1, "How many unreleased deployments to keep; negative: the default of 1.")

KEEP_CONFIG = Flag("keep-config", BOOL, False, "Keep variables on the server that have left waypoint.hcl.")

JSON = Flag("json", BOOL, False, "Print JSON.")
AUTO_APPROVE = Flag("auto-approve", BOOL, False, "Do not ask for confirmation.")

STATE = Flag(
    "state", Enum("error", "running", "success", "unknown"), (), "Only with this status; repeatable.", group=FILTER
)
PHYSICAL_STATE = Flag(
    "physical-state",
    Enum1("any", "created", "destroyed", "pending"),
    "created",
    "Only in this physical state.",
    group=FILTER,
)
ORDER_BY = Flag(
    "order-by", Enum1("start-time", "complete-time"), "start-time", "Time to order by.", group=FILTER
)  # fmt: skip
DESC = Flag("desc", BOOL, True, "Newest first; -desc=false for oldest first.", group=FILTER)
LIMIT = Flag("limit", UINT, 0, "Show at most this many; 0 shows all.", group=FILTER)
WORKSPACE_ALL = Flag("workspace-all", BOOL, False, "Show all workspaces.", group=FILTER)
LONG_IDS = Flag("long-ids", BOOL, False, "Show ids beside the sequence numbers.", group=FILTER)
VERBOSE = Flag("verbose", BOOL, False, "Show more details.", alias="V", group=FILTER)
URL = Flag("url", BOOL, False, "Show the URL column.", alias="u", group=FILTER)

GLOBAL_FLAGS = (APP, PROJECT, WORKSPACE, PLAIN)
CONNECTION_FLAGS = (
    SERVER_ADDR,
    SERVER_TLS,
    SERVER_TLS_SKIP_VERIFY,
    SERVER_TLS_FINGERPRINT,
    SERVER_TLS_CA_FILE,
    CONTEXT,
)
OPERATION_FLAGS = (LABEL, LOCAL, REMOTE, REMOTE_SOURCE, VAR, VAR_FILE)
WITHOUT_EFFECT: tuple[Flag[Any], ...] = tuple(
    Flag(flag.name, flag.kind, flag.fallback, f"Without effect here. {flag.help}", group=OPERATION, hidden=True)
    for flag in OPERATION_FLAGS
)
"""The operation flags for commands that run no operation. The reference's scripts may give them there."""
LIST_FLAGS = (ORDER_BY, DESC, LIMIT, WORKSPACE_ALL, LONG_IDS, VERBOSE, JSON)
