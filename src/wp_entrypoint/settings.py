"""What the environment asks of the entrypoint (entrypoint-url.md A3), read once.

A value that cannot be read never keeps the application from starting: the default holds, and a warning says so.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    Environment = dict[bytes, bytes]

DEFAULT_PORT = 9701
CONNECT_TIMEOUT = 5.0
KILL_TIMEOUT = 30.0
LOG_BUFFER = 4 * 1024 * 1024
MAX_SPLAY = 3600.0

TRUE = ("1", "t", "true", "y", "yes", "on")
FALSE = ("0", "f", "false", "n", "no", "off")
LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"": 1, "b": 1, "k": 1024, "kib": 1024, "m": 1 << 20, "mib": 1 << 20, "kb": 1000, "mb": 1000000}


class Address:
    """Where a server is; a service is found by the SRV records of the name in host."""

    __slots__ = ("host", "port", "service")

    def __init__(self, host: str, port: int, service: bool = False) -> None:
        self.host = host
        self.port = port
        self.service = service

    def __str__(self) -> str:
        if self.service:
            return "srv:" + self.host
        return ("[%s]:%d" if ":" in self.host else "%s:%d") % (self.host, self.port)

    def is_private(self) -> bool:
        """Whether the address, when it is a number, is a loopback or private one."""
        host = self.host
        if host == "localhost" or host.startswith(("127.", "10.", "192.168.", "169.254.")):
            return True
        if host.startswith("172."):
            second = host.split(".")[1]
            return second.isdigit() and 16 <= int(second) < 32
        return host == "::1" or (":" in host and host.lower().startswith(("fc", "fd", "fe80:")))


class Settings:
    """The answers. reload is `restart`, `never`, `exit` or `signal:NAME`; kill_timeout_given says that it was set by
    hand; plaintext_told, that somebody wants no encryption (which is not the same as nobody having asked for it);
    warnings are sentences for the log."""

    __slots__ = (
        "addresses",
        "authorities",
        "connect_timeout",
        "deployment_id",
        "disable",
        "disable_config",
        "disable_exec",
        "disable_logs",
        "disable_url",
        "exec_allow",
        "exec_oneshot",
        "exec_profile",
        "file_root",
        "instance_id",
        "invite_token",
        "kill_timeout",
        "kill_timeout_given",
        "log_buffer",
        "log_level",
        "plaintext_told",
        "reload",
        "server_required",
        "splay",
        "ssh_mode",
        "tls",
        "tls_skip_verify",
        "warnings",
    )

    def __init__(self, environment: Environment) -> None:
        self.warnings: list[str] = []
        get = _Reader(environment, self.warnings)
        self.addresses = _addresses(get.text("WAYPOINT_SERVER_ADDR"), self.warnings)
        self.disable = get.flag("WAYPOINT_CEB_DISABLE") or get.flag("WAYPOINT_SERVER_DISABLE") or not self.addresses
        self.ssh_mode = bool(get.text("WAYPOINT_EXEC_PLUGIN_SSH"))
        self.deployment_id = get.text("WAYPOINT_DEPLOYMENT_ID")
        self.invite_token = get.text("WAYPOINT_CEB_INVITE_TOKEN")
        self.tls = get.flag("WAYPOINT_SERVER_TLS")
        self.plaintext_told = get.text("WAYPOINT_SERVER_TLS").lower() in FALSE
        self.tls_skip_verify = get.flag("WAYPOINT_SERVER_TLS_SKIP_VERIFY")
        self.authorities = get.text("WAYPOINT_SERVER_TLS_CA")
        self.server_required = get.flag("WAYPOINT_CEB_SERVER_REQUIRED")
        self.disable_exec = get.flag("WAYPOINT_CEB_DISABLE_EXEC")
        self.disable_logs = get.flag("WAYPOINT_CEB_DISABLE_LOGS")
        self.disable_config = get.flag("WAYPOINT_CEB_DISABLE_CONFIG")
        self.disable_url = get.flag("WAYPOINT_CEB_DISABLE_URL")  # for the URL service, of which nothing is here yet
        self.connect_timeout = get.seconds("WAYPOINT_CEB_CONNECT_TIMEOUT", CONNECT_TIMEOUT)
        self.kill_timeout_given = bool(get.text("WAYPOINT_CEB_KILL_TIMEOUT"))
        self.kill_timeout = get.seconds("WAYPOINT_CEB_KILL_TIMEOUT", KILL_TIMEOUT)
        self.splay = min(get.seconds("WAYPOINT_CEB_RELOAD_SPLAY", 0.0), MAX_SPLAY)
        self.reload = get.choice("WAYPOINT_CEB_RELOAD", ("restart", "exit", "never", "signal:"), "restart")
        self.log_buffer = get.size("WAYPOINT_CEB_LOG_BUFFER", LOG_BUFFER)
        self.log_level = get.choice("WAYPOINT_LOG_LEVEL", LEVELS, "INFO", str.upper)
        self.exec_allow = get.text("WAYPOINT_CEB_EXEC_ALLOW")
        self.exec_oneshot = get.flag("WAYPOINT_CEB_EXEC_ONESHOT") and not self.disable
        self.instance_id = get.text("WAYPOINT_CEB_INSTANCE_ID")
        self.exec_profile = get.text("WAYPOINT_CEB_EXEC_SHELL_ENV")
        self.file_root = get.text("WAYPOINT_CEB_FILE_ROOT")

    def exposures(self) -> list[str]:
        """Sentences on what an eavesdropper between here and the server could learn."""
        if all(address.is_private() for address in self.addresses):
            return []
        if not self.tls:
            return ["the connection to the server is not encrypted: token and configuration can be read on the way"]
        if self.tls_skip_verify:
            return ["the server's certificate is not verified: somebody between could read token and configuration"]
        return []


class _Reader:
    """Typed look-ups that warn instead of failing."""

    def __init__(self, environment: Environment, warnings: list[str]) -> None:
        self._environment = environment
        self._warnings = warnings

    def text(self, name: str) -> str:
        return self._environment.get(name.encode(), b"").decode("utf-8", "surrogateescape").strip()

    def flag(self, name: str) -> bool:
        value = self.text(name).lower()
        if value and value not in TRUE + FALSE:
            self._complain(name, value, "true or false", "false")
        return value in TRUE

    def seconds(self, name: str, default: float) -> float:
        value = self.text(name)
        if not value:
            return default
        found = parse_duration(value)
        if found is None:
            self._complain(name, value, "a duration such as 5s or 1m30s", f"{default:g}s")
            return default
        return found

    def size(self, name: str, default: int) -> int:
        value = self.text(name).lower()
        if not value:
            return default
        digits = value.rstrip("kmib ")
        unit = _BYTES.get(value[len(digits) :].strip())
        if not digits.isdigit() or unit is None:
            self._complain(name, value, "a size such as 4MiB", f"{default} bytes")
            return default
        return int(digits) * unit

    def choice(self, name: str, choices: tuple[str, ...], default: str, fold: Callable[[str], str] = str.lower) -> str:
        value = fold(self.text(name))
        if not value:
            return default
        for known in choices:
            if value == known or (known.endswith(":") and value.startswith(known)):
                return value
        self._complain(name, value, "one of " + ", ".join(choices), default)
        return default

    def _complain(self, name: str, value: str, wanted: str, default: str) -> None:
        self._warnings.append(f"{name} is {value!r}, but must be {wanted}; going on with {default}")


def parse_duration(text: str) -> float | None:
    """Seconds in `1m30s`, `500ms`, `2h` or a bare number of seconds; None when it is none of these."""
    import re

    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h))+", text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))


def _addresses(text: str, warnings: list[str]) -> list[Address]:
    """The servers of a comma-separated list of `host:port`, `host`, `[v6]:port`, `srv:NAME`."""
    found = []
    for item in text.split(","):
        item = item.strip()
        if not item:
            continue
        if item.startswith("srv:"):
            found.append(Address(item[len("srv:") :], 0, service=True))
            continue
        if item.startswith("["):
            host, _, port = item[1:].partition("]")
        elif item.count(":") > 1:
            host, port = item, ""
        else:
            host, _, port = item.partition(":")
        port = port.lstrip(":") or str(DEFAULT_PORT)
        if not port.isdigit() or not 0 < int(port) < 65536 or not host:
            warnings.append(f"WAYPOINT_SERVER_ADDR: {item} is not host:port; left out")
            continue
        found.append(Address(host, int(port)))
    return found
