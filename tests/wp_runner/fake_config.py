"""A configuration as plain objects, for tests of the operations that are not about the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass
class Use:
    plugin: str
    range: None = None
    body: Mapping[str, object] | Callable[[Scope], Mapping[str, object]] = field(default_factory=dict)

    def decode(self, schema: BodySchema, scope: Scope, *, partial: bool = False) -> dict[str, object]:
        return dict(self.body(scope) if callable(self.body) else self.body)


@dataclass
class Stage:
    use: Use
    labels: Mapping[str, str] = field(default_factory=lambda: {"waypoint/workspace": "default"})
    hook_list: tuple[Hook, ...] = ()

    def hooks(self, scope: Scope) -> tuple[Hook, ...]:
        return self.hook_list


@dataclass
class App:
    name: str
    path: Path
    stages: dict[StageKind, Stage]
    labels: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[ConfigVariable, ...] = ()
    file_change_signal: str = ""

    def stage(self, kind: StageKind, scope: Scope) -> Stage | None:
        return self.stages.get(kind)

    def config(self) -> tuple[ConfigVariable, ...]:
        return self.entries


class NoVariables:
    def final(self) -> tuple[FinalValue, ...]:
        return ()

    def secrets(self) -> tuple[str, ...]:
        return ()


@dataclass
class Project:
    path: Path
    apps: dict[str, App]
    name: str = "shop"
    labels: Mapping[str, str] = field(default_factory=dict)
    plugins: tuple[PluginDeclaration, ...] = ()
    variables: NoVariables = field(default_factory=NoVariables)
    entries: tuple[ConfigVariable, ...] = ()
    file_change_signal: str = ""
    pipes: tuple[Pipeline, ...] = ()
    closed: bool = False
    inputs: VariableInputs = field(default_factory=VariableInputs)
    context: Context = field(default_factory=Context)

    @property
    def given(self) -> Source:
        return Source(b'project = "shop"', self.path)

    @property
    def app_names(self) -> tuple[str, ...]:
        return tuple(self.apps)

    def app(self, name: str) -> App:
        return self.apps[name]

    def config(self) -> tuple[ConfigVariable, ...]:
        return self.entries

    def pipelines(self) -> tuple[Pipeline, ...]:
        return self.pipes

    def close(self) -> None:
        self.closed = True
