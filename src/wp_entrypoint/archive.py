"""Packing the entrypoint into one file that every Python from 3.9 on runs; not part of that file itself.

    python -m wp_entrypoint.archive TARGET

The archive holds sources below `lib/` and, for some interpreters, bytecode in a folder named after them (`cp313/`),
which `__main__.py` looks into first: compiling the sources at every start takes more than twice the time of everything
else. The release build runs `bytecode()` in each interpreter it finds, so Python 3.9 must be able to read this file.
"""

from __future__ import annotations

import io
import marshal
import sys
import zipfile
from collections.abc import Mapping
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

PACKAGES = ("wp_entrypoint", "wp_entrypoint/functions", "wp_proto/entrypoint", "wp_sources", "wp_text")
LEFT_OUT = {"wp_entrypoint/archive.py"}
EPOCH = (1980, 1, 1, 0, 0, 0)
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = """\
import sys
if sys.version_info < (3, 9):
    sys.exit(
        "waypoint-entrypoint: Python %d.%d (%s) cannot run this file, which needs Python 3.9 or newer in the image"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )
_self = sys.path[0]
sys.path[0] = _self + "/lib"
sys.path.insert(0, _self + "/" + "cp%d%d" % sys.version_info[:2])
from wp_entrypoint.__main__ import main
sys.exit(main())
"""
Texts = Mapping[str, bytes]
NOTHING: Texts = {}


def write(target: Path, compiled_for: tuple[int, int] | None = None) -> None:
    """Write the archive, byte for byte the same for the same sources.

    compiled_for adds bytecode for the running interpreter, which must have that version.
    """
    texts = sources(Path(__file__).resolve().parent.parent)
    compiled = {} if compiled_for is None else {f"cp{compiled_for[0]}{compiled_for[1]}": bytecode(texts)}
    temporary = target.with_name(target.name + ".new")
    temporary.write_bytes(pack(texts, compiled))
    temporary.chmod(0o755)
    temporary.replace(target)


def sources(root: Path) -> dict[str, bytes]:
    """The modules of the archive, by path inside its `lib/`; root is the folder of our packages."""
    found = {"wp_proto/__init__.py": b""}
    for package in PACKAGES:
        for path in sorted((root / package).glob("*.py")):
            name = f"{package}/{path.name}"
            if name not in LEFT_OUT:
                found[name] = path.read_bytes()
    return found


def bytecode(texts: Texts) -> dict[str, bytes]:
    """A .pyc for each module, made by the running interpreter, never compared with its source (PEP 552)."""
    compiled = {}
    for name, text in texts.items():
        code = compile(text, name, "exec", dont_inherit=True, optimize=2)
        # Read back once: the first bytes depend on what else this process holds.
        plain = marshal.dumps(marshal.loads(marshal.dumps(code)))  # noqa: S302  # our own bytes
        compiled[name + "c"] = MAGIC_NUMBER + (1).to_bytes(4, "little") + source_hash(text) + plain
    return compiled


def pack(texts: Texts, compiled: Mapping[str, Texts], before: bytes = SHEBANG, others: Texts = NOTHING) -> bytes:
    """The bytes of the archive, from modules and from bytecode by interpreter.

    before is what the file begins with: a line that names an interpreter, or an executable that needs none. others are
    further files, by path.
    """
    files = {"__main__.py": MAIN.encode(), **others}
    files.update({f"lib/{name}": text for name, text in texts.items()})
    for tag, modules in compiled.items():
        files.update({f"{tag}/{name}": content for name, content in modules.items()})
    buffer = io.BytesIO()
    buffer.write(before)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def main() -> None:
    """`TARGET` writes the archive; `--bytecode` turns modules on stdin into bytecode on stdout (both as marshal 2)."""
    if sys.argv[1:] == ["--bytecode"]:
        texts = marshal.loads(sys.stdin.buffer.read())  # noqa: S302  # from the build that started us
        sys.stdout.buffer.write(marshal.dumps(bytecode(texts), 2))
    else:
        write(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
