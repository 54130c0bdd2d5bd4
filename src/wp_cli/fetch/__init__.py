"""`init -from-project`: a copy of somebody's project folder, from an archive, a repository or a folder (CLI
specification 4.1).

`fetch` puts it into a new folder next to its final place and renames that at the end, so that a failed or interrupted
fetch leaves nothing behind. Links are left out, whatever they come from.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, urlsplit, urlunsplit

from wp_cli.errors import CliError

ARCHIVE = re.compile(r"\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tbz2|tar\.xz|txz)$", re.IGNORECASE)
_HOSTED = re.compile(r"(?:github\.com|gitlab\.com|bitbucket\.org)/[^/]+/[^/]+")
_SCP = re.compile(r"[\w.-]+@[\w.-]+:(?!/)")


@dataclass(frozen=True)
class Origin:
    """Where a project comes from: `kind` is `folder`, `archive`, `http` or `git`; `below` is a folder inside of it."""

    kind: str
    location: str
    below: str = ""
    ref: str = ""

    @property
    def name(self) -> str:
        """The last part of the location without its ending: the proposed name of the folder."""
        last = PurePosixPath(self.below or urlsplit(self.location).path.rstrip("/") or self.location).name
        last = last.rpartition(":")[2]
        return re.sub(r"\.git$", "", ARCHIVE.sub("", last)) or "project"


def origin_of(source: str) -> Origin:
    """Read what the user wrote. CliError when it is none of the known forms.

    `PATH`, `http(s)://…` (an archive), `git::URL`, `URL.git`, `ssh://…`, `git@host:path`, `github.com/owner/name`;
    repositories may end in `//folder` and `?ref=name`.
    """
    local = Path(source).expanduser()
    if "://" not in source and not source.startswith("git::") and local.exists():
        return Origin("folder" if local.is_dir() else "archive", str(local.resolve()))
    forced = source.startswith("git::")
    text = source.removeprefix("git::")
    if _HOSTED.match(text):
        text, forced = f"https://{text}", True
    if _SCP.match(text):
        location, _, below = text.partition("//")
        return Origin("git", location, below)
    parts = urlsplit(text)
    path, _, below = parts.path.partition("//")
    ref = parse_qs(parts.query).get("ref", [""])[0]
    is_git = forced or path.endswith(".git") or parts.scheme in ("ssh", "git")
    if is_git and (parts.scheme or Path(text).exists()):
        location = urlunsplit(parts._replace(path=path, query="")) if parts.scheme else text
        return Origin("git", location, below, ref)
    if parts.scheme in ("http", "https") and parts.netloc:
        return Origin("http", text)
    raise CliError(
        f"there is no {source}",
        do="Name a folder, an archive, the https:// address of an archive, or a repository as git::ADDRESS.",
    )


def fetch(origin: Origin, target: Path) -> list[str]:
    """Make `target` from what is at the origin; returns the links that were left out. CliError when that fails, and
    then nothing is there."""
    if target.exists() or target.is_symlink():
        raise CliError(f"{target} exists already", do="Name another folder with -into.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
            place = Path(scratch, "project")
            left_out = _get(origin, Path(scratch), place)
            place.rename(target)
    except OSError as err:
        raise CliError(f"cannot write {target}: {err.strerror or err}") from err
    return left_out


def _get(origin: Origin, scratch: Path, place: Path) -> list[str]:
    from wp_cli.fetch import archive, repository

    if origin.kind == "folder":
        return copy_folder(Path(origin.location), place)
    if origin.kind == "git":
        whole = scratch / "repository"
        repository.clone(origin, whole)
        return copy_folder(repository.inside(whole, origin.below), place) if origin.below else _moved(whole, place)
    if origin.kind == "archive":
        return archive.unpack(Path(origin.location), place)
    from wp_cli.fetch.download import download

    return archive.unpack(download(origin.location, scratch), place)


def _moved(whole: Path, place: Path) -> list[str]:
    whole.rename(place)
    return []


def copy_folder(source: Path, place: Path) -> list[str]:
    """Copy a folder without its links; returns those."""
    left_out: list[str] = []
    if place.resolve().is_relative_to(source.resolve()):
        raise CliError(f"the copy would lie inside of {source}", do="Name a folder outside of it with -into.")

    def links(folder: str, names: list[str]) -> list[str]:
        found = [name for name in names if not _is_plain(Path(folder, name))]
        left_out.extend(str(Path(folder, name).relative_to(source)) for name in found)
        return found

    try:
        shutil.copytree(source, place, ignore=links)
    except shutil.Error as err:
        first = err.args[0][0] if err.args and err.args[0] else ("", "", str(err))
        raise CliError(f"cannot copy {first[0] or source}: {first[2]}") from err
    return sorted(left_out)


def _is_plain(path: Path) -> bool:
    return not path.is_symlink() and (path.is_file() or path.is_dir())
