"""Removing the layers of a build that did not come to its end.

The classic builder keeps the layer of every step as a nameless image. It may make one more while we hang up, which we
never hear of: so what stands on a layer we know goes too. A layer that is part of a named image by now stays.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

import docker.errors

from wp_plugins.docker.engine import Engine, Json, said

PATIENCE = 10.0
"""Seconds that the engine gets to end a step before a layer it uses is left behind."""

PAUSE = 0.2
"""Seconds between two attempts to remove a layer."""

NO_NAME = "<none>:<none>"

log = logging.getLogger(__name__)


def remove(engine: Engine, made: Iterable[str]) -> None:
    """Remove these layers (ids, possibly shortened) and what stands on them, if all of that is nameless."""
    known = tuple(made)
    deadline = time.monotonic() + PATIENCE
    while known and (nameless := removable(engine.api.images(all=True), known)):
        refusals = [refusal for layer in nameless if (refusal := _refusal(engine, layer))]
        if refusals and time.monotonic() > deadline:
            log.warning("layers of an unfinished build cannot be removed: %s", refusals[0])
            return
        if refusals:
            time.sleep(PAUSE)


def removable(images: Iterable[Json], known: Iterable[str]) -> list[str]:
    """Ids of the known layers and of all that stands on them, from the top down, without what has a name or carries
    something that has one.

    `images` are all of the engine as it lists them.
    """
    by_id = {str(image["Id"]): image for image in images}
    children: dict[str, list[str]] = {}
    for identity, image in by_id.items():
        children.setdefault(str(image["ParentId"]), []).append(identity)
    found: dict[str, None] = {}

    def visit(layer: str) -> bool:
        if layer in found:
            return True
        if set(by_id[layer].get("RepoTags") or ()) - {NO_NAME}:
            return False
        above = [visit(child) for child in children.get(layer, ())]
        if all(above):
            found[layer] = None
        return all(above)

    beginnings = tuple(each.removeprefix("sha256:") for each in known)
    for identity in by_id:
        if identity.removeprefix("sha256:").startswith(beginnings):
            visit(identity)
    return list(found)


def _refusal(engine: Engine, layer: str) -> str:
    """Why the layer cannot be removed now; "" when it is gone."""
    try:
        engine.api.remove_image(layer, noprune=True)
    except docker.errors.NotFound:
        return ""
    except docker.errors.APIError as error:
        return said(error)
    return ""
