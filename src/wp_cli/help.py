"""Help texts: of the program, of a group, of a command (CLI specification 2.1)."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING

from wp_cli import registry
from wp_cli.version import VERSION

if TYPE_CHECKING:
    from wp_cli.command import Command
    from wp_cli.flags import Flag

WIDTH = 78
FLAG_INDENT = " " * 6


def program_help() -> str:
    """Help of `waypoint` itself: the common commands, then all others alphabetically."""
    top = {name.split(" ")[0] for name, entry in registry.COMMANDS.items() if not entry.hidden} | set(registry.ALIASES)
    summaries = {name: summary_of(name) for name in top}
    width = max(map(len, summaries)) + 2
    lines = [
        "Welcome to Waypoint: from source to a running URL.",
        f"Version: {VERSION}",
        "",
        "Usage: waypoint [-version] [-help] [-autocomplete-(un)install] <command> [args]",
        "",
        "Common commands",
        *(f"  {name:<{width}}{summaries[name]}" for name in registry.COMMON),
        "",
        "Other commands",
        *(f"  {name:<{width}}{summaries[name]}" for name in sorted(top - set(registry.COMMON))),
    ]
    return "\n".join(lines) + "\n"


def summary_of(name: str) -> str:
    """One line about a command, an alias or a group."""
    entry = registry.COMMANDS.get(registry.ALIASES.get(name, name))
    return entry.summary if entry else registry.GROUPS[name]


def group_help(group: str) -> str:
    """Help of a group: its subcommands."""
    commands = registry.subcommands(group)
    width = max(map(len, commands)) + 2
    lines = [
        f"Usage: waypoint {group} <subcommand> [options] [args]",
        "",
        f"  {registry.GROUPS[group]}.",
        "",
        "Subcommands:",
    ]
    lines += [f"  {name:<{width}}{summary}" for name, summary in sorted(commands.items())]
    if group == "context":
        from wp_cli.context import ContextStore

        lines += ["", f"Config Path: {ContextStore(os.environ).folder}"]
    return "\n".join(lines) + "\n"


def command_help(command: Command) -> str:
    """Help of a command.

    Usage, text, one block of flags per group in alphabetical order, and its subcommands if it has some.
    """
    name = command.name
    lines = [" ".join(filter(None, ["Usage: waypoint", name, "[options]", command.arguments]))]
    aliases = [alias for alias, target in registry.ALIASES.items() if target == name]
    if aliases:
        lines.append(f"Alias: waypoint {aliases[0]}")
    lines += ["", *paragraphs(command.help), ""]
    below = registry.subcommands(name)
    if below:
        lines += ["Subcommands:", *(f"  {word:<12}{summary}" for word, summary in below.items()), ""]
    groups: dict[str, list[Flag[object]]] = {}
    for flag in command.flags:
        if not flag.hidden:
            groups.setdefault(flag.group, []).append(flag)
    for group, flags in groups.items():
        lines += [f"{group}:", ""]
        for flag in sorted(flags, key=lambda flag: flag.name):
            lines += [
                flag_line(flag),
                *textwrap.wrap(flag_text(flag), WIDTH, initial_indent=FLAG_INDENT, subsequent_indent=FLAG_INDENT),
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"


def paragraphs(text: str) -> list[str]:
    """Wrap the paragraphs of a help text, indented; lines that begin with two spaces (examples) are kept."""
    result: list[str] = []
    for block in textwrap.dedent(text).strip().split("\n\n"):
        if result:
            result.append("")
        if block.startswith("  "):
            result += [f"  {line}" for line in block.split("\n")]
        else:
            result += textwrap.wrap(" ".join(block.split()), WIDTH, initial_indent="  ", subsequent_indent="  ")
    return result


def flag_line(flag: Flag[object]) -> str:
    """`  -name=<type>`, or `  -name` for a bool."""
    return f"  -{flag.name}=<{flag.kind.name}>" if flag.kind.takes_word else f"  -{flag.name}"


def flag_text(flag: Flag[object]) -> str:
    """What the flag does, with its alias, its default and its environment variable."""
    text = flag.help
    if flag.alias:
        text += f" Alias: -{flag.alias}."
    if flag.fallback not in (None, "", False, (), 0) and flag.fallback != {}:
        shown = flag.fallback if not isinstance(flag.fallback, bool) else str(flag.fallback).lower()
        text += f" The default is {shown}."
    if flag.env:
        text += f" Environment variable: {flag.env}."
    return text
