"""Prune: destroys old deployments after a release, never what is released (command line specification 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob
from wp_runner.operations.destroy import destroy_deployment, destroy_release, live_releases
from wp_sdk.errors import PluginError

KEEP = 2
"""Deployments kept by default, the released one included."""


def candidates(
    deployments: Sequence[pb.Deployment], target: pb.Deployment, keep: int, released: frozenset[str] = frozenset()
) -> list[pb.Deployment]:
    """Choose what goes: `deployments` are the existing ones, newest completion first.

    The `keep` newest good ones stay. Of the rest stay: the target, what a release that is in force points at, what
    shares the target's generation, what another platform made, and what still runs its deploy. Failed ones do not
    take a place.
    """
    kept = 0
    chosen: list[pb.Deployment] = []
    for deployment in deployments:
        if deployment.status.state == pb.Status.RUNNING:
            continue
        good = deployment.status.state == pb.Status.SUCCESS
        if good and kept < keep:
            kept += 1
            continue
        if deployment.id == target.id or deployment.id in released:
            continue
        if deployment.generation.id and deployment.generation.id == target.generation.id:
            continue
        if deployment.component.name != target.component.name:
            continue
        chosen.append(deployment)
    return chosen


def prune(env: AppJob, target: pb.Deployment, keep: int | None) -> None:
    """Destroy what `candidates` chooses, the releases that point there first.

    A failure does not undo the release: it is shown, the others go on, and the record stays for `waypoint destroy`.
    """
    request = pb.ListDeploymentsRequest(
        application=env.application,
        workspace=env.workspace,
        physical_state=pb.Operation.CREATED,
        order=pb.OperationOrder(order=pb.OperationOrder.COMPLETE_TIME, desc=True),
    )
    existing = list(env.server.call(env.server.stub.ListDeployments, request).deployments)
    existing.sort(key=lambda d: d.status.complete_time.ToNanoseconds(), reverse=True)
    old = candidates(existing, target, KEEP if keep is None else keep, frozenset({target.id}))
    if not old:
        return
    env.ui.header("Pruning old deployments...")
    gone = {deployment.id for deployment in old}
    for stale in live_releases(env):
        if stale.deployment_id in gone:
            _attempt(env, f"the release of v{stale.sequence}", partial(destroy_release, env, stale))
    for deployment in old:
        _attempt(env, f"deployment v{deployment.sequence}", partial(destroy_deployment, env, deployment))


def _attempt(env: AppJob, what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except PluginError as error:
        env.ui.warn(f"Could not prune {what}: {error}. It is still recorded; waypoint destroy removes it.")
