"""Freezes our modules and the part of the standard library they import; runs in the CPython of the build.

    python freeze.py LIBRARY APP TARGET

Writes bytecode of all modules as one blob (named by its hash: the compiler's cache does not look into included files),
the assembler text that includes it, and the table CPython finds modules by. Which modules those are is seen from the
import statements of our sources, also those inside functions, and from what comes with them when they are imported.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import marshal
import os
import sys

CODECS = ("ascii", "idna", "latin_1", "raw_unicode_escape", "unicode_escape", "utf_8", "utf_8_sig")
"""Codecs are looked up by name, which no import statement shows."""

ALWAYS = (
    "_strptime",
    "abc",
    "codecs",
    "encodings",
    "encodings.aliases",
    "io",
    "os",
    "site",
    "stat",
    "tokenize",
    "traceback",
)
"""Also what the standard library imports only when it is needed: `time.strptime`, and the lines of a traceback."""
ABSENT = {
    "_ctypes",  # the launcher has what our code takes it for
    "ctypes",
    "typing",  # for type checkers only
}
ALIGNMENT = 16


def main(library: str, app: str, target: str) -> None:
    """Freeze the modules below `app`, and what they need of those below `library`, into the new folder `target`."""
    ours = dict(modules_of(app))
    found = {}
    for name in standard_modules(ours):
        path = os.path.join(library, *name.split("."))
        for candidate in (path + ".py", os.path.join(path, "__init__.py")):
            if os.path.isfile(candidate):
                found[name] = candidate
    found.update(ours)
    blob = bytearray()
    rows = []
    for name, path in sorted(found.items()):
        with open(path, "rb") as file:
            code = compile(file.read(), f"<frozen {name}>", "exec", dont_inherit=True, optimize=2)
        # Read back once: the first bytes depend on what else this process holds.
        plain = marshal.dumps(marshal.loads(marshal.dumps(code)))  # noqa: S302 - our own bytes
        rows.append((name, len(blob), len(plain), os.path.basename(path) == "__init__.py"))
        blob += plain
        blob += bytes(-len(blob) % ALIGNMENT)
    write(target, bytes(blob), rows)


def modules_of(app: str):
    """Name and path of each of our modules."""
    for folder, folders, files in os.walk(app):
        folders.sort()
        for file in sorted(files):
            if file.endswith(".py"):
                path = os.path.join(folder, file)
                name = os.path.relpath(path, app)[: -len(".py")].replace(os.sep, ".")
                yield name.removesuffix(".__init__"), path


def standard_modules(ours: dict[str, str]) -> list[str]:
    """Names of all modules that importing ours may bring in."""
    wanted = {*ALWAYS, *(f"encodings.{name}" for name in CODECS)}
    for path in ours.values():
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                wanted.add(node.module)
                wanted |= {f"{node.module}.{alias.name}" for alias in node.names}
    for name in sorted(wanted):
        package = name.split(".")[0]
        if package in sys.stdlib_module_names and package not in ABSENT:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as missing:
                if missing.name != name or "." not in name:  # `from module import name` may name what is no module
                    raise
    names = {name for name in sys.modules if name.split(".")[0] in sys.stdlib_module_names}
    names |= {spec.name for module in list(sys.modules.values()) if (spec := getattr(module, "__spec__", None))}
    return sorted(names - {"__main__"})


def write(target: str, blob: bytes, rows: list[tuple[str, int, int, bool]]) -> None:
    """Put blob, assembler text and table into the folder."""
    os.makedirs(target)
    name = f"blob-{hashlib.sha256(blob).hexdigest()[:16]}.bin"
    with open(os.path.join(target, name), "wb") as file:
        file.write(blob)
    with open(os.path.join(target, "blob.S"), "w") as file:
        file.write(
            f".section .rodata\n.balign {ALIGNMENT}\n.globl frozen_blob\nfrozen_blob:\n"
            f'.incbin "{name}"\n.section .note.GNU-stack,"",%progbits\n'
        )
    with open(os.path.join(target, "table.c"), "w") as file:
        file.write("#include <Python.h>\nextern const unsigned char frozen_blob[];\n")
        file.write("const struct _frozen frozen_modules[] = {\n")
        for module, offset, size, is_package in rows:
            file.write(f'  {{"{module}", frozen_blob + {offset}, {size}, {int(is_package)}}},\n')
        file.write("  {0, 0, 0, 0}};\n")
    print(f"{len(rows)} modules, {len(blob)} bytes:", *(row[0] for row in rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
