"""The file of `server run -config=FILE`: TOML, one key for each flag, in the flag's words.

A file keeps secrets such as the password in a database URL out of the process list. Flags and variables win over it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from wp_server.settings import SettingsError


def read(path: Path, keys: Iterable[str]) -> dict[str, str]:
    """Returns the texts of the file by key, hyphens as underscores. `keys`: those there are. Errors: SettingsError."""
    try:
        content = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise SettingsError(f"The configuration file {path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from error
    known = set(keys)
    texts: dict[str, str] = {}
    for written, value in content.items():
        key = written.replace("-", "_")
        if key not in known:
            nearest = get_close_matches(key, sorted(known), 1)
            hint = f" Did you mean {nearest[0]}?" if nearest else " The keys are the flags of `server run -help`."
            raise SettingsError(f"{path}: there is no setting {written}.{hint}")
        if key in texts:
            raise SettingsError(f"{path}: {key} is there twice, once with hyphens and once with underscores.")
        if not isinstance(value, str | bool | int):
            raise SettingsError(f"{path}: {written} must be a text, a number, true or false.")
        texts[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return texts
