"""The program that this process runs from, for who starts it again."""

from __future__ import annotations

import os
import sys


def own_command() -> list[str]:
    """Command that runs this program again: the same artifact, or the same interpreter with the command line."""
    import zipfile  # takes longer to import than most commands may take

    program = os.path.abspath(sys.argv[0])
    if zipfile.is_zipfile(program):
        return [sys.executable, program]
    return [sys.executable, "-m", "wp_cli"]
