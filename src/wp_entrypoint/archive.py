"""Packing the entrypoint into one file that every Python from 3.9 on runs; not part of that file itself.

    python -m wp_entrypoint.archive TARGET

The archive holds sources. compiled() trees for further interpreters can be put beside them by whoever builds releases:
`__main__.py` looks for a folder named after the running interpreter (`cp313`) first.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

PACKAGES = ("wp_entrypoint", "wp_proto.entrypoint")
LEFT_OUT = {"wp_entrypoint/archive.py"}
EPOCH = (1980, 1, 1, 0, 0, 0)
MAIN = """\
import sys
_self = sys.path[0]
sys.path[0] = _self + "/lib"
sys.path.insert(0, _self + "/" + "cp%d%d" % sys.version_info[:2])
from wp_entrypoint.__main__ import main
main()
"""


def write(target: Path, compiled_for: tuple[int, int] | None = None) -> None:
    """Write the archive, byte for byte the same for the same sources.

    compiled_for adds bytecode for the running interpreter, which must have that version.
    """
    files = {"__main__.py": MAIN.encode()}
    for name, source in _sources():
        files["lib/" + name] = source
        if compiled_for is not None:
            files[f"cp{compiled_for[0]}{compiled_for[1]}/{name}c"] = _bytecode(source, name)
    temporary = target.with_name(target.name + ".new")
    with zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    temporary.chmod(0o755)
    temporary.replace(target)


def _sources() -> Iterator[tuple[str, bytes]]:
    """The modules of the archive: path inside it, and text."""
    yield "wp_proto/__init__.py", b""
    for package in PACKAGES:
        for folder in import_module(package).__path__:
            for path in sorted(Path(folder).glob("*.py")):
                name = package.replace(".", "/") + "/" + path.name
                if name not in LEFT_OUT:
                    yield name, path.read_bytes()


def _bytecode(source: bytes, name: str) -> bytes:
    """A .pyc that is never compared with its source (PEP 552, unchecked hash)."""
    import marshal
    from importlib.util import MAGIC_NUMBER, source_hash

    code = compile(source, name, "exec", dont_inherit=True, optimize=2)
    return MAGIC_NUMBER + (1).to_bytes(4, "little") + source_hash(source) + marshal.dumps(code)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
