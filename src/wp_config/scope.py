"""What names mean at a place: variables, functions, and the facts functions need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wp_config.diagnostics import Diagnostics
from wp_config.values import Value

if TYPE_CHECKING:
    import tempfile


@dataclass
class Surroundings:
    """What functions know about the world, shared by all evaluation of one loaded project.

    ``directory`` resolves relative paths (``path.app`` or ``path.project``); ``git_directory`` is where git
    functions look; ``memory`` keeps results of impure functions so that one job sees one value (hcl.md §11.3).
    :meth:`new_directory` makes folders for the results of template functions; :meth:`close` removes them. ``dry``:
    only check; functions that look at the world answer unknown. ``rounds`` counts what loops did.
    """

    directory: Path
    git_directory: Path
    temporary_directory: Path | None = None
    memory: dict[tuple[object, ...], Value] = field(default_factory=dict)
    dry: bool = False
    rounds: list[int] = field(default_factory=lambda: [0])
    warnings: Diagnostics = field(default_factory=Diagnostics)
    root: Path | None = None
    _folders: list[tempfile.TemporaryDirectory[str]] = field(default_factory=list)

    def at(self, directory: Path) -> Surroundings:
        """The same world seen from another folder."""
        return Surroundings(
            directory,
            self.git_directory,
            self.temporary_directory,
            self.memory,
            self.dry,
            self.rounds,
            self.warnings,
            self.root or self.directory,
            self._folders,
        )

    def new_directory(self) -> Path:
        """A new empty folder (mode 0700) that lives until :meth:`close`."""
        import tempfile

        folder = tempfile.TemporaryDirectory(prefix="waypoint", dir=self.temporary_directory)
        self._folders.append(folder)
        return Path(folder.name)

    def close(self) -> None:
        """Remove the folders made by :meth:`new_directory`."""
        while self._folders:
            self._folders.pop().cleanup()


class Scope:
    """A chain of variable layers; the nearest layer that has a name wins completely (hcl.md §14.9).

    ``surroundings`` is None where no functions exist. ``templates`` and ``dynamic`` say whether those functions may
    be called here. A variable may be given as a function without arguments, called when the name is first used.
    ``absent`` explains attributes of a variable that are declared but have no value.
    """

    __slots__ = ("_absent", "_variables", "dynamic", "outer", "surroundings", "templates")

    def __init__(
        self,
        variables: Mapping[str, Value | Callable[[], Value]],
        outer: Scope | None = None,
        *,
        surroundings: Surroundings | None = None,
        templates: bool | None = None,
        dynamic: bool | None = None,
        absent: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._absent = absent
        self._variables = dict(variables)
        self.outer = outer
        self.surroundings: Surroundings | None = surroundings
        self.templates: bool = bool(templates)
        self.dynamic: bool = bool(dynamic)
        if outer is not None:
            self.surroundings = surroundings or outer.surroundings
            self.templates = outer.templates if templates is None else templates
            self.dynamic = outer.dynamic if dynamic is None else dynamic

    @property
    def dry(self) -> bool:
        """Whether this is only a check, in which values may stay unknown where a run would know them."""
        return self.surroundings is not None and self.surroundings.dry

    def find(self, name: str) -> Value | None:
        """The variable's value, or None when nothing in scope has that name."""
        scope: Scope | None = self
        while scope is not None:
            found = scope._variables.get(name)
            if found is not None:
                if callable(found):
                    found = scope._variables[name] = found()
                    assert isinstance(found, Value)
                return found
            scope = scope.outer
        return None

    def absent(self, name: str, attribute: str) -> str:
        """Why ``name.attribute`` has no value although it is declared; empty when nothing is known about that."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope._variables:
                return (scope._absent or {}).get((name, attribute), "")
            scope = scope.outer
        return ""

    def names(self) -> Iterator[str]:
        """All names in scope, nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope._variables
            scope = scope.outer

    def child(self, variables: Mapping[str, Value | Callable[[], Value]]) -> Scope:
        """A nearer layer."""
        return Scope(variables, self)


EMPTY = Scope({})
"""No variables, no functions: for constants."""
