"""Shell completion for bash, zsh and fish: click's scripts for the shells, our own answers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from wp_cli import registry
from wp_cli.context import ContextStore
from wp_cli.errors import EXIT_ERROR, EXIT_OK, CliError

PROGRAM = "waypoint"
VARIABLE = "_WAYPOINT_COMPLETE"
MARK = "# waypoint completion"
FILES = "file"  # tells the shell to complete file names
FLAGS_WITH_FILES = frozenset({"var-file", "db", "tls-cert-file", "tls-key-file", "server-tls-ca-file", "waypoint-hcl"})
COMMANDS_WITH_FILES = frozenset({"fmt"})


def candidates(words: list[str], incomplete: str) -> list[CompletionItem[str]]:
    """Return what may stand at `incomplete`, after `words`."""
    name, used = registry.longest_command(words)
    if not name or name in registry.GROUPS:
        return [] if used < len(words) else command_words(name, incomplete)
    command = registry.load(name)
    flags = {spelling: flag for flag in command.flags for spelling in flag.names}
    previous = words[-1].lstrip("-") if len(words) > used and words[-1].startswith("-") else ""
    if previous in flags and flags[previous].kind.takes_word:
        return values(flags[previous].name, flags[previous].kind.name, incomplete)
    if incomplete.startswith("-"):
        dashes = incomplete[: len(incomplete) - len(incomplete.lstrip("-"))]
        stem, equals, part = incomplete.lstrip("-").partition("=")
        if equals and stem in flags:
            found = values(flags[stem].name, flags[stem].kind.name, part)
            return [CompletionItem(f"{dashes}{stem}={item.value}", item.type, item.help) for item in found]
        shown = sorted(flag.name for flag in command.flags if not flag.hidden and flag.name.startswith(stem))
        return [CompletionItem(f"{dashes}{flag}", help=flags[flag].help) for flag in shown]
    if name in COMMANDS_WITH_FILES:
        return [CompletionItem(incomplete, type=FILES)]
    if name.startswith("context ") and not registry.subcommands(name):
        return context_names(incomplete)
    return command_words(name, incomplete) if used == len(words) else []


def command_words(group: str, incomplete: str) -> list[CompletionItem[str]]:
    """Return the commands of a group, or the program's own."""
    from wp_cli.help import summary_of

    if group:
        found = registry.subcommands(group)
    else:
        top = {name.split(" ")[0] for name, entry in registry.COMMANDS.items() if not entry.hidden}
        found = {name: summary_of(name) for name in top | set(registry.ALIASES)}
    return [CompletionItem(word, help=text) for word, text in sorted(found.items()) if word.startswith(incomplete)]


def values(flag: str, kind: str, incomplete: str) -> list[CompletionItem[str]]:
    """Return the values of a flag that can be known without asking a server."""
    if flag == "context":
        return context_names(incomplete)
    if flag in FLAGS_WITH_FILES:
        return [CompletionItem(incomplete, type=FILES)]
    if flag == "app":
        return [CompletionItem(name) for name in app_names() if name.startswith(incomplete)]
    return [CompletionItem(word) for word in kind.split("|") if "|" in kind and word.startswith(incomplete)]


def context_names(incomplete: str) -> list[CompletionItem[str]]:
    """Return the stored contexts."""
    return [CompletionItem(name) for name in ContextStore(os.environ).names() if name.startswith(incomplete)]


def app_names() -> tuple[str, ...]:
    """Return the apps of the project here; none if its file is missing or broken, for completion must not complain."""
    from wp_cli.target import find_file, read_names

    try:
        path = find_file(Path.cwd())
        return read_names(path).apps if path else ()
    except CliError:
        return ()


class Answers(ShellComplete):
    """Replaces click's search in a tree of click commands by ours."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Return the candidates."""
        return candidates(args, incomplete)


class Bash(Answers, BashComplete):
    """Answers for bash."""


class Zsh(Answers, ZshComplete):
    """Answers for zsh."""


class Fish(Answers, FishComplete):
    """Answers for fish."""


SHELLS: dict[str, type[Answers]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}
RC_FILES = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/completions/waypoint.fish"}


def completer(shell: str) -> Answers:
    """Return what completes for a shell. CliError for an unknown one."""
    if shell not in SHELLS:
        raise CliError(f"there is no completion for the shell {shell!r}", do=f"There is for {', '.join(SHELLS)}.")
    return SHELLS[shell](click.Command(PROGRAM), {}, PROGRAM, VARIABLE)


def script(shell: str) -> str:
    """Return the script that a shell shall source."""
    found = completer(shell)
    return found.source_template % found.source_vars()


def answer(instruction: str) -> int:
    """Answer a shell that asks by `VARIABLE`."""
    shell, _, what = instruction.partition("_")
    if shell not in SHELLS or what != "complete":
        return EXIT_ERROR
    sys.stdout.write(completer(shell).complete() + "\n")
    return EXIT_OK


def install(*, remove: bool) -> int:
    """Add a line to the rc file of every shell that the user has one for, or take it out again.

    CliError if nothing changed.
    """
    changed = []
    for shell, place in RC_FILES.items():
        path = Path.home() / place
        wanted = path.exists() or (shell == "fish" and path.parent.parent.is_dir())
        if wanted and change(path, shell, remove=remove):
            changed.append(str(path))
    if not changed:
        state = "not installed" if remove else "already installed, or there is no rc file of bash, zsh or fish"
        raise CliError(f"the completion is {state}", do="`waypoint completion SHELL` prints the script to source.")
    sys.stdout.write("".join(f"Changed {path}\n" for path in changed))
    return EXIT_OK


def change(path: Path, shell: str, *, remove: bool) -> bool:
    """Add or remove our line; returns whether the file changed."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if MARK not in line]
    if remove == (kept == lines):
        return False
    if not remove:
        if shell == "fish":
            line = f"{PROGRAM} completion fish | source  {MARK}"
        else:
            line = f'eval "$({PROGRAM} completion {shell})"  {MARK}'
        kept = [*lines, line]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    if path.exists():
        fresh.chmod(path.stat().st_mode & 0o7777)
    fresh.replace(path.resolve())
    return True
