"""How git reaches a repository: the address without its secrets, the credentials, and whose host keys are trusted.

Secrets reach git through the environment and files in a private folder, never through arguments, and only the host
they are meant for is told them: a submodule elsewhere, or a server that redirects, gets none.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from wp_proto.waypoint import api as pb
from wp_runner.errors import OperationFailed

PROTOCOLS = "file:git:http:https:ssh"
STALLED_SECONDS = 60
"""A connection over which nothing came for so long is given up."""
HIDDEN = "***"
_ASKPASS = """\
#!/bin/sh
case "$1" in
  "Username for '"*"://$WAYPOINT_GIT_HOST': ") printf '%s\\n' "$WAYPOINT_GIT_USERNAME" ;;
  "Password for '"*"@$WAYPOINT_GIT_HOST': ") printf '%s\\n' "$WAYPOINT_GIT_PASSWORD" ;;
  "Enter passphrase for "*"$WAYPOINT_GIT_KEY"*) printf '%s\\n' "$WAYPOINT_GIT_PASSPHRASE" ;;
  *) exit 1 ;;
esac
"""
"""Answers what git and ssh ask. Git's questions end with the host, and so does the pattern: what a user name contains
cannot pass for it."""


@dataclass(frozen=True)
class HostKeys:
    """Which keys of ssh hosts are trusted.

    With `known`, a file in the format of ssh's known_hosts, those in it and no others. Without, the key that a host
    shows first is remembered in `learned` (None: where ssh keeps them), and another one is refused from then on.
    """

    known: Path | None = None
    learned: Path | None = None

    def options(self) -> list[str]:
        """Return the arguments of ssh."""
        if self.known is not None:
            names = ["-o", f"UserKnownHostsFile={_quoted(self.known)}", "-o", "GlobalKnownHostsFile=none"]
            return ["-o", "StrictHostKeyChecking=yes", *names]
        files = "~/.ssh/known_hosts"
        if self.learned is not None:
            with contextlib.suppress(OSError):
                self.learned.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files = f"{_quoted(self.learned)} {files}"
        return ["-o", "StrictHostKeyChecking=accept-new", "-o", f"UserKnownHostsFile={files}"]

    def problem(self, said: str, where: str) -> OperationFailed | None:
        """Return the failure when `said`, git's words, are about the host's key."""
        file = self.known or self.learned or Path("~/.ssh/known_hosts")
        if "REMOTE HOST IDENTIFICATION HAS CHANGED" in said:
            return OperationFailed(
                "The host shows another key than the one that is known, and may be somebody else's",
                where=where,
                do=f"If the host was given a new key, correct {file}",
            )
        if "host key is known for" in said:
            return OperationFailed("The host's key is not known to this runner", where=where, do=f"Add it to {file}")
        return None


@dataclass(frozen=True)
class Access:
    """`url` has neither a password nor, for http, a user name; `environment` has all that git needs beside it."""

    url: str
    shown: str
    host_keys: HostKeys
    environment: Mapping[str, str]
    secrets: tuple[str, ...]

    @classmethod
    def of(cls, wanted: pb.Job.Git, private: Path, host_keys: HostKeys) -> Access:
        """Return the access to a job's repository. `private` is a folder of mode 0700 for keys and the like."""
        parts = _parts(wanted.url)
        user, password = _userinfo(parts)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": PROTOCOLS, "LC_ALL": "C"}
        configuration = {
            "gc.autoDetach": "false",
            "maintenance.autoDetach": "false",
            "http.lowSpeedLimit": "1",
            "http.lowSpeedTime": str(STALLED_SECONDS),
        }
        secrets = [password]
        url = wanted.url
        ssh = ["ssh", *host_keys.options(), *_PATIENCE]
        if parts.scheme in ("http", "https"):
            url = _with_user(parts, "")
            user = wanted.basic.username or user
            password = wanted.basic.password if wanted.basic.username else password
            if user:
                secrets += [password or user]
                host = parts.netloc.rpartition("@")[2]
                environment |= _helper(private, HOST=host, USERNAME=user, PASSWORD=password)
                # Whatever else keeps passwords on this machine is neither asked nor told this one.
                configuration |= {"credential.helper": "", "credential.useHttpPath": "false"}
        elif password:
            url = _with_user(parts, user)
        passphrase = wanted.ssh.password
        if wanted.WhichOneof("auth") == "ssh":
            key = private / "key"
            with contextlib.closing(os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb")) as file:
                file.write(wanted.ssh.private_key_pem.rstrip() + b"\n")
            ssh += ["-i", str(key), "-o", "IdentitiesOnly=yes"]
            if passphrase:
                environment |= _helper(private, KEY=str(key), PASSPHRASE=passphrase)
                secrets.append(passphrase)
            if wanted.ssh.user or not (user or "@" in wanted.url.partition(":")[0]):
                ssh += ["-l", wanted.ssh.user or "git"]
        if not passphrase:
            ssh += ["-o", "BatchMode=yes"]
        environment["GIT_SSH_COMMAND"] = shlex.join(ssh)
        environment |= _as_environment(configuration)
        return cls(url, shown_url(wanted.url), host_keys, environment, tuple(filter(None, secrets)))

    def without_secrets(self, text: str) -> str:
        """Return `text`, which a server may have sent, without what must not be shown."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


_PATIENCE = (
    *("-o", f"ConnectTimeout={STALLED_SECONDS}", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"),
    *("-o", "PasswordAuthentication=no", "-o", "KbdInteractiveAuthentication=no"),
)


def shown_url(url: str) -> str:
    """The address without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the repository"
    return _with_user(parts, "") if parts.scheme and "@" in parts.netloc else url


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise OperationFailed(
            f"The address of the repository cannot be read: {error}", do="Correct the project's data source"
        ) from error


def _userinfo(parts: SplitResult) -> tuple[str, str]:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return unquote(user), unquote(password)


def _with_user(parts: SplitResult, user: str) -> str:
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host))


def _helper(private: Path, **facts: str) -> dict[str, str]:
    helper = private / "askpass"
    helper.write_text(_ASKPASS)
    helper.chmod(0o700)
    return {
        "GIT_ASKPASS": str(helper),
        "SSH_ASKPASS": str(helper),
        "SSH_ASKPASS_REQUIRE": "force",
        **{f"WAYPOINT_GIT_{name}": value for name, value in facts.items()},
    }


def _as_environment(configuration: Mapping[str, str]) -> dict[str, str]:
    pairs = {"GIT_CONFIG_COUNT": str(len(configuration))}
    for number, (name, value) in enumerate(configuration.items()):
        pairs |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return pairs


def _quoted(path: Path) -> str:
    """A file name as ssh's configuration takes it."""
    return f'"{str(path.absolute()).replace("%", "%%")}"'
