"""Finds the entrypoint artifact that plugins put into images and in front of processes.

In order: the file `WAYPOINT_ENTRYPOINT_FILE` names; the copy that the built `waypoint` program carries; in a source
checkout, one packed now from the sources. The last two are put under their content's hash into the user's cache,
executable, once, and with the carried one its standalone forms (`waypoint-entrypoint-linux-ARCHITECTURE`) beside it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import lzma
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import platformdirs

from wp_sdk.errors import PluginError

log = logging.getLogger(__name__)

VARIABLE = "WAYPOINT_ENTRYPOINT_FILE"
NAME = "waypoint-entrypoint"
CARRIED = Path(__file__).parent / "artifacts" / NAME
PACKER = "wp_entrypoint.archive"
PACK_SECONDS = 60.0


class EntrypointFinder:
    """Callable; finds once and remembers. Thread-safe."""

    def __init__(self, environment: Mapping[str, str] | None = None, cache: Path | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._cache = cache
        self._lock = threading.Lock()
        self._found: Path | None = None
        self._looked = False

    def __call__(self) -> Path | None:
        """Return the file, or None when this installation has none.

        Raises `PluginError` when the variable names nothing.
        """
        with self._lock:
            if not self._looked:
                self._found = self._find()
                self._looked = True
            return self._found

    def _find(self) -> Path | None:
        named = self._environment.get(VARIABLE, "")
        if named:
            path = Path(named).absolute()
            if not path.is_file():
                raise PluginError(f"{VARIABLE} names {path}, which is not a file", do="Correct or unset the variable")
            return path
        if CARRIED.is_file():
            forms = {path.stem: path.read_bytes() for path in CARRIED.parent.glob(f"{NAME}-*.xz")}
            return self._keep(CARRIED.read_bytes(), forms)
        return self._pack()

    def _pack(self) -> Path | None:
        try:
            if importlib.util.find_spec(PACKER) is None:
                return None
        except ModuleNotFoundError:
            return None
        with tempfile.TemporaryDirectory(prefix="waypoint-entrypoint-") as folder:
            target = Path(folder) / NAME
            packed = subprocess.run(
                [sys.executable, "-m", PACKER, str(target)],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PACK_SECONDS,
                check=False,
            )
            if packed.returncode != 0 or not target.is_file():
                log.error("the entrypoint could not be packed: %s", packed.stderr.decode("utf-8", "replace"))
                return None
            return self._keep(target.read_bytes())

    def _keep(self, content: bytes, compressed: Mapping[str, bytes] = MappingProxyType({})) -> Path:
        """The file with this content in the user's cache, and beside it what is compressed, by name."""
        root = self._cache or platformdirs.user_cache_path("waypoint")
        digest = hashlib.sha256(content)
        for name in sorted(compressed):
            digest.update(compressed[name])
        kept = root / "entrypoint" / digest.hexdigest()[:16] / NAME
        if not kept.is_file():
            kept.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            for name, packed in compressed.items():
                _write(kept.with_name(name), lzma.decompress(packed))
            _write(kept, content)  # last: with it, everything is there
        return kept


def _write(path: Path, content: bytes) -> None:
    """Put an executable file in place in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o755)
    Path(temporary).replace(path)
