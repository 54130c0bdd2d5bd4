"""Contexts: named server connections in files that the Go command line reads and writes too (CLI specification 3.1)."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from wp_cli.errors import CliError

DEFAULT_LINK = "_default.hcl"
FILE_MODE, FOLDER_MODE = 0o600, 0o700

STRINGS = ("address", "address_internal", "auth_token", "platform")
BOOLS = ("tls", "tls_skip_verify", "require_auth")
LINE = re.compile(
    r'\s*(?P<name>[A-Za-z_]+)\s*=\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>true|false))\s*(?:(?:#|//).*)?'
)
BLOCK = re.compile(r'\s*(?:server|"server")\s*(?:=\s*)?\{\s*(?:(?:#|//).*)?')
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class Server(NamedTuple):
    """How to reach a server, as the file has it."""

    address: str = ""
    tls: bool = False
    tls_skip_verify: bool = False
    address_internal: str = ""
    require_auth: bool = False
    auth_token: str = ""
    platform: str = ""


class Context(NamedTuple):
    """One stored connection and the workspace that goes with it ("" means "default")."""

    server: Server = Server()
    workspace: str = ""


def config_home(environ: Mapping[str, str]) -> Path:
    """Folder of the user's configuration, where the Go command line has it on each system."""
    if environ.get("XDG_CONFIG_HOME"):
        return Path(environ["XDG_CONFIG_HOME"])
    home = Path(environ.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Preferences"
    if sys.platform == "win32" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"])
    return home / ".config"


class ContextStore:
    """The files of one user. Reading never creates anything; writes are atomic and private."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.folder = config_home(environ) / "waypoint" / "context"

    def names(self) -> list[str]:
        """Names of all contexts, sorted."""
        try:
            found = list(self.folder.iterdir())
        except FileNotFoundError:
            return []
        return sorted(path.stem for path in found if path.suffix == ".hcl" and not path.name.startswith("_"))

    def default_name(self) -> str:
        """Name of the default context, "" if none is set; the context itself may be missing or broken."""
        link = self.folder / DEFAULT_LINK
        try:
            name = Path(os.readlink(link)).name if link.is_symlink() else link.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return ""
        return Path(name).name.removesuffix(".hcl")

    def load(self, name: str) -> Context:
        """Read the context `name`.

        CliError if it is missing or broken. A file that others could read is made private.
        """
        path = self._path(name)
        try:
            if path.stat().st_mode & 0o077:
                with contextlib.suppress(PermissionError):
                    path.chmod(FILE_MODE)
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise CliError(
                f"there is no context {name!r}{self._suggestion(name)}", do="See `waypoint context list`."
            ) from None
        except (OSError, UnicodeDecodeError) as err:
            raise CliError(f"cannot read the context file {path}: {err}") from None
        return parse(text, str(path))

    def save(self, name: str, context: Context) -> None:
        """Write the context; it becomes the default if there is none."""
        path = self._path(name)
        self.folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        self.folder.chmod(FOLDER_MODE)
        self._write(path, render(context))
        if not self.default_name():
            self.set_default(name)

    def set_default(self, name: str) -> None:
        """Make an existing context the default; CliError if there is none of that name."""
        path = self._path(name)
        if not path.is_file():
            raise CliError(f"there is no context {name!r}{self._suggestion(name)}", do="See `waypoint context list`.")
        link = self.folder / DEFAULT_LINK
        fresh = self.folder / f"{DEFAULT_LINK}.{os.getpid()}"
        try:
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(path.absolute())
            fresh.replace(link)
        except OSError:
            fresh.unlink(missing_ok=True)
            self._write(link, name)

    def clear_default(self) -> None:
        """Unset the default."""
        (self.folder / DEFAULT_LINK).unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Remove a context (it may be gone already); deleting the default unsets it."""
        was_default = self.default_name() == name
        self._path(name).unlink(missing_ok=True)
        if was_default:
            self.clear_default()

    def rename(self, old: str, new: str) -> None:
        """Rename a context over whatever has the new name; the default moves along."""
        was_default = self.default_name() == old
        source, target = self._path(old), self._path(new)
        if not source.is_file():
            raise CliError(f"there is no context {old!r}{self._suggestion(old)}", do="See `waypoint context list`.")
        source.replace(target)
        if was_default:
            self.set_default(new)

    def _path(self, name: str) -> Path:
        if not name or name.startswith("_") or "/" in name or name in {".", ".."} or "\0" in name:
            raise CliError(
                f"{name!r} cannot be the name of a context", do="Use letters, digits, - and _, not starting with _."
            )
        return self.folder / f"{name}.hcl"

    def _suggestion(self, name: str) -> str:
        import difflib

        close = difflib.get_close_matches(name, self.names(), n=1)
        return f" (did you mean {close[0]!r}?)" if close else ""

    def _write(self, path: Path, text: str) -> None:
        import tempfile

        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix="_new-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, FILE_MODE)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


def parse(text: str, where: str) -> Context:
    """Read the small part of HCL that contexts consist of; CliError naming file and line otherwise."""
    server: dict[str, str | bool] = {}
    workspace, inside = "", False
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", "//")):
            continue
        found = LINE.fullmatch(line)
        if not inside and BLOCK.fullmatch(line):
            inside = True
        elif inside and stripped == "}":
            inside = False
        elif found:
            name = found["name"]
            value: str | bool = unescape(found["text"]) if found["text"] is not None else found["word"] == "true"
            expected = str if name in STRINGS or name == "workspace" else bool
            known = (inside and name in (*STRINGS, *BOOLS)) or (not inside and name == "workspace")
            if not known or not isinstance(value, expected):
                raise broken(where, number, f"unexpected {name!r}")
            if inside:
                server[name] = value
            else:
                workspace = str(value)
        else:
            raise broken(where, number, "this is not part of a context")
    if inside:
        raise broken(where, len(text.splitlines()), "the server block is not closed")
    return Context(Server(**server), workspace)  # type: ignore[arg-type]  # names and types are checked above


def broken(where: str, line: int, reason: str) -> CliError:
    """Error for a context file that cannot be understood."""
    return CliError(
        f"{where}:{line}: {reason}", do="Write the context anew with `waypoint context create`, or delete it."
    )


def unescape(text: str) -> str:
    """Value of an HCL string literal."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if code[0] in "uU" and len(code) > 1 else UNESCAPED.get(code, code)

    return ESCAPE.sub(one, text).replace("$${", "${").replace("%%{", "%{")


def quoted(text: str) -> str:
    """HCL string literal of a value."""
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'


def render(context: Context) -> str:
    """Text of a context file: every attribute, also empty ones, in the order of the Go writer."""
    server = context.server
    attributes = {
        "address": quoted(server.address),
        "tls": str(server.tls).lower(),
        "tls_skip_verify": str(server.tls_skip_verify).lower(),
        "address_internal": quoted(server.address_internal),
        "require_auth": str(server.require_auth).lower(),
        "auth_token": quoted(server.auth_token),
        "platform": quoted(server.platform),
    }
    width = max(map(len, attributes))
    body = "".join(f"  {name:<{width}} = {value}\n" for name, value in attributes.items())
    return f"server {{\n{body}}}\n\nworkspace = {quoted(context.workspace)}\n"
