"""Image references: which registry, which repository, which tag or digest.

The rules are the engine's: the first path component is a registry when it has a dot, a colon or capital letters, or is
`localhost`; everything else lives on Docker Hub, with `library/` in front of a bare name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DOCKER_HUB = "docker.io"

LOCAL_REGISTRY = "waypoint.local"
"""Not a registry: names under it exist in the engine that built them only."""

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d+)?")


@dataclass(frozen=True)
class Reference:
    """A parsed reference. `name` is the repository as it was written; `tag` and `digest` may be empty."""

    name: str
    registry: str
    path: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def version(self) -> str:
        """What a pull has to ask for: the digest when there is one, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"


def parse(text: str) -> Reference:
    """Take a reference apart; raises ValueError with a sentence about what is wrong with it."""
    rest, _, digest = text.partition("@")
    if "@" in text and not _DIGEST.fullmatch(digest):
        raise ValueError(
            f'"{text}" is not an image reference: "{digest}" is not a digest such as sha256:<64 hex digits>'
        )
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        name, tag = rest, ""
    elif not _TAG.fullmatch(tag):
        raise ValueError(
            f'"{text}" is not an image reference: "{tag}" is not a tag (letters, digits, "_", "." and "-")'
        )
    first, slash, remainder = name.partition("/")
    if slash and (first == "localhost" or any(mark in first for mark in ".:") or first != first.lower()):
        registry, path = first, remainder
    else:
        registry, path = DOCKER_HUB, name
    if registry == "index.docker.io":
        registry = DOCKER_HUB
    if not _HOST.fullmatch(registry):
        raise ValueError(f'"{text}" is not an image reference: "{registry}" is not the host of a registry')
    if not _PATH.fullmatch(path):
        lower = " (capital letters are not allowed)" if path != path.lower() else ""
        raise ValueError(f'"{text}" is not an image reference: "{path}" is not a repository name{lower}')
    if registry == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    return Reference(name, registry, path, tag, digest)


def combine(image: str, tag: str) -> str:
    """`image:tag`, or `image@digest` when the tag is a digest, as docker.Image carries them in two fields."""
    if not tag:
        return image
    return f"{image}@{tag}" if _DIGEST.fullmatch(tag) else f"{image}:{tag}"


def local_name(app: str) -> str:
    """Repository that a build of this application gets in the engine."""
    path = re.sub(r"[^a-z0-9]+", lambda found: found[0] if found[0] in {"-", "_", ".", "__"} else "-", app.lower())
    return f"{LOCAL_REGISTRY}/{path.strip('-_.') or 'app'}"
