"""Fuzz the readers of untrusted bytes: ``python tests/fuzz/run.py [TARGET…] [--seconds N]``.

Each module of ``targets`` is one target (see README.md). It runs in a process of its own, guided by the coverage of
the packages it names, beginning with its seeds. An input that raises, hangs or eats memory is kept in
``findings/TARGET/``, where ``test_findings.py`` tries it again on every run of the tests; exit status 1.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FINDINGS = HERE / "findings"
TARGETS = sorted(path.stem for path in (HERE / "targets").glob("*.py") if path.stem != "__init__")

INPUT_SECONDS = 20
"""An input that takes longer hangs: the slowest seed takes a fraction of a second, instrumented."""

MEMORY_MEGABYTES = 2048
LONGEST_INPUT = 4096


def fuzz(name: str, seconds: int, kept: Path | None) -> bool:
    """Run one target for a while; whether nothing was found. ``kept``: folder in which interesting inputs stay."""
    with tempfile.TemporaryDirectory(prefix="waypoint-fuzz-") as scratch:
        folder = Path(scratch)
        (folder / "new").mkdir()
        (folder / "found").mkdir()
        corpus = kept or folder / "new"
        corpus.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, __file__, "--inside", name, scratch]
        command += [f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEMORY_MEGABYTES}"]
        command += [f"-max_len={LONGEST_INPUT}", f"-dict={folder / 'words'}", f"-artifact_prefix={folder / 'found'}/"]
        command += ["-print_final_stats=1", str(corpus), str(folder / "seeds")]
        print(f"== {name}: {seconds} s", flush=True)
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        found = sorted((folder / "found").iterdir())
        for path in found:
            _keep(name, path)
    if status and not found:
        print(f"{name}: the fuzzer ended with status {status} without keeping an input", file=sys.stderr)
    return not status


def _keep(name: str, path: Path) -> None:
    contents = path.read_bytes()
    kept = FINDINGS / name / f"{path.name.partition('-')[0]}-{hashlib.sha256(contents).hexdigest()[:12]}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(contents)
    print(f"{name}: kept {kept.relative_to(ROOT)}: {contents[:200]!r}", file=sys.stderr)


def _inside(name: str, scratch: Path, options: list[str]) -> None:
    """The process that fuzzes; does not return."""
    import atheris

    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    packages = _packages(name)
    with atheris.instrument_imports(include=list(packages)):
        target = importlib.import_module(f"tests.fuzz.targets.{name}")
    (scratch / "seeds").mkdir()
    for contents in target.seeds():
        (scratch / "seeds" / hashlib.sha256(contents).hexdigest()[:16]).write_bytes(contents)
    words = ('"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"' for word in target.DICTIONARY)
    (scratch / "words").write_text("\n".join(words) + "\n")
    atheris.Setup([name, *options], target.one)
    atheris.Fuzz()


def _packages(name: str) -> tuple[str, ...]:
    """The target's ``PACKAGES``, read without importing what shall be instrumented."""
    import ast

    for node in ast.parse((HERE / "targets" / f"{name}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PACKAGES":
            return tuple(ast.literal_eval(node.value))
    raise SystemExit(f"tests/fuzz/targets/{name}.py does not say which PACKAGES to watch")


def main() -> int:
    """Fuzz the targets named, or all; 1 when something was found."""
    if sys.argv[1:2] == ["--inside"]:
        _inside(sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="*", default=TARGETS, help=f"of: {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seconds", type=int, default=60, help="time for each target (default: 60)")
    parser.add_argument("--keep", type=Path, help="folder in which interesting inputs stay for the next run")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.target) - set(TARGETS))
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}")
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed; it exists for Linux on x86-64: see requirements/dev.in", file=sys.stderr)
        return 2
    os.environ.setdefault("PYTHONHASHSEED", "0")
    clean = [
        fuzz(name, arguments.seconds, arguments.keep / name if arguments.keep else None) for name in arguments.target
    ]
    return 0 if all(clean) else 1


if __name__ == "__main__":
    raise SystemExit(main())
