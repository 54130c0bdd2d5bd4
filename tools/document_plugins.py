"""Write ``docs/reference/plugins.md`` and a page for each built-in plugin from the plugins themselves.

A test fails when a page is out of date.

Usage: ``python tools/document_plugins.py [--check]``
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from wp_cli.render.documentation import TITLES, page, sentence, table  # noqa: E402
from wp_runner.plugins import ALIASES, PluginHost  # noqa: E402
from wp_sdk.component import ComponentKind  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
PAGES = REFERENCE / "plugins"

HEAD = """# Plugins

This page and those it links to are made from the plugins by `tools/document_plugins.py`. `waypoint docs -plugin NAME`
shows the same.
"""


def pages() -> dict[Path, str]:
    """Every page by its place."""
    host = PluginHost()
    made: dict[Path, str] = {}
    rows = []
    for name in host.names():
        plugin = host.open(name)
        found = {kind: text for kind in ComponentKind if (text := plugin.documentation(kind)) is not None}
        roles = ", ".join(f"`{TITLES[kind]}`" for kind in found)
        if name in ALIASES:
            rows.append((f"`{name}`", roles, f"Another name of `{ALIASES[name]}`."))
            continue
        rows.append((f"[`{name}`](plugins/{name}.md)", roles, sentence(plugin.doc)))
        made[PAGES / f"{name}.md"] = page(name, plugin.doc, found)
    made[REFERENCE / "plugins.md"] = f"{HEAD}\n{table(('plugin', 'for', 'what it does'), rows)}\n"
    return made


def main() -> int:
    """Write the pages, or with ``--check`` compare them; 1 when one differs."""
    wanted = pages()
    stale = [path for path in PAGES.glob("*.md") if path not in wanted]
    if "--check" in sys.argv[1:]:
        wrong = [*stale, *(p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text)]
        for path in wrong:
            print(f"{path.relative_to(ROOT)} is out of date; run tools/document_plugins.py", file=sys.stderr)
        return bool(wrong)
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
