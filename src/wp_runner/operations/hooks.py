"""Commands around a stage: `hook { when = "before" command = […] }` (language specification 5)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable

from wp_config.records import Hook
from wp_runner.environment import AppJob
from wp_sdk.errors import PluginError

TERMINATE_SECONDS = 5.0
CHUNK = 32 * 1024


def run_hooks(env: AppJob, hooks: Iterable[Hook], when: str) -> None:
    """Run the hooks of that moment in order, in the application's folder, their output shown in a step.

    Stops at the first failure that is not to be ignored: raises `PluginError` with the command and its exit status.
    """
    for hook in hooks:
        if hook.when != when:
            continue
        env.ctx.raise_if_cancelled()
        text = " ".join(hook.command)
        with env.ui.step(f"Running {when} hook: {text}") as step:
            problem = _run(env, hook, step.output)
            if problem is None:
                continue
            if not hook.continue_on_failure:
                raise PluginError(
                    f"The {when} hook failed: {text}: {problem}", do='Set on_failure = "continue" to go on regardless'
                )
            step.warn(f"Ignored failure of {when} hook: {text}: {problem}")


def _run(env: AppJob, hook: Hook, show: Callable[[bytes], None]) -> str | None:
    try:
        child = subprocess.Popen(
            hook.command,
            cwd=env.app.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return error.strerror or str(error)
    with child, env.ctx.on_cancel(lambda: _end(child)):
        assert child.stdout is not None
        while chunk := child.stdout.read1(CHUNK):  # type: ignore[attr-defined]  # a BufferedReader, typed as IO[bytes]
            show(chunk)
        status = child.wait()
    env.ctx.raise_if_cancelled()
    if status < 0:
        return f"killed by signal {-status}"
    return f"exit status {status}" if status else None


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask the hook and everything it started to end; make it end a little later."""
    _signal(child, signal.SIGTERM)
    last = threading.Timer(TERMINATE_SECONDS, _signal, (child, signal.SIGKILL))
    last.daemon = True
    last.start()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
