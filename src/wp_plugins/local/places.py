"""Where local deployments live: below the user's data directory, apart from any checkout."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import quote

import platformdirs

from wp_sdk.component import JobInfo, PluginError
from wp_sdk.switch.control import folder_for


def root() -> Path:
    """The folder of everything this platform keeps on this machine."""
    return Path(platformdirs.user_data_dir("waypoint")) / "local"


def deployment_directory(job: JobInfo, deployment_id: str) -> Path:
    """The folder of one deployment; its last part is the deployment's id."""
    scope = "/".join(quote(name, safe="") for name in (job.project, job.app, job.workspace))
    return root() / "deployments" / scope / deployment_id


def switch_folder(job: JobInfo) -> Path:
    """The folder of the traffic switch of an application in a workspace."""
    return folder_for(root() / "switches", "local", job.project, job.app, job.workspace)


def host() -> str:
    """The name of this machine, by which a deployment knows where it lives."""
    return socket.gethostname()


def require_here(deployed_on: str, what: str) -> None:
    """Raise ``PluginError`` when ``what`` lives on another machine than this one."""
    if deployed_on != host():
        raise PluginError(
            f"The {what} lives on the machine {deployed_on}, this is {host()}",
            do=f"Run the command on {deployed_on}, or with a runner there",
        )
