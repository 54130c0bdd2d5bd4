"""All handlers that need the store and the queue only, in one place for `app.py`."""

from __future__ import annotations

from wp_server.api.auth_methods import AuthMethodHandlers
from wp_server.api.config import ConfigHandlers
from wp_server.api.hcl import HclHandlers
from wp_server.api.hostnames import HostnameHandlers
from wp_server.api.job_stream import JobStreamHandlers
from wp_server.api.jobs import JobHandlers
from wp_server.api.operations import OperationHandlers
from wp_server.api.pipelines import PipelineHandlers
from wp_server.api.profiles import ProfileHandlers
from wp_server.api.projects import ProjectHandlers
from wp_server.api.runner_jobs import RunnerJobHandlers
from wp_server.api.runners import RunnerHandlers
from wp_server.api.server_config import ServerConfigHandlers
from wp_server.api.status_reports import StatusReportHandlers
from wp_server.api.tasks import TaskHandlers
from wp_server.api.tokens import TokenHandlers
from wp_server.api.triggers import TriggerHandlers
from wp_server.api.ui import UiHandlers
from wp_server.api.users import UserHandlers
from wp_server.api.workspaces import WorkspaceHandlers
from wp_server.jobs.departures import Departures
from wp_server.jobs.dispatch import Dispatcher
from wp_server.store import Store


def handlers(store: Store, dispatcher: Dispatcher, departures: Departures, url_domain: str) -> tuple[object, ...]:
    """Returns one object per domain; their methods are the RPCs. `url_domain`: hostnames are below it; empty = none."""
    return (
        TokenHandlers(store),
        UserHandlers(store),
        AuthMethodHandlers(store),
        ServerConfigHandlers(store),
        ProjectHandlers(store),
        WorkspaceHandlers(store),
        OperationHandlers(store),
        StatusReportHandlers(store),
        UiHandlers(store),
        HostnameHandlers(store, url_domain),
        TriggerHandlers(store),
        PipelineHandlers(store),
        HclHandlers(),
        ProfileHandlers(store),
        ConfigHandlers(store),
        JobHandlers(store),
        JobStreamHandlers(store),
        TaskHandlers(store),
        RunnerHandlers(store, departures),
        RunnerJobHandlers(store, dispatcher, departures),
    )
