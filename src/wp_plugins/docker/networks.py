"""The network all deployments share, and the scratch volume of an application."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import docker.errors
import platformdirs

from wp_plugins.docker import labels
from wp_plugins.docker.container_plan import object_name
from wp_plugins.docker.engine import Engine, Json, said
from wp_sdk.component import JobInfo, PluginError

DEFAULT_NAME = "waypoint"
TRIES = 5
"""How often a container is made whose network has changed before it runs."""
_USE = f"{labels.NETWORK_USE}={labels.NETWORK_USE_VALUE}"


def find(engine: Engine) -> list[Json]:
    """The networks that are marked as Waypoint's; the one to use is the first."""
    found: list[Json] = engine.api.networks(filters={"label": _USE})
    return sorted(found, key=lambda each: (each["Name"] != DEFAULT_NAME, each["Name"], each["Created"], each["Id"]))


def ensure(engine: Engine) -> tuple[str, bool]:
    """Waypoint's network, as containers join it, and whether it was made now.

    The engine does not keep two programs from making a network of the same name at once, so programs of this user wait
    for each other, and of several networks from several machines only the oldest stays.
    """
    with _one_at_a_time():
        existing = find(engine)
        if existing:
            return _unambiguous(existing), False
        try:
            made = engine.api.create_network(
                DEFAULT_NAME,
                driver="bridge",
                attachable=True,
                check_duplicate=True,
                labels={labels.NETWORK_USE: labels.NETWORK_USE_VALUE},
            )
        except docker.errors.APIError as error:
            if error.status_code == 409:  # it has our name without our mark: somebody made it by hand
                return DEFAULT_NAME, False
            raise PluginError(f"The network {DEFAULT_NAME} cannot be made: {said(error)}") from error
        existing = find(engine)
        if existing and existing[0]["Id"] != made["Id"]:
            with contextlib.suppress(docker.errors.APIError):
                engine.api.remove_network(made["Id"])
            return _unambiguous(find(engine) or existing), False
        return DEFAULT_NAME, True


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    folder = Path(platformdirs.user_data_dir("waypoint"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "docker-network.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unambiguous(existing: list[Json]) -> str:
    first = existing[0]
    same = [each for each in existing if each["Name"] == first["Name"]]
    return str(first["Name"] if len(same) == 1 else first["Id"])


def has_changed(refusal: str) -> bool:
    """Whether the engine refused a container because of what others did to its network since it was found: removed it,
    as nobody used it, or made another of its name."""
    return re.search(r"network \S+ (not found|is ambiguous)", refusal) is not None


def remove_unused(engine: Engine) -> None:
    """Remove Waypoint's networks that no container uses."""
    for network in find(engine):
        with contextlib.suppress(docker.errors.APIError):
            engine.api.remove_network(network["Id"])


def ensure_scratch_volume(engine: Engine, job: JobInfo) -> str:
    """Name of the application's volume. The plain name belongs to whoever made it first; another project's or
    workspace's application of the same name gets one of its own."""
    wanted = labels.of(job)
    for name in scratch_names(job):
        try:
            volume = engine.api.inspect_volume(name)
        except docker.errors.NotFound:
            engine.api.create_volume(name, labels=wanted)
            return name
        if is_ours(volume.get("Labels") or {}, job):
            return name
    raise PluginError(f"The scratch volume of {job.app} belongs to another application", do="Rename the application")


def remove_scratch_volume(engine: Engine, job: JobInfo) -> None:
    """Remove the application's volume if it is there and its own."""
    for name in scratch_names(job):
        with contextlib.suppress(docker.errors.APIError):
            volume = engine.api.inspect_volume(name)
            if (volume.get("Labels") or {}) and is_ours(volume["Labels"], job):
                engine.api.remove_volume(name)


def scratch_names(job: JobInfo) -> tuple[str, str]:
    """The plain name, and the one for when that is taken."""
    digest = hashlib.sha256("\0".join((job.project, job.app, job.workspace)).encode()).hexdigest()[:8]
    return f"{object_name(job.app)}-scratch", f"{object_name(job.app)}-{digest}-scratch"


def is_ours(found: Mapping[str, str], job: JobInfo) -> bool:
    """True for an object of this application and workspace, or one that says nothing about it (made by an earlier
    version)."""
    return all(found.get(name, value) == value for name, value in labels.of(job).items())
