"""Who we are at a registry: one resolver for all components (plugins specification 1.1).

Order: `encoded_auth` → the `auth` block → `username`/`password` → DOCKER_AUTH_CONFIG → the docker program's
configuration file with its credential helpers → nobody.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import docker.auth
import docker.errors

from wp_plugins.docker.reference import DOCKER_HUB
from wp_sdk.component import PluginError
from wp_sdk.schema import attr

log = logging.getLogger(__name__)

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""Under this key Docker Hub's credentials are kept and sent."""


@dataclass(frozen=True)
class Auth:
    """Credentials for a registry."""

    hostname: str = attr(doc="Registry these credentials are for, when a build pulls from several", default="")
    username: str = attr(doc="User name", default="")
    password: str = attr(doc="Password", default="", sensitive=True)
    email: str = attr(doc="E-mail address; registries ignore it", default="")
    auth: str = attr(doc="user:password in base64, in place of username and password", default="", sensitive=True)
    server_address: str = attr(doc="Address of the registry", default="", name="serverAddress")
    identity_token: str = attr(doc="OAuth identity token", default="", name="identityToken", sensitive=True)
    registry_token: str = attr(doc="Bearer token", default="", name="registryToken", sensitive=True)


@dataclass(frozen=True)
class Credentials:
    """Credentials as the engine takes them. `source` says in words where they came from; it holds no secret."""

    username: str = ""
    password: str = ""
    email: str = ""
    server_address: str = ""
    identity_token: str = ""
    registry_token: str = ""
    source: str = ""

    def as_json(self) -> dict[str, str]:
        """The engine's AuthConfig object, empty fields left out."""
        fields = {
            "username": self.username,
            "password": self.password,
            "email": self.email,
            "serveraddress": self.server_address,
            "identitytoken": self.identity_token,
            "registrytoken": self.registry_token,
        }
        return {name: value for name, value in fields.items() if value}

    def header(self) -> str:
        """Value of X-Registry-Auth."""
        return base64.urlsafe_b64encode(json.dumps(self.as_json()).encode()).decode()


ANONYMOUS = Credentials(source="no credentials")


@dataclass(frozen=True)
class Given:
    """What a component's configuration says about credentials."""

    encoded: str = ""
    block: Auth | None = None
    username: str = ""
    password: str = ""


def resolve(registry: str, given: Given, environment: Mapping[str, str] = os.environ) -> Credentials:
    """Credentials for a registry host (`docker.io` for Docker Hub); `ANONYMOUS` when there are none.

    Raises PluginError when what was given, or the docker configuration, cannot be understood.
    """
    if given.encoded:
        return _from_encoded(given.encoded)
    if given.block is not None:
        return _from_block(given.block)
    if given.password:
        return Credentials(given.username, given.password, source="username and password")
    for configuration in _configurations(environment):
        found = configuration.lookup(registry)
        if found is not None:
            return found
    return ANONYMOUS


def for_build(
    registries: Iterable[str], block: Auth | None, environment: Mapping[str, str] = os.environ
) -> dict[str, dict[str, str]]:
    """X-Registry-Config of a build: credentials by registry, only for registries that the Dockerfile names.

    A registry whose credentials cannot be had is left out: most base images are public, or here already.
    """
    found: dict[str, dict[str, str]] = {}
    for registry in registries:
        try:
            credentials = resolve(registry, Given(), environment)
        except PluginError as error:
            log.warning("building without credentials for %s: %s", registry, error)
            continue
        if credentials is not ANONYMOUS:
            found[DOCKER_HUB_KEY if registry == DOCKER_HUB else registry] = credentials.as_json()
    if block is not None:
        key = block.hostname or block.server_address or DOCKER_HUB_KEY
        found[DOCKER_HUB_KEY if key in {DOCKER_HUB, "index.docker.io"} else key] = _from_block(block).as_json()
    return found


def _from_encoded(encoded: str) -> Credentials:
    try:
        text = base64.b64decode(encoded.strip().replace("-", "+").replace("_", "/") + "=" * (-len(encoded.strip()) % 4))
        fields = json.loads(text)
        return _from_fields({key.lower(): str(value) for key, value in fields.items()}, "encoded_auth")
    except (ValueError, AttributeError):
        raise PluginError(
            "encoded_auth is not base64 of a JSON object",
            do='Encode {"username": "…", "password": "…"} as base64, or use the auth block',
        ) from None


def _from_block(block: Auth) -> Credentials:
    fields = {
        "username": block.username,
        "password": block.password,
        "email": block.email,
        "auth": block.auth,
        "serveraddress": block.server_address,
        "identitytoken": block.identity_token,
        "registrytoken": block.registry_token,
    }
    try:
        return _from_fields(fields, "the auth block")
    except ValueError:
        raise PluginError('"auth" in the auth block is not base64 of user:password') from None


def _from_fields(fields: Mapping[str, str], source: str) -> Credentials:
    username, password = fields.get("username", ""), fields.get("password", "")
    if fields.get("auth") and not username:
        decoded = base64.b64decode(fields["auth"], validate=True).decode()
        username, colon, password = decoded.partition(":")
        if not colon:
            raise ValueError("no colon")
    return Credentials(
        username=username,
        password=password,
        email=fields.get("email", ""),
        server_address=fields.get("serveraddress", ""),
        identity_token=fields.get("identitytoken", ""),
        registry_token=fields.get("registrytoken", ""),
        source=source,
    )


class _Configuration:
    """A docker configuration: `auths`, `credsStore`, `credHelpers`."""

    def __init__(self, text: str, source: str) -> None:
        self._source = source
        try:
            parsed = json.loads(text)
            if not isinstance(parsed, dict):
                raise ValueError("not an object")  # noqa: TRY004 - one kind of error for all that is wrong with it
            relevant = {key: parsed[key] for key in ("auths", "credsStore", "credHelpers") if parsed.get(key)}
            self._auths = docker.auth.AuthConfig.load_config(None, relevant) if relevant else docker.auth.AuthConfig({})
        except (ValueError, binascii.Error, AttributeError, docker.errors.InvalidConfigFile):
            raise PluginError(
                "The docker configuration cannot be read",
                where=source,
                do="Repair it, or log in again with `docker login`",
            ) from None

    def lookup(self, registry: str) -> Credentials | None:
        helper = self._auths.get_credential_store(registry)
        if helper and shutil.which(f"docker-credential-{helper}") is None:
            raise self._no_answer(helper, registry, "it is not installed")
        try:
            found = self._auths.resolve_authconfig(registry)
        except docker.errors.DockerException as error:
            raise self._no_answer(str(helper), registry, str(error)) from error
        if not found:
            return None
        fields = {key.lower(): value for key, value in found.items() if isinstance(value, str)}
        credentials = _from_fields(fields, self._source)
        return credentials if credentials.as_json().keys() - {"serveraddress"} else None

    def _no_answer(self, helper: str, registry: str, reason: str) -> PluginError:
        return PluginError(
            f"The credential helper docker-credential-{helper} gave no answer for {registry} ({reason})",
            where=self._source,
            do="Install it, or log in again with `docker login`",
        )


def _configurations(environment: Mapping[str, str]) -> Iterable[_Configuration]:
    if environment.get("DOCKER_AUTH_CONFIG"):
        yield _Configuration(environment["DOCKER_AUTH_CONFIG"], "DOCKER_AUTH_CONFIG")
    folder = environment.get("DOCKER_CONFIG")
    file = (Path(folder) if folder else Path(environment.get("HOME", "~")).expanduser() / ".docker") / "config.json"
    try:
        text = file.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        raise PluginError(f"The docker configuration cannot be read ({error})", where=str(file)) from error
    if text.strip():
        yield _Configuration(text, str(file))
