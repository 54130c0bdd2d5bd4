"""Selector functions (hcl.md §12.6, §17)."""

from __future__ import annotations

from wp_config import selector
from wp_config.convert import ConversionError, convert
from wp_config.functions.collections import mapping
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.values import Value, boolean


def _labels(value: Value) -> dict[str, str]:
    return {name: item.text for name, item in value.entries.items() if not item.is_null}


def _matches(text: str, labels: dict[str, str], argument: int) -> bool:
    try:
        return selector.matches(text, labels)
    except selector.SelectorError as error:
        raise FunctionError(str(error), argument) from error


@function("selectormatch(labels: map(string), selector: string)")
def _selectormatch(_: Invocation, labels: Value, text: Value) -> Value:
    """Whether labels satisfy a selector."""
    return boolean(_matches(text.text, _labels(labels), 1))


@function("selectorlookup(labels: map(string), selectors: any, default: any)")
def _selectorlookup(_: Invocation, labels: Value, selectors: Value, default: Value) -> Value:
    """The value of the first selector (in text order) that the labels satisfy, or the default."""
    found = _labels(labels)
    for text, value in mapping(selectors, 1).items():
        if _matches(text, found, 1):
            try:
                return convert(value, default.type)
            except ConversionError as error:
                raise FunctionError(f"the value does not have the type of the default: {error}", 1) from error
    return default
