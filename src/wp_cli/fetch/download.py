"""Downloading an archive, with an end to its size and to its patience."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from wp_cli.errors import CliError

MAX_DOWNLOAD = 500 * 1024**2
"""Bytes."""

HEAD_TIMEOUT = 10
"""Seconds until the server must have said what it has."""

READ_TIMEOUT = 30
"""Seconds without a byte after which a download is given up."""

PIECE = 1 << 16


def download(url: str, folder: Path) -> Path:
    """Download into `folder` and return the file. CliError with the address, without what is secret in it, and the
    reason when that fails."""
    shown = shown_url(url)
    target = folder / (PurePosixPath(unquote(urlsplit(url).path)).name or "archive")
    try:
        with requests.Session() as session:
            session.max_redirects = 10
            _ask_size(session, url, shown)
            with session.get(url, stream=True, timeout=(HEAD_TIMEOUT, READ_TIMEOUT)) as answer:
                if not answer.ok:
                    raise CliError(f"{shown} answers {answer.status_code} {answer.reason}")
                _save(answer, target, shown)
    except requests.RequestException as err:
        raise CliError(f"cannot fetch {shown}: {_reason(err)}") from err
    except urllib3.exceptions.HTTPError as err:  # from the undecoded body, which requests passes on as it is
        raise CliError(f"cannot fetch {shown}: the connection ended early") from err
    return target


def shown_url(url: str) -> str:
    """The address without user, password and query."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host, query="", fragment="").geturl()


def _ask_size(session: requests.Session, url: str, shown: str) -> None:
    """Refuse by what the server says beforehand; servers that say nothing are asked for the file itself."""
    answer = session.head(url, allow_redirects=True, timeout=HEAD_TIMEOUT)
    if answer.ok and answer.headers.get("content-length", "").isdigit():
        _refuse_large(int(answer.headers["content-length"]), shown)
    if answer.ok and answer.headers.get("content-type", "").startswith("text/html"):
        raise CliError(
            f"{shown} is a web page, no archive", do="For a repository, write git:: in front of its address."
        )


def _save(answer: requests.Response, target: Path, shown: str) -> None:
    size = 0
    with target.open("wb") as file:
        # Undecoded: an archive that is served with a content encoding is that archive all the same.
        for piece in answer.raw.stream(PIECE, decode_content=False):
            size += len(piece)
            _refuse_large(size, shown)
            file.write(piece)


def _refuse_large(size: int, shown: str) -> None:
    if size > MAX_DOWNLOAD:
        raise CliError(f"{shown} is larger than {MAX_DOWNLOAD // 1024**2} MB")


def _reason(err: requests.RequestException) -> str:
    if isinstance(err, requests.Timeout):
        return "the server does not answer in time"
    if isinstance(err, requests.TooManyRedirects):
        return "it is redirected again and again"
    if isinstance(err, requests.exceptions.SSLError):
        return "its certificate cannot be verified"
    if isinstance(err, requests.ConnectionError):
        return "there is no connection to the server"
    return type(err).__name__
