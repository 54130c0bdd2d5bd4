"""The command line: become the application at once, or stand in front of it.

Without a server, or switched off, this process turns into the application before anything of the network is imported.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from wp_entrypoint.settings import Environment

USAGE = """\
usage: waypoint-entrypoint [-h | --version] [--] command [argument ...]

Runs a command with the configuration of its Waypoint deployment, and connects it to the Waypoint server for logs,
exec and configuration changes. Everything is set by environment variables; without WAYPOINT_SERVER_ADDR the command
is simply run.
"""
USAGE_ERROR = 2
SSH_MODE = 78
NAME = b"waypoint-entrypoint"


def main() -> NoReturn:
    """Run the command line of this process; never returns."""
    from wp_entrypoint import environment as environments

    argv = _application([os.fsencode(argument) for argument in sys.argv[1:]])
    environment = environments.inherited()

    from wp_entrypoint.process import CannotStart, resolve
    from wp_entrypoint.settings import Settings

    settings = Settings(environment)
    if settings.ssh_mode:
        _say("WAYPOINT_EXEC_PLUGIN_SSH: the SSH exec mode is not supported; exec uses the connection to the server")
        os._exit(SSH_MODE)
    try:
        argv = _without_nested(argv, environment)
        program = resolve(argv[0], environment.get(b"PATH"))
        if settings.disable:
            for warning in settings.warnings:
                _say(warning)
            _become(program, argv, environment)
        from wp_entrypoint.agent import Agent

        Agent(settings, environment, program, argv).run()
    except CannotStart as error:
        _say(f"the application cannot be started: {error}")
        os._exit(error.status)


def _application(arguments: list[bytes]) -> list[bytes]:
    """The application's argv, after our own few options."""
    first = arguments[0] if arguments else b""
    if first in (b"-h", b"-help", b"--help"):
        sys.stderr.write(USAGE)
        raise SystemExit(0)
    if first in (b"-version", b"--version"):
        from wp_entrypoint import VERSION

        sys.stdout.write(f"waypoint-entrypoint v{VERSION}\n")
        raise SystemExit(0)
    if first == b"--":
        arguments = arguments[1:]
    elif first.startswith(b"-"):
        sys.stderr.write(USAGE)
        raise SystemExit(USAGE_ERROR)
    if not arguments:
        sys.stderr.write(USAGE)
        raise SystemExit(1)
    return arguments


def _without_nested(argv: list[bytes], environment: Environment) -> list[bytes]:
    """An image that was injected twice runs us as our own application: leave the inner ones out."""
    from wp_entrypoint.process import CannotStart, resolve

    while len(argv) > 1:
        try:
            program = os.path.realpath(resolve(argv[0], environment.get(b"PATH")))
        except CannotStart:
            break
        if os.path.basename(program) != NAME and not _is_self(program):
            break
        argv = argv[2:] if argv[1] == b"--" else argv[1:]
    return argv


def _is_self(program: bytes) -> bool:
    try:
        return os.path.samefile(program, sys.argv[0])
    except OSError:
        return False


def _become(program: bytes, argv: list[bytes], environment: Environment) -> NoReturn:
    """Turn into the application: same process, same descriptors, the signal dispositions we were given."""
    from wp_entrypoint.environment import for_application
    from wp_entrypoint.process import failure, restore_signals

    restore_signals()
    try:
        os.execve(program, argv, for_application(environment, {}))  # noqa: S606  # becoming the application is the point
    except OSError as error:
        raise failure(error, argv[0]) from error


def _say(text: str) -> None:
    line = f"waypoint-entrypoint: {text}\n"
    try:
        os.write(2, line.encode("utf-8", "backslashreplace"))
    except OSError:
        return  # nobody listens


if __name__ == "__main__":
    main()
