"""What the server is told at its start: flags of `server run` (server.md §1.1), each also as environment variable and
as key of a file.

`-listen-grpc=ADDR`, `--listen-grpc ADDR`, `WAYPOINT_SERVER_RUN_LISTEN_GRPC=ADDR` and `listen_grpc = "ADDR"` in the file
of `-config` say the same; the flag wins, then the variable.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import platformdirs

from wp_server.durations import parse_duration

ENV_PREFIX = "WAYPOINT_SERVER_RUN_"
LOG_LEVEL_ENV = "WAYPOINT_LOG_LEVEL"
LOG_FORMAT_ENV = "WAYPOINT_LOG_FORMAT"
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("trace", "debug", "info", "warn", "error")


class SettingsError(Exception):
    """A flag or variable cannot be used; the message says which, and what to write instead."""


@dataclass(frozen=True)
class Settings:
    """All of `server run`. Addresses are `host:port`; port 0 takes a free one."""

    db: Path
    """The state file; with a database elsewhere only its folder counts."""
    db_url: str = ""
    """URL of a PostgreSQL database that keeps the state instead of the file."""
    directory: Path | None = None
    """Folder for what is this server's own; None: that of the state file."""
    listen_grpc: str = "127.0.0.1:9701"
    listen_http: str = "127.0.0.1:9702"
    listen_http_insecure: str = ""
    listen_metrics: str = ""
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    listen_peer: str = "127.0.0.1:0"
    """With PostgreSQL: where the other servers on the database reach this one."""
    advertise_peer: str = ""
    """What they are told; empty = the address listened on."""
    disable_ui: bool = False
    url_enabled: bool = True
    url_api_addr: str = "api.waypoint.run:443"
    url_api_insecure: bool = False
    url_control_addr: str = "https://control.hzn.network"
    url_control_token: str = ""
    url_auto_app_hostname: bool = True
    url_inmem: bool = False
    url_domain: str = ""
    """Hostnames are below it. No flag sets it, as long as no hub of this server routes them; empty: there are none."""
    advertise_addr: str = ""
    advertise_tls: bool = True
    advertise_tls_skip_verify: bool = False
    read_sources: bool = True
    accept_tos: bool = False
    telemetry_oc_agent_addr: str = ""
    telemetry_oc_agent_insecure: bool = False
    telemetry_dd_trace_addr: str = ""
    telemetry_oc_zpages_addr: str = ""
    keep_records_for: str = "2160h"
    """A duration, as is the next; 0 is for ever."""
    keep_audit_for: str = "8760h"
    restore_run_queued: bool = False
    """A restored job may run that was queued for more than a day."""
    local: bool = False
    """The embedded server: free ports, a state file for the command line, a bootstrapped token."""
    log_level: str = "warn"
    log_format: str = "text"
    without_effect: tuple[str, ...] = ()
    """Flags that ask for something which this server accepts but does not have."""
    db_is_default: bool = False

    @property
    def data_dir(self) -> Path:
        """Where certificate and state files live: the directory of the database, if nothing else is given."""
        return self.directory or self.db.parent

    @property
    def store_url(self) -> str:
        """What the store is opened with."""
        return self.db_url or f"sqlite:///{self.db}"

    @property
    def shown_db(self) -> str:
        """The database for people, without a password."""
        shown = re.sub(r"(://[^/:@]*):[^/]*@", r"\1@", self.db_url)
        return re.sub(r"([?&]password=)[^&]*", r"\1***", shown) or str(self.db)


@dataclass(frozen=True)
class _Flag:
    name: str
    field: str
    doc: str
    hidden: bool = False


_CONFIG = _Flag("config", "config", "TOML file with one key for each flag; flags and variables win over it")
_FLAGS = (
    _CONFIG,
    _Flag("db", "db", "state file, or postgresql://USER@HOST/NAME for several servers on one database"),
    _Flag("data-dir", "directory", "folder of the server's certificate; default: that of the state file"),
    _Flag("listen-grpc", "listen_grpc", "address of the gRPC API; always TLS"),
    _Flag("listen-http", "listen_http", "address of the UI and the HTTP API; always TLS"),
    _Flag("listen-http-insecure", "listen_http_insecure", "address of plain HTTP that redirects to TLS; empty = off"),
    _Flag("listen-peer", "listen_peer", "address for the other servers on the same PostgreSQL database; mutual TLS"),
    _Flag("advertise-peer", "advertise_peer", "address that the other servers are told; default: that of -listen-peer"),
    _Flag("listen-metrics", "listen_metrics", "address of Prometheus metrics, plain HTTP without token; empty = off"),
    _Flag("tls-cert-file", "tls_cert_file", "certificate chain, PEM; none = self-signed, kept beside the state file"),
    _Flag("tls-key-file", "tls_key_file", "private key, PEM"),
    _Flag("disable-ui", "disable_ui", "do not serve the UI"),
    _Flag("url-enabled", "url_enabled", "URL service"),
    _Flag("url-api-addr", "url_api_addr", "address of the URL service's API"),
    _Flag("url-api-insecure", "url_api_insecure", "no TLS to that API"),
    _Flag("url-control-addr", "url_control_addr", "address of the URL service's control plane"),
    _Flag("url-control-token", "url_control_token", "token of a URL account; empty = guest account"),
    _Flag("url-auto-app-hostname", "url_auto_app_hostname", "give each application a hostname"),
    _Flag("url-inmem", "url_inmem", "URL service inside this process", hidden=True),
    _Flag("advertise-addr", "advertise_addr", "address that entrypoints connect to"),
    _Flag("advertise-tls", "advertise_tls", "entrypoints use TLS"),
    _Flag("advertise-tls-skip-verify", "advertise_tls_skip_verify", "entrypoints do not verify the certificate"),
    _Flag(
        "read-sources", "read_sources", "read dynamic configuration for the entrypoints, where that can be done here"
    ),
    _Flag("accept-tos", "accept_tos", "accepted for old command lines; this server uses no hosted service"),
    _Flag("telemetry-oc-agent-addr", "telemetry_oc_agent_addr", "OpenCensus agent"),
    _Flag("telemetry-oc-agent-insecure", "telemetry_oc_agent_insecure", "no TLS to the agent"),
    _Flag("telemetry-dd-trace-addr", "telemetry_dd_trace_addr", "Datadog agent"),
    _Flag("telemetry-oc-zpages-addr", "telemetry_oc_zpages_addr", "address of the zPages"),
    _Flag("keep-records-for", "keep_records_for", "how long what is finished is kept, such as 2160h; 0 = for ever"),
    _Flag("keep-audit-for", "keep_audit_for", "how long the audit is kept, such as 8760h; 0 = for ever"),
    _Flag("restore-run-queued", "restore_run_queued", "jobs of a restored snapshot run, however old"),
    _Flag("local", "local", "run as the command line's embedded server"),
)
_POSTGRES = ("postgresql://", "postgres://")
_WITHOUT_EFFECT = frozenset(flag.field for flag in _FLAGS if flag.field.startswith(("url_", "telemetry_")))
_BOOLEANS = {field.name for field in fields(Settings) if field.type == "bool"}
_DURATIONS = frozenset({"keep_records_for", "keep_audit_for"})
_TRUE, _FALSE = {"1", "t", "true"}, {"0", "f", "false"}


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Returns the settings of a `server run` command line. Errors: SettingsError; `-h` prints and exits."""
    parser = _Parser(prog="waypoint-server run", description="Run the server.", allow_abbrev=False, add_help=False)
    parser.add_argument("-h", "-help", "--help", action="help", help="show this text")
    for flag in _FLAGS:
        help_text = argparse.SUPPRESS if flag.hidden else flag.doc
        names = (f"-{flag.name}", f"--{flag.name}")
        if flag.field in _BOOLEANS:
            parser.add_argument(*names, dest=flag.field, nargs="?", const="true", metavar="BOOL", help=help_text)
        else:
            parser.add_argument(*names, dest=flag.field, metavar="VALUE", help=help_text)
    for level, name in (("info", "-v"), ("debug", "-vv"), ("trace", "-vvv")):
        parser.add_argument(name, dest="log_level", action="store_const", const=level, help=f"log from {level} on")
    given = {key: value for key, value in vars(parser.parse_args(list(arguments))).items() if value is not None}
    texts = {
        flag.field: environment[name]
        for flag in _FLAGS
        if (name := ENV_PREFIX + flag.name.upper().replace("-", "_")) in environment
    }
    file = given.pop(_CONFIG.field, "") or texts.pop(_CONFIG.field, "")
    if file:
        texts = _from_file(Path(file)) | texts
    if environment.get(LOG_LEVEL_ENV):
        texts["log_level"] = environment[LOG_LEVEL_ENV].lower()
    if environment.get(LOG_FORMAT_ENV):
        texts["log_format"] = environment[LOG_FORMAT_ENV].lower()
    texts.update(given)
    return _settings(texts)


def _from_file(path: Path) -> dict[str, str]:
    from wp_server.settings_file import read

    fields_of = {flag.name.replace("-", "_"): flag.field for flag in _FLAGS if flag is not _CONFIG}
    fields_of |= {"log_level": "log_level", "log_format": "log_format"}
    return {fields_of[key]: text for key, text in read(path, fields_of).items()}


def _settings(texts: Mapping[str, str]) -> Settings:
    values: dict[str, object] = {}
    for field, text in texts.items():
        if field in _BOOLEANS:
            values[field] = _boolean(field, text)
        elif field == "db" and text.startswith(_POSTGRES):
            values["db_url"] = text
        elif field in {"db", "directory", "tls_cert_file", "tls_key_file"}:
            if text:
                values[field] = Path(text).absolute()
        elif field in _DURATIONS:
            values[field] = _checked_duration(field, text)
        elif field.startswith("listen_") and text:
            values[field] = _address(field, text)
        else:
            values[field] = text
    if values.get("log_level", "warn") not in LOG_LEVELS:
        raise SettingsError(f"{LOG_LEVEL_ENV} must be one of {', '.join(LOG_LEVELS)}.")
    if values.get("log_format", "text") not in LOG_FORMATS:
        raise SettingsError(f"{LOG_FORMAT_ENV} must be one of {', '.join(LOG_FORMATS)}.")
    if ("tls_cert_file" in values) != ("tls_key_file" in values):
        raise SettingsError("-tls-cert-file and -tls-key-file go together: give both or none.")
    # Switching off what is not there needs no remark.
    wanted = {field for field, value in values.items() if value}
    values["without_effect"] = tuple(flag.name for flag in _FLAGS if flag.field in _WITHOUT_EFFECT & wanted)
    local = bool(values.get("local"))
    if local and "db_url" in values:
        raise SettingsError("-local keeps its state in a file: give -db a path, or leave -local out.")
    if "db" not in values:
        values["db"] = default_data_dir() / "data.db" if local else Path("data.db").absolute()
        values["db_is_default"] = not local and "db_url" not in values
    if local:
        # Free ports, so that an embedded server never meets another server; they are remembered in its directory.
        values.setdefault("listen_grpc", "127.0.0.1:0")
        values.setdefault("listen_http", "127.0.0.1:0")
    return Settings(**values)  # type: ignore[arg-type]  # every value was converted to its field's type above


def default_data_dir() -> Path:
    """Returns where the embedded server keeps its state: one per user."""
    return platformdirs.user_data_path("waypoint") / "server"


def split_address(address: str) -> tuple[str, int]:
    """Returns host and port of `host:port`, `:port` or `[v6]:port`. Errors: ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(address)
    return host.removeprefix("[").removesuffix("]"), int(port)


def _address(field: str, text: str) -> str:
    try:
        split_address(text)
    except ValueError as error:
        raise SettingsError(
            f"-{field.replace('_', '-')}={text}: write host:port, for example 127.0.0.1:9701."
        ) from error
    return text


def _checked_duration(field: str, text: str) -> str:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise SettingsError(f"-{field.replace('_', '-')}={text}: {error}.") from error
    if seconds < 0:
        raise SettingsError(f"-{field.replace('_', '-')}={text}: it cannot be negative; 0 keeps for ever.")
    return text


def _boolean(field: str, text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise SettingsError(f"-{field.replace('_', '-')}={text}: write true or false.")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # raises instead of exiting, for one error place
        raise SettingsError(f"{message}. See waypoint-server run -help.")
