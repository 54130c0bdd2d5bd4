"""A certified OpenID Connect provider for the tests, and a person with a browser who signs in there.

`oidc_provider`  the npm package of `tests/oidc_provider` on loopback; what it needs is installed once per machine
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests

SOURCE = Path(__file__).parent / "oidc_provider"
CLIENT_ID = "waypoint"
CLIENT_SECRET = "a secret: with / signs+"
CALLBACK_PATH = "/oidc/callback"
DEADLINE = 60.0
OLDEST_NODE = 20
NODE = "22"


@dataclass(frozen=True)
class OidcProvider:
    """A running provider. Anybody can sign in by any name; `mail-NAME` has an unverified address, see its source."""

    issuer: str

    def sign_in(self, url: str, name: str) -> dict[str, str]:
        """What a browser does with an authorization URL: signs in, agrees, returns the callback's parameters."""
        with requests.Session() as browser:
            answer = self._follow(browser, browser.get(url, allow_redirects=False, timeout=DEADLINE))
            for _ in range(4):
                if isinstance(answer, dict):
                    return answer
                fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]*)"', answer.text))
                if 'name="login"' in answer.text:
                    fields |= {"login": name, "password": "any"}
                action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
                assert action, answer.text
                target = urljoin(self.issuer, action.group(1))
                posted = browser.post(target, data=fields, allow_redirects=False, timeout=DEADLINE)
                answer = self._follow(browser, posted)
        raise AssertionError("the sign-in does not end")

    def _follow(self, browser: requests.Session, answer: requests.Response) -> requests.Response | dict[str, str]:
        while answer.is_redirect:
            target = urljoin(answer.url, answer.headers["location"])
            if urlsplit(target).path == CALLBACK_PATH or not target.startswith(self.issuer):
                return {key: values[0] for key, values in parse_qs(urlsplit(target).query).items()}
            answer = browser.get(target, allow_redirects=False, timeout=DEADLINE)
        assert answer.ok, answer.text
        return answer


def _installed() -> Path:
    lock = (SOURCE / "package-lock.json").read_bytes()
    place = Path(tempfile.gettempdir()) / f"waypoint-tests-oidc-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            made = Path(scratch) / "made"
            shutil.copytree(SOURCE, made, ignore=shutil.ignore_patterns("node_modules"))
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=made, check=True)
            try:
                made.rename(place)
            except OSError:  # tests of another clone were first
                if not place.exists():
                    raise
    # In one step: the provider of another worker may just be reading it.
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        Path(shutil.copy(SOURCE / "provider.mjs", scratch)).replace(place / "provider.mjs")
    return place


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One worker at a time installs; the others find what it has made."""
    with (SOURCE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _node(place: Path) -> str:
    """The program that runs the provider: the machine's, or one from the registry where that is too old (Debian 12)."""
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(told.strip().removeprefix("v").split(".")[0]) >= OLDEST_NODE:
        return "node"
    package = f"node-linux-{ {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine()) }"
    program = place / "node_modules" / package / "bin" / "node"
    if not program.exists():
        subprocess.run(
            ["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", f"{package}@{NODE}"],
            cwd=place,
            check=True,
        )
    return str(program)


def _running(method: str) -> Iterator[OidcProvider]:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no node and npm for the OpenID Connect provider")
    with _alone():
        place = _installed()
        node = _node(place)
    with subprocess.Popen(
        [node, "provider.mjs", method], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            issuer = process.stdout.readline().strip()
            assert issuer.startswith("http://127.0.0.1:"), f"the provider did not start: {issuer!r}"
            yield OidcProvider(issuer)
        finally:
            process.kill()


@pytest.fixture(scope="session")
def oidc_provider() -> Iterator[OidcProvider]:
    yield from _running("client_secret_basic")


@pytest.fixture(scope="session")
def oidc_provider_by_post() -> Iterator[OidcProvider]:
    """One that takes the client's secret in the form only."""
    yield from _running("client_secret_post")
