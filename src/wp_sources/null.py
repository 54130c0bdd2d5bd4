"""The source for trying things out: a value is the parameter `static_value`, or the setting that `config_key` names."""

from __future__ import annotations

from wp_sources.contract import SourceError, each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wp_sources.contract import Reading


class Null:
    """Answers what it was told."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings

    def read(self, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, Reading]:
        """The given values back."""
        return each(wanted, self._read_one)

    def _read_one(self, parameters: Mapping[str, str]) -> str:
        if "static_value" in parameters:
            return parameters["static_value"]
        key = parameters.get("config_key")
        if not key:
            raise SourceError("the null source needs static_value or config_key")
        if key not in self._settings:
            raise SourceError(f"the null source has no setting {key}")
        return self._settings[key]


def open_source(settings: Mapping[str, str], _environment: Mapping[str, str]) -> Null:
    """As wp_sources.open_source."""
    return Null(settings)
