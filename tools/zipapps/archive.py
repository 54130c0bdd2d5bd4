"""Writing artifacts: zip archives whose bytes depend on nothing but their contents.

A packed program is a zip behind a `#!` line with very few entries, because the interpreter reads the whole directory of
a zip it is started from, at every start, in Python: 5 000 entries cost more than the program. What is to be unpacked
therefore lies in inner archives, one for all interpreters and one for each.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .bootstrap.unpack import LATER
from .contents import COMPILED_LATER, Contents, Files

SHEBANG = b"#!/usr/bin/env python3\n"
COMPRESSION = 6  # 9 takes 2.7 times as long for 0.8 % less
BOOTSTRAP = Path(__file__).parent / "bootstrap"
ABOUT_LINE = "ABOUT = {}  # the build writes what this artifact is here\n"


def zip_bytes(files: Files, *, store: bool = False) -> bytes:
    """A zip of the files, in order of their names, with fixed times and modes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_STORED if store and name.endswith(".zip") else zipfile.ZIP_DEFLATED
            if name.startswith(COMPILED_LATER):
                entry.comment = LATER
            archive.writestr(entry, files[name], compresslevel=COMPRESSION)
    return buffer.getvalue()


def content_key(contents: Contents, entry: str) -> str:
    """Names an unpacked copy: the same contents for the same program, the same key."""
    digest = hashlib.sha256(entry.encode())
    for bootstrap in ("__main__.py", "unpack.py"):
        digest.update((BOOTSTRAP / bootstrap).read_bytes())
    for name, content in contents.all_files():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:20]


def packed_program(program: str, entry: str, contents: Contents) -> bytes:
    """The bytes of an artifact that unpacks itself at its first start."""
    about = {
        "program": program,
        "entry": entry,
        "key": content_key(contents, entry),
        "interpreters": sorted(contents.by_interpreter, key=lambda tag: (len(tag), tag)),
        "machine": f"{sys.platform}-{os.uname().machine}",
        "glibc": ".".join(map(str, contents.glibc))
        if platform.libc_ver()[0] == "glibc" and any(contents.glibc)
        else "",
    }
    start = (BOOTSTRAP / "__main__.py").read_text()
    if start.count(ABOUT_LINE) != 1:
        raise ValueError(f"{BOOTSTRAP / '__main__.py'} has no line to put the artifact's facts into")
    parts = {"common.zip": contents.common}
    parts |= {f"{tag}.zip": files for tag, files in contents.by_interpreter.items()}
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # zlib works without the interpreter's lock
        archives = dict(zip(parts, threads.map(zip_bytes, parts.values()), strict=True))
    outer: Files = {
        "__main__.py": start.replace(ABOUT_LINE, f"ABOUT = {about!r}\n").encode(),
        "unpack.py": (BOOTSTRAP / "unpack.py").read_bytes(),
        **archives,
    }
    return SHEBANG + zip_bytes(outer, store=True)


def write_file(path: Path, content: bytes, mode: int = 0o755) -> None:
    """Put the file in place in one step, by default executable for everybody."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(fresh).chmod(mode)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
