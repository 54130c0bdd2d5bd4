"""Values that a config source plugin supplies later (hcl.md §6.1, §7.3)."""

from __future__ import annotations

from wp_config.convert import ConversionError, convert
from wp_config.functions.collections import mapping
from wp_config.functions.signature import FunctionError, Invocation, function
from wp_config.records import DynamicValue
from wp_config.values import DYNAMIC_SOURCE, STRING, Value


@function("dynamic(source: string, settings: any)")
def _dynamic(_: Invocation, source: Value, settings: Value) -> Value:
    """A value that the config source plugin ``source`` supplies when it is needed."""
    texts: dict[str, str] = {}
    for name, item in mapping(settings, 1).items():
        try:
            text = convert(item, STRING)
        except ConversionError as error:
            raise FunctionError(f'the setting "{name}" must be a string: {error}', 1) from error
        if isinstance(text.data, str):
            texts[name] = text.data
    return Value(DYNAMIC_SOURCE, DynamicValue(source.text, texts))


@function("configdynamic(source: string, settings: any)")
def _configdynamic(call: Invocation, source: Value, settings: Value) -> Value:
    """The old name of ``dynamic``."""
    answer: Value = _dynamic(call, source, settings)
    return answer
