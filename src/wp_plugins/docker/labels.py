"""The labels everything we create carries (plugins specification 0.9 and 1.8), so that it can be found again even when
no record of it was written."""

from __future__ import annotations

from collections.abc import Mapping

from wp_sdk.component import JobInfo

ID = "waypoint.hashicorp.com/id"
PROJECT = "waypoint.hashicorp.com/project"
APP = "waypoint.hashicorp.com/app"
WORKSPACE = "waypoint.hashicorp.com/workspace"
SERVICE_PORT = "waypoint.hashicorp.com/service-port"
WORKER = "waypoint.hashicorp.com/worker"
BASE_IMAGE = "waypoint.hashicorp.com/base-image"
ENTRYPOINT = "waypoint.hashicorp.com/entrypoint"
NETWORK_USE = "use"
NETWORK_USE_VALUE = "waypoint"


def of(job: JobInfo) -> dict[str, str]:
    """Whose an object is."""
    return {PROJECT: job.project, APP: job.app, WORKSPACE: job.workspace}


def of_container(job: JobInfo, deployment: str, own: Mapping[str, str]) -> dict[str, str]:
    """Labels of a deployment's container: the user's `own`, ours over them; `app` and `workspace` are kept for tools
    that look for the names earlier versions used."""
    return {**own, **of(job), ID: deployment, "app": job.app, "workspace": job.workspace}
