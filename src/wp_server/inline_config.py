"""The configuration text that a project record carries: is it one, and which applications it names (§3.2)."""

from __future__ import annotations

from wp_config.diagnostics import Diagnostics
from wp_config.fmt import format_source
from wp_config.source import decode, parse
from wp_config.syntax.tree import Block, Body
from wp_proto.waypoint import api as pb
from wp_server.errors import InvalidArgument, Violation

FILE_NAMES = {pb.Hcl.HCL: "waypoint.hcl", pb.Hcl.JSON: "waypoint.hcl.json"}


def application_names(contents: bytes, form: int, field: str) -> tuple[str, ...]:
    """Returns the applications that a text in HCL form names; JSON is only checked.

    Errors: InvalidArgument about `field` with the place of every mistake.
    """
    body = _parsed(FILE_NAMES[_form(form)], contents, field)
    if form == pb.Hcl.JSON:
        return ()
    blocks = (item for item in body.items if isinstance(item, Block) and item.type == "app" and item.labels)
    return tuple(dict.fromkeys(block.labels[0].value for block in blocks))


def check_plugin_config(contents: bytes, form: int, field: str) -> None:
    """Errors: InvalidArgument about `field` when the body of a task launcher does not parse."""
    _parsed({pb.Hcl.HCL: "plugin.hcl", pb.Hcl.JSON: "plugin.hcl.json"}[_form(form)], contents, field)


def _form(form: int) -> pb.Hcl.Format:
    return pb.Hcl.JSON if form == pb.Hcl.JSON else pb.Hcl.HCL


def _parsed(name: str, contents: bytes, field: str) -> Body:
    try:
        return parse(decode(name, contents))
    except Diagnostics as problems:
        raise InvalidArgument.of([Violation(field, str(problem)) for problem in problems]) from problems


def formatted(contents: bytes) -> bytes:
    """Returns the canonical form of a configuration text. Errors: InvalidArgument."""
    try:
        return format_source(contents)
    except Diagnostics as problems:
        raise InvalidArgument.of([Violation("waypoint_hcl", str(problem)) for problem in problems]) from problems
