"""Everything an operation on one application works with, and the one way to call a component function."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from google.protobuf.message import Message

from wp_config.records import Hook, StageKind
from wp_proto.waypoint import api as pb
from wp_runner.configuration import App, Project, Scope
from wp_runner.masking import Mask
from wp_runner.plugins import Call, ComponentHandle, Outcome, PluginHost
from wp_runner.server import Server
from wp_sdk.arguments import KEYS, DataDir, EntrypointFile, JobInfo, LabelSet, Source
from wp_sdk.component import ComponentKind
from wp_sdk.context import Context
from wp_sdk.errors import PluginError
from wp_sdk.mapper import Input, Provider, Solver, Subject
from wp_sdk.terminal import UI
from wp_sdk.values import merge_labels

ROLES = {
    StageKind.BUILD: ComponentKind.BUILDER,
    StageKind.REGISTRY: ComponentKind.REGISTRY,
    StageKind.DEPLOY: ComponentKind.PLATFORM,
    StageKind.RELEASE: ComponentKind.RELEASE_MANAGER,
}


@dataclass(frozen=True)
class RunnerFacts:
    """What the operations need to know about the runner. `entrypoint` finds the entrypoint file, or None."""

    id: str
    local: bool
    host: PluginHost
    entrypoint: Callable[[], Path | None]
    odr: bool = False


@dataclass(frozen=True)
class ConfiguredStage:
    """A stage whose component has its configuration."""

    component: ComponentHandle
    labels: Mapping[str, str]
    hooks: tuple[Hook, ...]


class NothingSaved:
    """The `Checkpoint` of functions that have no record to save into."""

    def save(self, value: Message) -> None:
        """Do nothing: there is no record."""


@dataclass
class ProjectJob:
    """One job on a project. `directory` is where the data source was put (on a local runner the user's folder).

    `load` loads the configuration once more, for another job: in another workspace it may say something else.
    """

    job: pb.Job
    server: Server
    ui: UI
    ctx: Context
    facts: RunnerFacts
    project: Project
    directory: Path
    load: Callable[[pb.Job], Project]

    @property
    def host(self) -> PluginHost:
        """Plugins."""
        return self.facts.host

    @cached_property
    def mask(self) -> Mask:
        """Takes the values of sensitive variables out of what records say about a failure."""
        return Mask(self.project.variables.secrets())

    @property
    def workspace(self) -> pb.Ref.Workspace:
        """The workspace, as records refer to it."""
        return pb.Ref.Workspace(workspace=self.job.workspace.workspace)


@dataclass
class AppJob(ProjectJob):
    """One job on one application."""

    app: App

    @property
    def application(self) -> pb.Ref.Application:
        """The application, as records refer to it."""
        return pb.Ref.Application(application=self.app.name, project=self.project.name)

    def stage(self, kind: StageKind, scope: Scope) -> ConfiguredStage | None:
        """Evaluate a stage and configure its component; None when the application has no such stage.

        Raises `Diagnostics` for what the file says wrong, `PluginError` for what the plugin refuses.
        """
        stage = self.app.stage(kind, scope)
        if stage is None:
            return None
        component = self.host.component(stage.use.plugin, ROLES[kind])
        self.configure(component, kind, stage.use.decode(component.schema, scope))
        return ConfiguredStage(component, stage.labels, stage.hooks(scope))

    def configure(self, component: ComponentHandle, kind: StageKind, decoded: Mapping[str, object]) -> None:
        """Hand a decoded body to the component; a refusal names the stage."""
        try:
            component.configure(decoded)
        except PluginError as error:
            place = f'{kind.value} of app "{self.app.name}", use "{component.plugin}"'
            raise PluginError(str(error), where=place) from error

    def reconfigure(self, stage: ConfiguredStage, kind: StageKind, scope: Scope) -> None:
        """Evaluate the same body again with more known, and give it to the stage's component."""
        again = self.app.stage(kind, scope)
        if again is not None:
            self.configure(stage.component, kind, again.use.decode(stage.component.schema, scope))

    def labels(self) -> dict[str, str]:
        """Labels of an operation without a stage of its own."""
        workspace = {"waypoint/workspace": self.job.workspace.workspace}
        return merge_labels(workspace, self.project.labels, self.app.labels, self.job.labels)

    def invoke(
        self,
        component: ComponentHandle,
        function: str,
        *,
        inputs: Sequence[Input] = (),
        providers: Iterable[Provider] = (),
        labels: Mapping[str, str] | None = None,
        call: Call | None = None,
        after: str = "",
        producers: Iterable[str] = (),
    ) -> Outcome:
        """Solve the function's arguments and call it. `producers` are the plugins that made the inputs.

        Raises `UnsatisfiedArguments`, `PluginError`, `Cancelled` or `PluginDefect`.
        """
        self.ctx.raise_if_cancelled()
        solver = self.solver(component, inputs, providers, labels if labels is not None else self.labels(), producers)
        plan, arguments = solver.run(
            component.spec(function).requirements, Subject(f"{component.plugin} {function}", after)
        )
        for warning in plan.warnings:
            self.ui.warn(warning)
        self.ctx.raise_if_cancelled()
        return component.call(function, arguments, call or Call(self.ctx, NothingSaved()))

    def solver(
        self,
        component: ComponentHandle,
        inputs: Sequence[Input],
        providers: Iterable[Provider],
        labels: Mapping[str, str],
        producers: Iterable[str] = (),
    ) -> Solver:
        """Return a solver with the values and mappers that component may use; also for asking without calling."""
        return Solver(
            inputs,
            [*self._core(component, labels), *providers],
            self.host.mappers((p.name for p in self.project.plugins), component.plugin, tuple(producers)),
            self.host.makers,
        )

    def _core(self, component: ComponentHandle, labels: Mapping[str, str]) -> list[Provider]:
        job = JobInfo(self.job.id, self.facts.local, self.job.workspace.workspace, self.project.name, self.app.name)
        root = self.directory / ".waypoint"
        app, part = f"app/{self.app.name}", f"component/{component.kind.value}/{component.plugin}"
        return [
            Provider(KEYS[Source], lambda: Source(self.app.name, self.app.path)),
            Provider(KEYS[JobInfo], lambda: job),
            Provider(KEYS[LabelSet], lambda: LabelSet(dict(labels))),
            Provider(KEYS[DataDir.App], lambda: DataDir.App(*_folders(root, app))),
            Provider(KEYS[DataDir.Project], lambda: DataDir.Project(*_folders(root, ""))),
            Provider(KEYS[DataDir.Component], lambda: DataDir.Component(*_folders(root, f"{app}/{part}"))),
            Provider(KEYS[logging.Logger], lambda: logging.getLogger(f"waypoint.plugin.{component.plugin}")),
            Provider(KEYS[EntrypointFile], lambda: EntrypointFile(self.facts.entrypoint())),
            Provider(KEYS[UI], lambda: self.ui, late=True),
        ]


def _folders(root: Path, below: str) -> tuple[Path, Path]:
    folders = (root / "cache" / below, root / "data" / below)
    for folder in folders:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    return folders
