"""What holds for all tests.

A test that needs an engine which is not there skips and says why. Continuous integration installs the engines, so there
a skip hides something: with `WAYPOINT_TESTS_REQUIRE=all` it fails, unless its reason begins with `optional: ` (needs
something that no registry of packages has, such as a second machine architecture).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.engines", "tests.older", "tests.sign_in", "tests.standalone"]

OPTIONAL = "optional: "

# Tests start programs while gRPC runs in this process. Its handlers for fork then act in the child, between fork and
# exec, and write to standard error there or end it. It reads this when it is first used.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# A shell that starts the tests in the background, or nohup, has them ignore these. The programs that tests start would
# inherit that, and those that are interrupted would never end.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)


@pytest.hookimpl(tryfirst=True)  # the plugin of the workers reads the groups in this hook, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, where several workers run, what shares something: a file's fixtures, and the one Docker engine."""
    engine = {item.location[0] for item in items if "docker_client" in getattr(item, "fixturenames", ())}
    for item in items:
        file = item.location[0]
        item.add_marker(pytest.mark.xdist_group("docker" if file in engine else file))


# How long an example takes says more about what else the machine does than about the code. Where everything must run
# the examples are the same ones each time: what only chance finds is no fault of the change that is looked at.
settings.register_profile("unhurried", deadline=None, derandomize=os.environ.get("WAYPOINT_TESTS_REQUIRE") == "all")
settings.load_profile("unhurried")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where everything must run."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("WAYPOINT_TESTS_REQUIRE") == "all":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not reason.removeprefix("Skipped: ").startswith(OPTIONAL):
            report.outcome = "failed"
            report.longrepr = f"skipped where nothing may be skipped: {reason}"
    return report
