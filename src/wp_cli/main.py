"""Entry of the command line: find the command, run it, show the one error it may end with."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from wp_cli import leangrpc, registry
from wp_cli.errors import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_OK, EXIT_UNKNOWN_COMMAND, CliError, UsageProblem

LEVEL_FLAGS = {"-v": "info", "-vv": "debug", "-vvv": "trace"}
HELP_FLAGS = frozenset({"-h", "-help", "--help"})
VERSION_FLAGS = frozenset({"-version", "--version"})
RUNS_OTHER_PROGRAMS = frozenset({"exec"})


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line `args` and return the exit code.

    Without `args` it is this process's command line, and the process ends here: tearing down gRPC and the interpreter
    takes longer than asking the server.
    """
    if args is not None:
        return guarded(list(args))
    code = guarded(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or EXIT_ERROR
    os._exit(code)


def guarded(words: list[str]) -> int:
    """Run a command line; whatever happens becomes an exit code and at most one error."""
    try:
        return dispatch(words)
    except CliError as err:
        show(err, sys.stderr)
        return err.code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough. Leave without the interpreter's own complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except Exception as err:
        return show_defect(err)


def dispatch(args: list[str]) -> int:
    """Follow the rules of CLI specification 2.1."""
    if "_WAYPOINT_COMPLETE" in os.environ:
        from wp_cli.completion import answer

        return answer(os.environ["_WAYPOINT_COMPLETE"])
    if (args[:1] == ["version"] and len(args) == 1) or (args and args[0] in VERSION_FLAGS) or args == ["-v"]:
        from wp_cli.commands.version import print_versions

        return print_versions()
    level, args = take_level(args)
    if level:
        os.environ["WAYPOINT_LOG_LEVEL"] = level
    if args and args[0] in {"-autocomplete-install", "-autocomplete-uninstall"}:
        from wp_cli.completion import install

        return install(remove=args[0].endswith("uninstall"))
    leading = next((index for index, word in enumerate(args) if not word.startswith("-")), len(args))
    name, count = registry.longest_command(args[leading:])
    if wants_help(args):
        return print_help(name, sys.stdout, EXIT_OK)
    if not name:
        from wp_cli.help import program_help

        if args and leading < len(args):
            suggest_command(args[leading])
        sys.stderr.write(program_help())
        return EXIT_UNKNOWN_COMMAND
    if leading:
        raise UsageProblem(
            f"flag {args[0]} stands before the command; flags follow it: `waypoint {name} {args[0]}`", command=name
        )
    if name in registry.GROUPS:
        if count < len(args):
            sys.stderr.write(f"! unknown subcommand {args[count]!r} of `waypoint {name}`\n\n")
        return print_help(name, sys.stderr, EXIT_ERROR)
    leangrpc.install()
    return registry.load(name).invoke(args[count:])


def take_level(args: list[str]) -> tuple[str, list[str]]:
    """Remove `-v`, `-vv` and `-vvv`, as far as they are ours.

    Not after `--`, and not in the words of `exec`'s program.
    """
    level, kept = "", list[str]()
    for index, word in enumerate(args):
        if word == "--" or runs_other_program(args, index):
            return level, kept + args[index:]
        if word in LEVEL_FLAGS:
            level = max(level, LEVEL_FLAGS[word], key=["", *LEVEL_FLAGS.values()].index)
        else:
            kept.append(word)
    return level, kept


def wants_help(args: list[str]) -> bool:
    """Return whether a help flag stands where it is meant for us."""
    for index, word in enumerate(args):
        if word == "--" or runs_other_program(args, index):
            return False
        if word in HELP_FLAGS:
            return True
    return False


def runs_other_program(args: list[str], index: int) -> bool:
    """Return whether the word at `index` is the first word of the program that `exec` shall run."""
    if not args or args[0] not in RUNS_OTHER_PROGRAMS or index == 0 or args[index].startswith("-"):
        return False
    from wp_cli.command import Command

    command: Command = registry.load(args[0])
    before = args[index - 1]
    flag = next((flag for flag in command.flags if before.lstrip("-") in flag.names), None)
    return not (
        index > 1 and before.startswith("-") and "=" not in before and flag is not None and flag.kind.takes_word
    )


def suggest_command(word: str) -> None:
    """Say on stderr that the word is no command, and which one is like it."""
    import difflib

    known = {name.split(" ")[0] for name in registry.COMMANDS} | set(registry.ALIASES)
    close = difflib.get_close_matches(word, sorted(known), n=1)
    hint = f" Did you mean `waypoint {close[0]}`?" if close else ""
    sys.stderr.write(f"! There is no command {word!r}.{hint}\n\n")


def print_help(name: str, stream: TextIO, code: int) -> int:
    """Write the help of a command, a group or (name empty) the program, and return `code`."""
    from wp_cli import help as texts

    if not name:
        stream.write(texts.program_help())
    elif name in registry.GROUPS:
        stream.write(texts.group_help(name))
    else:
        stream.write(texts.command_help(registry.load(name)))
    return code


def show(err: CliError, stream: TextIO) -> None:
    """Write an error the one way errors are written: `! ` and the sentence, details and advice indented below."""
    if not err.message:
        return
    from wp_cli.render.text import colors_wanted, printable

    first, *rest = printable(err.message).split("\n")
    red, reset = ("\x1b[91m", "\x1b[0m") if colors_wanted(stream, os.environ) else ("", "")
    lines = [f"{red}! {first}{reset}", *(f"  {line}" for line in rest)]
    lines += [f"  {printable(detail)}" for detail in err.details]
    lines += [f"  {line}" for line in printable(err.do).split("\n") if err.do]
    stream.flush()
    stream.write("\n".join(lines) + "\n")
    stream.flush()


def show_defect(err: Exception) -> int:
    """Last resort for what should not happen: one sentence for the user, the traceback for whoever asked with -vv."""
    import logging

    repair = getattr(sys.modules.get("__main__"), "repair", None)
    if repair is not None:  # a packed program, whose unpacked files may have been damaged: then this does not return
        repair(err)
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        logging.getLogger("waypoint").debug("defect", exc_info=err)
    kind = type(err).__name__
    show(
        CliError(f"internal error: {kind}: {err}", do="Run the command again with -vv to see where it happened."),
        sys.stderr,
    )
    return EXIT_ERROR
