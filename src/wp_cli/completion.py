"""Shell completion for bash, zsh and fish: click's scripts for the shells, our own answers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from wp_cli import leangrpc, registry
from wp_cli.completion_values import OF_FLAGS, OF_WORDS, Finder, find, parsed_of
from wp_cli.context import ContextStore
from wp_cli.errors import EXIT_ERROR, EXIT_OK, CliError

if TYPE_CHECKING:
    from wp_cli.command import Command
    from wp_cli.flags import Flag, Parsed

PROGRAM = "waypoint"
VARIABLE = "_WAYPOINT_COMPLETE"
MARK = "# waypoint completion"
FILES = "file"  # tells the shell to complete file names
FLAGS_WITH_FILES = frozenset({"var-file", "db", "tls-cert-file", "tls-key-file", "server-tls-ca-file", "waypoint-hcl"})
COMMANDS_WITH_FILES = frozenset({"fmt"})
COMMANDS_WITH_CONTEXTS = frozenset({f"context {word}" for word in ("delete", "inspect", "rename", "use", "verify")})


def candidates(words: list[str], incomplete: str) -> list[CompletionItem[str]]:
    """Return what may stand at `incomplete`, after `words`."""
    name, used = registry.longest_command(words)
    if not name or name in registry.GROUPS:
        return [] if used < len(words) else command_words(name, incomplete)
    command, typed = registry.load(name), words[used:]
    flags = {spelling: flag for flag in command.flags for spelling in flag.names}
    previous = typed[-1].lstrip("-") if typed and typed[-1].startswith("-") else ""
    if previous in flags and flags[previous].kind.takes_word:
        return values(command, flags[previous], typed[:-1], incomplete)
    parsed = parsed_of(command.flags, typed, interspersed=command.interspersed)
    if parsed is None or (parsed.words and not command.interspersed):
        return []
    if incomplete.startswith("-") and "--" not in typed:
        dashes = incomplete[: len(incomplete) - len(incomplete.lstrip("-"))]
        stem, equals, part = incomplete.lstrip("-").partition("=")
        if equals and stem in flags:
            found = values(command, flags[stem], typed, part)
            return [CompletionItem(f"{dashes}{stem}={item.value}", item.type, item.help) for item in found]
        shown = sorted(flag.name for flag in command.flags if not flag.hidden and flag.name.startswith(stem))
        return [CompletionItem(f"{dashes}{flag}", help=flags[flag].help) for flag in shown]
    most = command.word_limits[1]
    if used == len(words) and registry.subcommands(name):
        return command_words(name, incomplete)
    if most is not None and len(parsed.words) >= most:
        return []
    if name in COMMANDS_WITH_FILES:
        return [CompletionItem(incomplete, type=FILES)]
    if name in COMMANDS_WITH_CONTEXTS:
        return context_names(incomplete)
    if name == "completion":
        return [CompletionItem(shell) for shell in SHELLS if shell.startswith(incomplete)]
    return known(OF_WORDS.get(registry.ALIASES.get(name, name)), command, parsed, incomplete)


def command_words(group: str, incomplete: str) -> list[CompletionItem[str]]:
    """Return the commands of a group, or the program's own."""
    from wp_cli.help import summary_of

    if group:
        found = registry.subcommands(group)
    else:
        top = {name.split(" ")[0] for name, entry in registry.COMMANDS.items() if not entry.hidden}
        found = {name: summary_of(name) for name in top | set(registry.ALIASES)}
    return [CompletionItem(word, help=text) for word, text in sorted(found.items()) if word.startswith(incomplete)]


def values(command: Command, flag: Flag[Any], typed: list[str], incomplete: str) -> list[CompletionItem[str]]:
    """Return the values of a flag."""
    if flag.name == "context":
        return context_names(incomplete)
    if flag.name in FLAGS_WITH_FILES:
        return [CompletionItem(incomplete, type=FILES)]
    words = "true|false" if not flag.kind.takes_word else flag.kind.name
    if "|" in words:
        return [CompletionItem(word) for word in words.split("|") if word.startswith(incomplete)]
    parsed = parsed_of(command.flags, typed, interspersed=command.interspersed)
    return known(OF_FLAGS.get(flag.name), command, parsed, incomplete)


def known(
    finder: Finder | None, command: Command, parsed: Parsed | None, incomplete: str
) -> list[CompletionItem[str]]:  # fmt: skip
    """Return what the server, or the file here, knows of."""
    if finder is None or parsed is None:
        return []
    found = find(finder, command.name, parsed)
    return [CompletionItem(one.value, help=one.about or None) for one in found if one.value.startswith(incomplete)]


def context_names(incomplete: str) -> list[CompletionItem[str]]:
    """Return the stored contexts."""
    return [CompletionItem(name) for name in ContextStore(os.environ).names() if name.startswith(incomplete)]


class Answers(ShellComplete):
    """Replaces click's search in a tree of click commands by ours."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Return the candidates."""
        return candidates(args, incomplete)


class Bash(Answers, BashComplete):
    """Answers for bash, which takes `-app=web` for three words and replaces the last one."""

    _kept = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor and the one at it, with those that bash took apart put together."""
        before, incomplete = super().get_completion_args()
        whole: list[str] = []
        glue = False
        for word in [*before, incomplete]:
            if whole and (word == "=" or glue):
                whole[-1] += word
            else:
                whole.append(word)
            glue = word == "="
        flag, equals, _ = whole[-1].partition("=")
        taken_apart = "=" in before or incomplete == "="
        self._kept = flag + equals if equals and taken_apart else ""
        return whole[:-1], whole[-1]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return a line of the answer."""
        return f"{item.type},{item.value.removeprefix(self._kept)}"


class Zsh(Answers, ZshComplete):
    """Answers for zsh."""


class Fish(Answers, FishComplete):
    """Answers for fish. Click's script cuts what is shown at its first comma."""

    source_template = FishComplete.source_template.replace('string split "," ', 'string split --max 1 "," ')


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
    leangrpc.install()
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
