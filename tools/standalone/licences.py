"""The licences of everything inside a standalone entrypoint, as one text: it lies beside the file, and in its zip."""

from __future__ import annotations

import re
from pathlib import Path

from .inputs import Pins
from .recipes import Recipes
from .stage import Stage, Workshop

RULE = "=" * 78


def text(own: Path, zig: Path, workshop: Workshop, recipes: Recipes) -> bytes:
    """The whole text. `own` is the folder with our LICENSE."""

    def of(stage: Stage, path: str) -> str:
        return (workshop.result(stage, zig) / "source" / path).read_text()

    pins: Pins = recipes.pins
    python, openssl, zlib = (recipes.licence(name) for name in ("python3.13", "openssl", "zlib"))
    hashes = re.match(r"/\*.*?\*/", of(python, "Modules/_hacl/Hacl_Hash_SHA2.c"), re.DOTALL)
    if hashes is None:
        raise ValueError("Modules/_hacl/Hacl_Hash_SHA2.c does not begin with its licence")
    parts = {
        "Waypoint's entrypoint": (own / "LICENSE").read_text(),
        f"CPython, Debian's {pins.packages['python3.13'].version}": of(python, "LICENSE"),
        "Software incorporated in CPython": of(python, "Doc/license.rst"),
        "HACL*, incorporated in CPython": hashes[0],
        f"OpenSSL, Debian's {pins.packages['openssl'].version}": of(openssl, "LICENSE.txt"),
        f"zlib, Debian's {pins.packages['zlib'].version}": of(zlib, "LICENSE"),
        "musl": (zig.parent / "lib/libc/musl/COPYRIGHT").read_text(),
        "Zig's compiler runtime": (zig.parent / "LICENSE").read_text(),
    }
    titled = (f"{RULE}\n{title}\n{RULE}\n\n{part.strip()}\n" for title, part in parts.items())
    return "\n\n".join(titled).encode()
