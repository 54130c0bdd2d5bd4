"""Build: source → artifact."""

from __future__ import annotations

from collections.abc import Sequence

from wp_config.records import StageKind
from wp_config.values import UNKNOWN
from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob
from wp_runner.operations.push import push
from wp_runner.operations.records import artifact_of, save_build
from wp_runner.operations.skeleton import Lifecycle, perform
from wp_runner.plugins import Outcome
from wp_sdk.component import ComponentKind
from wp_sdk.errors import PluginError
from wp_sdk.mapper import Input, Provider


def build(env: AppJob, push_after: bool) -> tuple[pb.Build, pb.PushedArtifact | None]:
    """Build, then push unless told otherwise; returns both records."""
    record = build_only(env)
    return record, push(env, record) if push_after else None


def build_only(env: AppJob) -> pb.Build:
    """Run the builder and return the build's record."""
    stage = env.stage(StageKind.BUILD, {})
    if stage is None:
        raise PluginError(f'The app "{env.app.name}" has no build stanza', do='Add build { use "…" {} }')
    has_registry = env.app.stage(StageKind.REGISTRY, {}) is not None
    function = "build_odr" if env.facts.odr and stage.component.has("build_odr") else "build"
    if not stage.component.has(function):
        raise PluginError(f'The plugin "{stage.component.plugin}" cannot build')

    def store(record: pb.Build, outcome: Outcome) -> None:
        record.artifact.CopyFrom(artifact_of(outcome))
        record.template_data = outcome.template

    return perform(
        env,
        Lifecycle(
            stage=stage,
            function=function,
            record=pb.Build(),
            save=save_build,
            store=store,
            inputs=[Input("has_registry", "prim:bool", has_registry)],
            providers=lambda _record: _access(env),
        ),
    )


def _access(env: AppJob) -> Sequence[Provider]:
    """The registry's credentials as a value the builder may ask for; asked only if it does.

    `artifact` is not known yet, so attributes that depend on it stay unset (language specification 11.2).
    """
    registry = env.app.stage(StageKind.REGISTRY, {})
    if registry is None:
        return ()
    component = env.host.component(registry.use.plugin, ComponentKind.REGISTRY)
    if not component.has("access"):
        return ()

    def make() -> object:
        scope = {"artifact": UNKNOWN}
        decoded = registry.use.decode(component.schema, scope, partial=True)
        env.configure(component, StageKind.REGISTRY, {k: v for k, v in decoded.items() if v is not UNKNOWN})
        return env.invoke(component, "access").value

    return (Provider(component.spec("access").result, make),)
