"""Figures of the configuration language: import, a file of 40 lines, a file of 500 lines. Prints; asserts nothing.

    python bench/config.py

Limits: import 60 ms, 40 lines 30 ms (in a fresh process, with the functions it calls), 500 lines 200 ms. Best of
several runs, wall clock; the same for the standard library shows how fast the machine is now.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "src"
sys.path.insert(0, str(SOURCES))

import wp_config  # noqa: E402

ROUNDS = 7

APP = """
app "web{0}" {{
  labels = {{
    service = "web{0}"
    env     = "dev"
  }}

  build {{
    use "docker" {{
      dockerfile = "${{path.app}}/Dockerfile"
    }}

    registry {{
      use "docker" {{
        image = "registry.example/${{app.name}}"
        tag   = lower("V{0}")
      }}
    }}
  }}

  deploy {{
    use "docker" {{
      service_port = 80 + {0}
    }}
  }}
}}
"""


def text(lines: int) -> bytes:
    """A configuration of about so many lines."""
    count = max(1, lines // APP.count("\n"))
    return ('project = "bench"\n' + "".join(APP.format(number) for number in range(count))).encode()


def evaluate(contents: bytes) -> None:
    """Load and choose every stage of every application."""
    with wp_config.load(wp_config.Source(contents, Path.cwd())) as project:
        for name in project.app_names:
            app = project.app(name)
            for kind in wp_config.StageKind:
                stage = app.stage(kind, {"artifact": {"image": "x"}})
                if stage is not None:
                    stage.use.decode(SCHEMA)


SCHEMA = wp_config.Schema(
    (
        wp_config.Attribute("dockerfile"),
        wp_config.Attribute("image"),
        wp_config.Attribute("tag"),
        wp_config.Attribute("service_port", "integer"),
    )
)


def fresh(program: str) -> float:
    """Milliseconds a program takes inside of a fresh interpreter, best of the rounds."""
    wrapped = f"import time\nstart = time.perf_counter()\n{program}\nprint((time.perf_counter() - start) * 1000)"
    command = [sys.executable, "-c", wrapped]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SOURCES)})
        for _ in range(ROUNDS)
    ]
    return min(float(run.stdout) for run in runs)


def best(contents: bytes) -> float:
    """Milliseconds to evaluate in this process, best of the rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        evaluate(contents)
        times.append((time.perf_counter() - start) * 1000)
    return min(times)


def main() -> None:
    """Print the figures."""
    small, large = text(40), text(500)
    first = fresh("import dataclasses, enum, json, pathlib, re, typing")
    whole = fresh("from wp_config import load")
    once = fresh(
        "import pathlib\nfrom wp_config import load, Source, StageKind\nstart = time.perf_counter()\n"
        f"project = load(Source({small!r}, pathlib.Path('.')))\n"
        "app = project.app('web0')\n[app.stage(kind).labels for kind in StageKind if app.stage(kind)]"
    )
    print(f"{'standard library it needs':<44} {first:8.1f} ms")
    print(f"{'import with load (limit 60)':<44} {whole:8.1f} ms")
    print(f"{f'{small.count(10)} lines, first in a process (limit 30)':<44} {once:8.1f} ms")
    print(f"{f'{small.count(10)} lines again':<44} {best(small):8.1f} ms")
    print(f"{f'{large.count(10)} lines (limit 200)':<44} {best(large):8.1f} ms")


if __name__ == "__main__":
    main()
