"""Operation labels: which keys and values are allowed, and reading them from a file (hcl.md §4)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wp_config.convert import ConversionError, convert
from wp_config.diagnostics import Diagnostics, Range
from wp_config.expr import all_problems, evaluate
from wp_config.scope import Scope
from wp_config.syntax import tree
from wp_config.values import STRING, map_type

MAX_BYTES = 255
"""Longest key and longest value."""

RESERVED_PREFIX = "waypoint/"

_PREFIX = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9_-]+\.)*[a-zA-Z0-9_-]*[a-zA-Z0-9_]|[a-zA-Z]")
"""The part of a key before the first slash; the reference's rule in linear form, widened by underscores and
one-letter keys.
"""


def problem(key: str, value: str) -> str | None:
    """Why a label is not allowed, as a sentence; None when it is."""
    if key.startswith(RESERVED_PREFIX):
        return f'The label "{key}" is reserved: keys must not begin with "{RESERVED_PREFIX}".'
    if len(key.encode()) > MAX_BYTES:
        return f"A label key has at most {MAX_BYTES} bytes."
    if len(value.encode()) > MAX_BYTES:
        return f'The value of label "{key}" has more than {MAX_BYTES} bytes.'
    if not _PREFIX.fullmatch(key.partition("/")[0]):
        return (
            f'"{key}" is no valid label key: it begins with a letter, and up to the first "/" holds only letters, '
            "digits, underscores, hyphens and single dots."
        )
    return None


def check(labels: Mapping[str, str], origin: str = "") -> Diagnostics:
    """Everything wrong with labels from outside a file, such as ``-label`` flags (``origin``)."""
    found = Diagnostics()
    for key, value in labels.items():
        reason = problem(key, value)
        if reason:
            found.error("Invalid label", f"{origin}: {reason}" if origin else reason)
    return found


def read(attribute: tree.Attribute | None, scope: Scope, problems: Diagnostics) -> dict[str, str]:
    """The labels an argument gives; unknown values are left out, wrong ones reported."""
    if attribute is None:
        return {}
    try:
        value = evaluate(attribute.value, scope)
        if value.is_null or not value.is_known:
            return {}
        value = convert(value, map_type(STRING))
    except ConversionError as error:
        problems.error("Incorrect value type", f'Inappropriate value for "labels": {error}.', attribute.value.range)
        return {}
    except Diagnostics as error:
        problems.extend(all_problems(attribute.value, scope) or error)
        return {}
    answer: dict[str, str] = {}
    for key, item in value.entries.items():
        if not isinstance(item.data, str):
            if item.is_null:
                problems.error("Invalid label", f'The label "{key}" is null.', _place(attribute, key))
            continue
        reason = problem(key, item.data)
        if reason:
            problems.error("Invalid label", reason, _place(attribute, key))
        else:
            answer[key] = item.data
    return answer


def _place(attribute: tree.Attribute, key: str) -> Range:
    if isinstance(attribute.value, tree.ObjectExpression):
        for item in attribute.value.items:
            if isinstance(item.key, tree.Literal) and item.key.value == key:
                return item.range
    return attribute.value.range
