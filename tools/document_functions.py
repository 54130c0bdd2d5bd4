"""Write ``docs/reference/functions.md`` from the functions themselves. A test fails when the page is out of date.

Usage: ``python tools/document_functions.py [--check]``
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from wp_config import functions  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "functions.md"

TITLES = {
    "numeric": "Numbers",
    "strings": "Text",
    "formatting": "Formatting",
    "datetime": "Date and time",
    "regular": "Regular expressions (RE2 syntax)",
    "collections": "Lists, maps and objects",
    "sets": "Sets",
    "conversion": "Conversion",
    "encoding": "Encoding",
    "yaml": "YAML",
    "hashes": "Hashes",
    "files": "Files",
    "templates": "Templates",
    "git": "Git",
    "selectors": "Selectors",
    "jsonnet": "jsonnet",
    "dynamic": "Values from config sources",
}

HEAD = """# Functions of waypoint.hcl

This page is made from the functions by `tools/document_functions.py`. A function marked with a star is not known to Go
Waypoint 0.11; `...` means that the last argument may be given any number of times. Relative paths count from the
application's folder (`path.app`), outside of applications from the project's. Where a function gives a fact that can
change (git, time, files made from templates), one job sees one answer.

"""

TAIL = """## Evaluated on demand

- `try(value...)` * — The first argument that can be evaluated without an error.
- `can(value)` * — Whether the argument can be evaluated without an error.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for module, title in TITLES.items():
        parts.append(f"## {title}\n\n")
        for name in sorted(functions.in_module(module)):
            found = functions.load(name)
            star = " *" if name in functions.ADDITIONS else ""
            parts.append(f"- `{found.usage}`{star} — {' '.join(found.doc.split())}\n")
        parts.append("\n")
    return "".join(parts) + TAIL


def main() -> int:
    """Write the page, or with ``--check`` compare it; 1 when it differs."""
    text = page()
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print("docs/reference/functions.md is out of date; run tools/document_functions.py", file=sys.stderr)
            return 1
        return 0
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
