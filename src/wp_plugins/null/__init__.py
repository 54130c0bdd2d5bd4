"""The null plugin: does nothing in every role, for trying out configurations and for tests of the core."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty

from wp_proto.plugins import kubernetes_pb2
from wp_proto.sdk import plugin_pb2
from wp_sdk.component import UI, Builder, Context, Platform, Plugin, ReleaseManager
from wp_sdk.schema import attr


@dataclass(frozen=True)
class NullConfig:
    """Do nothing."""

    delay: float = attr(doc="Seconds the operation takes.", default=0.0)

    def __post_init__(self) -> None:
        """Refuse a time that cannot be waited for."""
        if not 0 <= self.delay <= 86400:
            raise ValueError(f"`delay` is {self.delay}, but must be between 0 and 86400 seconds")


def build(config: NullConfig, ctx: Context, ui: UI) -> Empty:
    """Wait, and return nothing."""
    _pretend(config, ctx, ui, "build")
    return Empty()


def deploy(config: NullConfig, ctx: Context, ui: UI) -> Empty:
    """Wait, and return nothing."""
    _pretend(config, ctx, ui, "deploy")
    return Empty()


def release(config: NullConfig, ctx: Context, ui: UI) -> kubernetes_pb2.Release:
    """Wait, and return a release without URL (the message type is the reference's choice)."""
    _pretend(config, ctx, ui, "release")
    return kubernetes_pb2.Release()


def destroy(config: NullConfig, ctx: Context, ui: UI) -> None:
    """Wait."""
    _pretend(config, ctx, ui, "destroy")


def status() -> plugin_pb2.StatusReport:
    """Return an empty report: nothing runs that could be healthy."""
    report = plugin_pb2.StatusReport()
    report.generated_time.GetCurrentTime()
    return report


def _pretend(config: NullConfig, ctx: Context, ui: UI, what: str) -> None:
    with ui.step(f"Null {what}...") as step:
        if config.delay:
            ctx.wait(config.delay)
        step.done(f"Null {what} done")


PLUGIN = Plugin(
    "null",
    builder=Builder(NullConfig, build=build, build_odr=build),
    platform=Platform(NullConfig, deploy=deploy, destroy=destroy, status=status),
    release=ReleaseManager(NullConfig, release=release, destroy=destroy, status=status),
    doc="Do nothing; for trying out configurations.",
)
