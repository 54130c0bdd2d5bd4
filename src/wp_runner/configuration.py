"""What the runner needs from a loaded configuration; `wp_config.model` fulfils it, tests may use plain objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from wp_config.diagnostics import Range
from wp_config.records import (
    ConfigVariable,
    Context,
    FinalValue,
    Hook,
    Pipeline,
    PluginDeclaration,
    Source,
    StageKind,
    VariableInputs,
)
from wp_config.schema import BodySchema

Scope = Mapping[str, object]


class UseBlock(Protocol):
    """`use "plugin" { … }`."""

    @property
    def plugin(self) -> str:
        """The plugin's name."""

    @property
    def range(self) -> Range | None:
        """Where the block begins."""

    def decode(self, schema: BodySchema, scope: Scope, *, partial: bool = False) -> dict[str, object]:
        """Evaluate the body; raises `Diagnostics`."""


class Stage(Protocol):
    """A chosen stage body."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Final labels of the operation, overrides included."""

    @property
    def use(self) -> UseBlock:
        """The plugin."""

    def hooks(self, scope: Scope) -> tuple[Hook, ...]:
        """Commands around the stage, in file order."""


class App(Protocol):
    """One application."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def path(self) -> Path:
        """Its absolute folder."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its own labels."""

    @property
    def file_change_signal(self) -> str:
        """Signal for the application when one of its files changes; "" = none."""

    def stage(self, kind: StageKind, scope: Scope) -> Stage | None:
        """The stage's body, or None when the application has none (registry, release)."""

    def config(self) -> Sequence[ConfigVariable]:
        """Entries of the application's config stanza."""


class Variables(Protocol):
    """Input variables."""

    def final(self) -> Sequence[FinalValue]:
        """What each ended up with."""

    def secrets(self) -> Iterable[str]:
        """The texts of sensitive values, which nothing that others see may hold."""


class Project(Protocol):
    """A loaded file."""

    @property
    def given(self) -> Source:
        """What was loaded."""

    @property
    def inputs(self) -> VariableInputs:
        """The values given for variables."""

    @property
    def context(self) -> Context:
        """The workspace and labels it is read for."""

    @property
    def name(self) -> str:
        """The project's name."""

    @property
    def path(self) -> Path:
        """Folder of the file."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The project's labels."""

    @property
    def app_names(self) -> Sequence[str]:
        """Names of the applications."""

    @property
    def plugins(self) -> Sequence[PluginDeclaration]:
        """Plugins the project needs."""

    @property
    def variables(self) -> Variables:
        """Input variables."""

    @property
    def file_change_signal(self) -> str:
        """Signal for the application when one of its files changes; "" = none."""

    def app(self, name: str) -> App:
        """The application; raises `Diagnostics`."""

    def config(self) -> Sequence[ConfigVariable]:
        """Entries of the project's config stanza."""

    def pipelines(self) -> Sequence[Pipeline]:
        """The pipelines, embedded ones as pipelines of their own; raises `Diagnostics`."""

    def close(self) -> None:
        """Remove temporary files."""
