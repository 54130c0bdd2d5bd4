"""The prepared grammar belongs to the installed python-hcl2, and needs nothing of it at run time."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "prepare_grammar.py"


def test_the_prepared_grammar_is_that_of_the_installed_library() -> None:
    done = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_command_imports_neither_the_library_nor_its_parser() -> None:
    program = (
        "import sys, wp_config\n"
        "wp_config.names(wp_config.Source(b'project = \"p\"', __import__('pathlib').Path('.')))\n"
        "print(sorted(set(sys.modules) & {'lark', 'hcl2', 'regex', 'csv', 'gzip', 'zipfile', 'yaml', 'subprocess'}))\n"
    )
    assert _run(program, ROOT / "src") == "[]"


def _run(program: str, path: Path) -> str:
    environment = {"PYTHONPATH": str(path)}
    command = [sys.executable, "-S", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def test_works_from_inside_a_zip(tmp_path: Path) -> None:
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for package in ("wp_config", "wp_text"):
            for path in sorted((ROOT / "src" / package).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    packed.write(path, path.relative_to(ROOT / "src"))
    program = (
        "import wp_config, pathlib\n"
        "print(wp_config.names(wp_config.Source(b'project = \"p\"', pathlib.Path('.'))).project)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(archive)},
    )
    assert done.stdout.strip() == "p"
