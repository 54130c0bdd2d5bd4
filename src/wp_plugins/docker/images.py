"""Pulling, pushing and naming images, with the refusals people meet turned into sentences."""

from __future__ import annotations

import docker.errors

from wp_plugins.docker.credentials import Credentials
from wp_plugins.docker.engine import Engine, said
from wp_plugins.docker.progress import Transfer
from wp_plugins.docker.reference import Reference, parse
from wp_sdk.component import Context, PluginError
from wp_sdk.terminal import RunningStep

_UNREACHABLE = (
    "connection refused",
    "no such host",
    "i/o timeout",
    "no route to host",
    "network is unreachable",
    "timeout exceeded",
    "deadline exceeded",
    "server misbehaving",
    "connection reset",
    "eof",
)
_CREDENTIALS = ("unauthorized", "authentication required", "no basic auth credentials", "denied", "incorrect username")
_MISSING = ("not found", "manifest unknown", "does not exist", "name unknown")
_NOT_TLS = ("server gave http response to https client", "first record does not look like a tls handshake")
_NOT_TRUSTED = ("x509:", "certificate")
_NO_SPACE = ("no space left on device",)


def reference(image: str, tag: str = "") -> Reference:
    """Parse `image` with `tag`; raises PluginError with the sentence of what is wrong."""
    try:
        return parse(
            f"{image}:{tag}" if tag and "@" not in image and not tag.startswith("sha256:") else _digest(image, tag)
        )
    except ValueError as error:
        raise PluginError(str(error), do="Correct image or tag") from error


def pull(
    engine: Engine, ctx: Context, step: RunningStep, wanted: Reference, credentials: Credentials, platform: str = ""
) -> None:
    """Pull exactly this tag or digest."""
    name = wanted.name
    params = [("fromImage", name), ("tag", wanted.version)] + ([("platform", platform)] if platform else [])
    _transfer(engine, ctx, step, "/images/create", params, wanted, credentials, "pulled")


def push(engine: Engine, ctx: Context, step: RunningStep, wanted: Reference, credentials: Credentials) -> str:
    """Push the tag; returns the digest the registry knows it by ("" when it did not say)."""
    path = f"/images/{wanted.name}/push"
    return _transfer(engine, ctx, step, path, [("tag", wanted.tag or "latest")], wanted, credentials, "pushed")


def name_image(engine: Engine, image: str, *names: Reference) -> None:
    """Give the image these names."""
    for name in names:
        try:
            engine.api.tag(image, name.name, name.tag or "latest", force=True)
        except docker.errors.APIError as error:
            raise PluginError(f"The image {image} cannot be tagged: {said(error)}", where=str(name)) from error


def _digest(image: str, tag: str) -> str:
    return f"{image}@{tag}" if tag else image


def _transfer(
    engine: Engine,
    ctx: Context,
    step: RunningStep,
    path: str,
    params: list[tuple[str, str]],
    wanted: Reference,
    credentials: Credentials,
    verb: str,
) -> str:
    output = Transfer()
    try:
        for record in engine.stream(ctx, path, params=params, headers={"X-Registry-Auth": credentials.header()}):
            step.output(output.read(record))
    except docker.errors.APIError as error:
        raise refusal(wanted, credentials, verb, said(error)) from error
    if output.error:
        raise refusal(wanted, credentials, verb, output.error)
    return output.digest


def refusal(wanted: Reference, credentials: Credentials, verb: str, reason: str) -> PluginError:
    """The sentence for a refusal; what the engine or registry said is part of it when we do not know it better."""
    lower = reason.lower()
    if any(words in lower for words in _NOT_TLS):
        return PluginError(
            f"{wanted} cannot be {verb}: {wanted.registry} does not speak TLS",
            do=f'Add it to "insecure-registries" of the Docker engine, or put TLS in front of it ({reason})',
        )
    if any(words in lower for words in _NOT_TRUSTED):
        return PluginError(
            f"{wanted} cannot be {verb}: the engine does not trust the certificate of {wanted.registry}",
            do=f"Put its authority into /etc/docker/certs.d/{wanted.registry}/ca.crt beside the engine ({reason})",
        )
    if any(words in lower for words in _NO_SPACE):
        return PluginError(
            f"{wanted} cannot be {verb}: the engine's disk is full", do="Make room, e.g. with `docker system prune`"
        )
    if any(words in lower for words in _CREDENTIALS):
        return PluginError(
            f"{wanted} cannot be {verb}: {wanted.registry} refused {credentials.source}",
            do=f"Log in with `docker login {wanted.registry}`, or correct the credentials in waypoint.hcl ({reason})",
        )
    if any(words in lower for words in _MISSING):
        return PluginError(
            f"{wanted} cannot be {verb}: there is no such image at {wanted.registry}", do="Correct image or tag"
        )
    if any(words in lower for words in _UNREACHABLE):
        return PluginError(
            f"{wanted} cannot be {verb}: {wanted.registry} cannot be reached",
            do=f"Correct the name, or start it ({reason})",
        )
    return PluginError(f"{wanted} cannot be {verb}: {reason}")
