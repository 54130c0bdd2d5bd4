"""Up: build, push, deploy, release in one job (command line specification 4.2)."""

from __future__ import annotations

from wp_proto.waypoint import api as pb
from wp_runner.environment import AppJob
from wp_runner.operations.build import build
from wp_runner.operations.deploy import deploy
from wp_runner.operations.release import release


def up(env: AppJob, operation: pb.Job.UpOp) -> pb.Job.Result:
    """Run all stages; the first failure ends the job. The result carries every record and the URLs that exist."""
    env.ui.header("Building...")
    built, pushed = build(env, push_after=True)
    env.ui.header("Deploying...")
    deployment = deploy(env, pushed)
    env.ui.header("Releasing...")
    options = pb.Job.ReleaseOp(prune=True)
    if operation.HasField("release"):
        options.CopyFrom(operation.release)
    options.deployment.CopyFrom(deployment)
    released = release(env, options)
    if released.unimplemented:
        env.ui.line("No release phase specified, skipping...")
    return pb.Job.Result(
        build=pb.Job.BuildResult(build=built, push=pushed),
        deploy=pb.Job.DeployResult(deployment=deployment),
        release=pb.Job.ReleaseResult(release=released),
        up=pb.Job.UpResult(
            release_url=complete_url(released.url),
            app_url=_hostname(env),
            deploy_url=complete_url(deployment.preload.deploy_url or deployment.url),
        ),
    )


def complete_url(url: str) -> str:
    """A URL with a scheme: `host:port` counts as a host and gets https."""
    return url if not url or "://" in url else f"https://{url}"


def _hostname(env: AppJob) -> str:
    """URL of the first hostname of application and workspace; "" without one or without a URL service."""
    target = pb.Hostname.Target(application=pb.Hostname.TargetApp(application=env.application, workspace=env.workspace))
    found = env.server.attempt(env.server.stub.ListHostnames, pb.ListHostnamesRequest(target=target))
    return f"https://{found.hostnames[0].fqdn}" if found is not None and found.hostnames else ""
