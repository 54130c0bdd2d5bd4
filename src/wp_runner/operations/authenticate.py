"""Auth: checks a component's credentials, and logs in where they do not work."""

from __future__ import annotations

from wp_config.values import UNKNOWN
from wp_proto.waypoint import api as pb
from wp_runner.environment import ROLES, AppJob
from wp_runner.errors import PluginDefect, to_status
from wp_runner.operations.skeleton import component_ref
from wp_runner.plugins import ComponentHandle
from wp_sdk.errors import PluginError


def authenticate(env: AppJob, operation: pb.Job.AuthOp) -> list[pb.Job.AuthResult.Result]:
    """Go through the application's components (or the one asked for); one result each."""
    results = []
    for kind, role in ROLES.items():
        scope = {"artifact": UNKNOWN, "deploy": UNKNOWN, "entrypoint": UNKNOWN}
        stage = env.app.stage(kind, scope)
        if stage is None:
            continue
        ref = component_ref(role, stage.use.plugin)
        if operation.HasField("component") and (operation.component.type, operation.component.name) != (
            ref.type,
            ref.name,
        ):
            continue
        component = env.host.component(stage.use.plugin, role)
        decoded = stage.use.decode(component.schema, scope, partial=True)
        env.configure(component, kind, {k: v for k, v in decoded.items() if v is not UNKNOWN})
        results.append(_one(env, component, ref, operation.check_only))
    return results


def _one(env: AppJob, component: ComponentHandle, ref: pb.Component, check_only: bool) -> pb.Job.AuthResult.Result:
    result = pb.Job.AuthResult.Result(component=ref, auth_supported=component.has("auth"))
    if component.has("validate_auth"):
        try:
            env.invoke(component, "validate_auth")
            result.check_result = True
        except (PluginError, PluginDefect) as error:
            result.check_error.CopyFrom(to_status(error))
    if component.has("auth") and not check_only and not result.check_result:
        try:
            env.invoke(component, "auth")
            result.auth_completed = True
        except (PluginError, PluginDefect) as error:
            result.auth_error.CopyFrom(to_status(error))
    return result
