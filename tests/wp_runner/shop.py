"""A plugin whose platform is a dictionary, and a running runner on it: what the operation tests stand on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.wp_runner.fake_config import App, Project, Stage, Use
from tests.wp_runner.fake_server import FakeServer

from wp_config.records import PluginDeclaration, StageKind
from wp_proto.plugins import docker_pb2, files_pb2
from wp_proto.sdk import plugin_pb2
from wp_proto.waypoint import api as pb
from wp_runner.local import LocalRunner
from wp_runner.plugins import PluginHost
from wp_sdk.component import (
    UI,
    Builder,
    Checkpoint,
    Context,
    DeclaredResources,
    DeploymentConfig,
    LabelSet,
    Platform,
    Plugin,
    Registry,
    ReleaseManager,
    Result,
    Source,
)
from wp_sdk.schema import attr
from wp_sdk.terminal import RunningStep


@dataclass(frozen=True)
class Config:
    name: str = attr(default="web")


@dataclass
class Shop:
    """The world outside: what runs, what is released; `before` is called inside every function with its name."""

    running: dict[str, dict[str, str]] = field(default_factory=dict)
    released: str = ""
    before: Callable[[str, Context], None] = lambda _name, _ctx: None
    health: int = plugin_pb2.StatusReport.READY
    calls: list[str] = field(default_factory=list)
    has_registry: bool | None = None
    shared: bool = True
    talk: Callable[[RunningStep], None] = lambda _step: None

    def did(self, name: str, ctx: Context) -> None:
        self.calls.append(name)
        self.before(name, ctx)

    def build(
        self, config: Config, ctx: Context, ui: UI, source: Source, has_registry: bool
    ) -> Result[docker_pb2.Image]:
        self.has_registry = has_registry
        self.did("build", ctx)
        with ui.step("Baking...") as step:
            step.output("oven on\n")
            self.talk(step)
        return Result(docker_pb2.Image(image=config.name, tag="1"), labels={"baker": "shop"})

    def push(self, config: Config, ctx: Context, artifact: docker_pb2.Image) -> docker_pb2.Image:
        self.did("push", ctx)
        return docker_pb2.Image(image=f"registry/{artifact.image}", tag=artifact.tag)

    def deploy(
        self,
        config: Config,
        ctx: Context,
        artifact: docker_pb2.Image,
        deployment: DeploymentConfig,
        labels: LabelSet,
        checkpoint: Checkpoint,
        declared: DeclaredResources,
    ) -> Result[docker_pb2.Deployment]:
        result = docker_pb2.Deployment(id=deployment.id, name=f"{config.name}-v{deployment.sequence}")
        checkpoint.save(result)
        self.running[deployment.id] = {**deployment.env(), "image": artifact.image, "name": result.name}
        self.did("deploy", ctx)
        declared.add(result.name, type="process", platform="shop", category="INSTANCE")
        return Result(result, url=f"http://{result.name}.test")

    def destroy(self, ctx: Context, deployment: docker_pb2.Deployment) -> None:
        self.did("destroy", ctx)
        self.running.pop(deployment.id, None)

    def destroy_workspace(self, ctx: Context) -> None:
        self.did("destroy_workspace", ctx)
        self.shared = False

    def clean_up(self, ctx: Context) -> None:
        self.did("clean_up", ctx)

    def status(self, ctx: Context, target: docker_pb2.Deployment) -> plugin_pb2.StatusReport:
        self.did("status", ctx)
        report = plugin_pb2.StatusReport(health=self.health, health_message="looked")
        report.resources.add(name=target.name, type="process", health=self.health)
        return report

    def release(self, ctx: Context, target: docker_pb2.Deployment) -> Result[files_pb2.Files]:
        self.did("release", ctx)
        self.released = target.id
        return Result(files_pb2.Files(path=target.id), url="shop.test:80")

    def destroy_release(self, ctx: Context, release: files_pb2.Files) -> None:
        self.did("destroy_release", ctx)
        if self.released == release.path:
            self.released = ""

    def plugin(self) -> Plugin:
        return Plugin(
            "shop",
            builder=Builder(Config, build=self.build, destroy_workspace=self.clean_up),
            registry=Registry(Config, push=self.push),
            platform=Platform(
                Config,
                deploy=self.deploy,
                destroy=self.destroy,
                status=self.status,
                destroy_workspace=self.destroy_workspace,
            ),
            release=ReleaseManager(release=self.release, destroy=self.destroy_release),
        )


class Bench:
    """A runner on a fake server with the shop plugin, and short words for jobs."""

    def __init__(self, server: FakeServer, folder: Path, *more: Plugin) -> None:
        self.waypoint = server.waypoint
        self.shop = Shop()
        plugin = self.shop.plugin()
        self.app = App("web", folder, {kind: Stage(Use("shop")) for kind in StageKind})
        self.project = Project(folder, {"web": self.app}, plugins=(PluginDeclaration("shop", frozenset()),))
        host = PluginHost({p.name: p for p in (plugin, *more)})
        self.host = host
        self.runner = LocalRunner(server.stub, folder, host=host, load=lambda *_args: self.project)

    def job(self, **operation: Any) -> pb.Job:
        job = pb.Job(
            application=pb.Ref.Application(application="web", project="shop"),
            workspace=pb.Ref.Workspace(workspace="default"),
            **operation,
        )
        job.data_source.local.SetInParent()
        return job

    def run(self, **operation: Any) -> pb.RunnerJobStreamRequest:
        return self.waypoint.run(self.job(**operation))

    def ok(self, **operation: Any) -> pb.Job.Result:
        outcome = self.run(**operation)
        assert outcome.WhichOneof("event") == "complete", outcome
        return outcome.complete.result

    def fails(self, **operation: Any) -> pb.RunnerJobStreamRequest:
        outcome = self.run(**operation)
        assert outcome.WhichOneof("event") == "error", outcome
        return outcome

    def records(self, kind: str) -> list[Any]:
        return sorted(self.waypoint.records[kind].values(), key=lambda r: r.sequence)

    def blocked(self, function: str) -> tuple[threading.Event, threading.Event]:
        """Make `function` wait inside; returns (it is there, let it go)."""
        there, go = threading.Event(), threading.Event()

        def before(name: str, ctx: Context) -> None:
            if name == function:
                there.set()
                while not go.wait(0.01):
                    ctx.raise_if_cancelled()

        self.shop.before = before
        return there, go
