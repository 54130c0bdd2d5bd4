"""The last lines of up, deploy and release: the outcome and the URLs. Scripts look for `Release URL:` and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wp_cli.render import text as look
from wp_proto.waypoint import api as pb

if TYPE_CHECKING:
    from wp_cli.render.screen import Screen

SUCCESS = "The deploy was successful! The deployment URL is for checking this version."
IN_PLACE = "The deploy was successful! It replaced the version before, and may have its URL."
NO_URL = "The deploy was successful! The release named no URL, and there is no URL service."
RELEASED_NO_URL = "The deployment is now the released one. The release named no URL."


def with_scheme(url: str) -> str:
    """Complete a URL that has no scheme; `host:port` is a host and a port, not a scheme."""
    if not url or "://" in url:
        return url
    return f"https://{url}"


def is_url(text: str) -> bool:
    """Return whether a completed URL has a host."""
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False


def in_place(deployment: pb.Deployment) -> bool:
    """Return whether the deployment shares its generation with an earlier one."""
    return bool(deployment.generation.id) and deployment.generation.initial_sequence != deployment.sequence


def print_deploy(screen: Screen, deployment: pb.Deployment, *, release_url: str, app_url: str, deploy_url: str) -> None:
    """Print the outcome of a deployment with the URLs that exist."""
    outcome = IN_PLACE if in_place(deployment) else SUCCESS
    release_url, deploy_url = with_scheme(release_url), with_scheme(deploy_url or deployment.url)
    urls = []
    if release_url:
        urls = [("   Release URL", release_url), ("Deployment URL", deploy_url)]
    elif app_url:
        urls = [("           URL", app_url), ("Deployment URL", deploy_url)]
    elif deploy_url:
        urls = [("Deployment URL", deploy_url)]
    screen.result()
    screen.result(outcome if urls else NO_URL, "success")
    if urls:
        screen.result()
    for name, url in urls:
        if url:
            screen.result(f"{name}: {look.printable(url)}", "success")


def print_variables(screen: Screen, job: pb.Job) -> None:
    """Print the variables that a job used, sorted; nothing if it used none."""
    if not job.variable_final_values:
        return
    rows = []
    for name, value in sorted(job.variable_final_values.items()):
        kind = value.WhichOneof("value") or ""
        shown = str(getattr(value, kind)) if kind else ""
        source = pb.Variable.FinalValue.Source.Name(value.source).lower()
        words = {"str": "string", "num": "int", "hcl": "complex"}
        rows.append([look.printable(name), look.printable(shown), words.get(kind, kind), source])
    screen.header("Variables used:")
    screen.table(["Variable", "Value", "Type", "Source"], rows)
