"""The documentation of plugins, for terminals and as Markdown, from what their components say about themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wp_proto.sdk.plugin_pb2 import Config
from wp_sdk.component import ComponentKind

WIDTH = 100
INDENT = "  "

STAGES = {
    ComponentKind.BUILDER: "build",
    ComponentKind.REGISTRY: "registry",
    ComponentKind.PLATFORM: "deploy",
    ComponentKind.RELEASE_MANAGER: "release",
}
"""The block that a component's `use` stands in; the other kinds have none of their own."""

TITLES = {**STAGES, ComponentKind.TASK_LAUNCHER: "task launcher", ComponentKind.CONFIG_SOURCER: "config source"}
"""What the parts of a page are called."""

TEMPLATE_NAMES = {
    ComponentKind.BUILDER: "artifact",
    ComponentKind.REGISTRY: "artifact",
    ComponentKind.PLATFORM: "deploy",
}
"""The variable under which later stages see the result."""

Field = Config.FieldDocumentation


def example_of(plugin: str, kind: ComponentKind, described: Config.Documentation) -> str:
    """The author's example, else the shortest one, in the block it belongs to."""
    text = described.example.strip() or f'use "{plugin}" {{}}'
    stage = STAGES.get(kind)
    if stage is None or not text.startswith("use "):
        return text
    return f"{stage} {{\n{textwrap.indent(text, INDENT)}\n}}"


def in_order(fields: Iterable[Field]) -> list[Field]:
    """Required ones first, then by name; blocks at the end."""
    return sorted(fields, key=lambda field: (field.category, field.optional, field.name))


def facts(field: Field) -> str:
    """Type, and whether it must be there or what it is otherwise."""
    if not field.optional:
        return f"{field.type}, required"
    return f"{field.type}, default {field.default}" if field.default else field.type


def meaning(field: Field) -> str:
    """Synopsis and summary as one text."""
    return " ".join(filter(None, (sentence(field.synopsis), sentence(field.summary))))


def sentence(text: str) -> str:
    """The text with a full stop."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


# For a terminal


def lines_of(plugin: str, kind: ComponentKind, described: Config.Documentation) -> Iterator[str]:
    """One component as indented text."""
    yield from wrapped(described.description, INDENT)
    if described.input or described.output:
        yield ""
    if described.input:
        yield f"{INDENT}takes {described.input}"
    if described.output:
        yield f"{INDENT}gives {described.output}"
    yield from section("Arguments", field_lines(described.fields.values(), INDENT * 2))
    name = TEMPLATE_NAMES.get(kind)
    if name is not None:
        shown = (
            f"{INDENT * 2}{name}.{field.name}{f' ({field.type})' if field.type else ''}"
            f"{f': {sentence(field.synopsis)}' if field.synopsis else ''}"
            for field in in_order(described.template_fields.values())
        )
        yield from section("For later stages", shown)
    mappers = (f"{INDENT * 2}{mapper.input} → {mapper.output}" for mapper in described.mappers)
    yield from section("Converts", mappers)
    example = textwrap.indent(example_of(plugin, kind, described), INDENT * 2).splitlines()
    yield from section("Example", iter(example))


def section(title: str, lines: Iterator[str]) -> Iterator[str]:
    """A titled part; nothing when it has no lines."""
    first = next(lines, None)
    if first is not None:
        yield ""
        yield f"{INDENT}{title}"
        yield first
        yield from lines


def field_lines(fields: Iterable[Field], indent: str) -> Iterator[str]:
    """Arguments with their meaning, nested blocks indented below them."""
    for field in in_order(fields):
        yield f"{indent}{field.name}  ({facts(field)})"
        yield from wrapped(meaning(field), indent + INDENT * 2)
        yield from field_lines(field.sub_fields, indent + INDENT * 2)


def wrapped(text: str, indent: str) -> Iterator[str]:
    """The text's paragraphs in lines of at most `WIDTH` columns."""
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ""
        yield from textwrap.wrap(
            paragraph, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False
        )


# Markdown


def page(plugin: str, doc: str, components: Mapping[ComponentKind, Config.Documentation]) -> str:
    """A plugin's whole page."""
    parts = [f"# {plugin}", sentence(doc)]
    for kind, described in components.items():
        parts += component_markdown(plugin, kind, described)
    mappers = {
        (m.input, m.output): m.description for described in components.values() for m in described.mappers
    }  # fmt: skip
    if mappers:
        rows = [(f"`{given}`", f"`{made}`", sentence(text)) for (given, made), text in mappers.items()]
        parts += ["## Conversions", table(("from", "to", "meaning"), rows)]
    return "\n\n".join(parts) + "\n"


def component_markdown(plugin: str, kind: ComponentKind, described: Config.Documentation) -> list[str]:
    """The part about one component, as paragraphs."""
    parts = [f"## {TITLES[kind].capitalize()}", described.description]
    parts.append(f"```hcl\n{example_of(plugin, kind, described)}\n```")
    flow = [f"takes `{described.input}`"] * bool(described.input) + [f"gives `{described.output}`"] * bool(
        described.output
    )
    if flow:
        text = ", ".join(flow)
        parts.append(sentence(text[0].upper() + text[1:]))
    if described.fields:
        parts += [
            f"### Arguments of {TITLES[kind]}",
            *field_tables("", described.fields.values()),
        ]
    else:
        parts.append("It has no arguments.")
    name = TEMPLATE_NAMES.get(kind)
    if name is not None and described.template_fields:
        rows = [
            (f"`{name}.{field.name}`", field.type, sentence(field.synopsis))
            for field in in_order(described.template_fields.values())
        ]
        parts += [f"### What later stages see of {STAGES[kind]}", table(("name", "type", "meaning"), rows)]
    return parts


def field_tables(path: str, fields: Iterable[Field]) -> Iterator[str]:
    """A table of the arguments, and one more for each nested block."""
    ordered = in_order(fields)
    rows = [
        (
            f"`{field.name}`",
            field.type,
            "required" if not field.optional else f"`{field.default}`" if field.default else "",
            meaning(field),
        )
        for field in ordered
    ]
    if path:
        yield f"In `{path}`:"
    yield table(("name", "type", "default", "meaning"), rows)
    for field in ordered:
        if field.sub_fields:
            yield from field_tables(f"{path}{' → ' if path else ''}{field.name}", field.sub_fields)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
