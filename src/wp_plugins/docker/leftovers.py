"""What a killed build leaves in the engine, and how it is found again.

An image that got no name yet and a container that was only looked into carry our labels. The layers of the steps that
had succeeded carry none (the classic builder keeps each as a nameless image), so their ids are written down as they are
made, in a file that stays locked as long as the build lives: one that nobody locks belongs to a killed build.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import docker.errors
import platformdirs
import requests

from wp_plugins.docker import containers, labels, layers
from wp_plugins.docker.engine import Engine
from wp_sdk.component import JobInfo, PluginError

NOTES = ".layers"

log = logging.getLogger(__name__)


@contextmanager
def noted(engine: Engine, job: JobInfo) -> Iterator[None]:
    """Write down the layers that are made meanwhile, until the build ends in whatever way but a kill. A build that
    succeeds removes what killed ones before it left."""
    with contextlib.ExitStack() as stack:
        try:
            file = _new_notes(stack, job)
        except OSError as error:
            log.warning("the layers of this build are not noted: %s", error)
        else:
            engine.on_layer = partial(_note, file)
        yield
    try:
        if any(_all_notes(job)):
            sweep(engine, job)
    except (docker.errors.DockerException, requests.RequestException, PluginError) as error:
        log.warning("what a killed build left cannot be removed: %s", error)


def sweep(engine: Engine, job: JobInfo) -> None:
    """Remove what killed builds of the application left; while another one of its builds runs, only their layers."""
    alive = False
    for path in _all_notes(job):
        with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                alive = True
                continue
            layers.remove(engine, file.read().decode().split())
            path.unlink(missing_ok=True)
    if alive:
        return
    marks = [f"{name}={value}" for name, value in labels.of(job).items()]
    for found in engine.api.containers(all=True, filters={"label": marks, "status": "created"}):
        if labels.ID not in found["Labels"]:
            containers.remove(engine, str(found["Id"]))
    layers.remove(engine, [str(found["Id"]) for found in engine.api.images(filters={"label": marks, "dangling": True})])


def _new_notes(stack: contextlib.ExitStack, job: JobInfo) -> IO[bytes]:
    """A locked file that has its name only once it is locked; both end with the stack."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{_digest(job)}-{secrets.token_hex(4)}{NOTES}"
    file = stack.enter_context(path.with_suffix(".new").open("xb", buffering=0))
    fcntl.flock(file, fcntl.LOCK_EX)
    path.with_suffix(".new").rename(path)
    stack.callback(path.unlink, missing_ok=True)
    return file


def _note(file: IO[bytes], layer: str) -> None:
    with contextlib.suppress(OSError):
        file.write(f"{layer}\n".encode())


def _all_notes(job: JobInfo) -> list[Path]:
    return list(_folder().glob(f"{_digest(job)}-*{NOTES}"))


def _digest(job: JobInfo) -> str:
    return hashlib.sha256("\0".join((job.project, job.app, job.workspace)).encode()).hexdigest()[:16]


def _folder() -> Path:
    return Path(platformdirs.user_data_dir("waypoint")) / "docker-builds"
