"""Finds plugins by name and runs their components in this process.

`PluginHandle` and `ComponentHandle` are the seam for plugins that are processes of their own: everything above this
module deals with type keys, opaque Anys and well-known values only.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from google.protobuf.message import Message

import wp_plugins
from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.sdk.plugin_pb2 import Config
from wp_runner.errors import PluginDefect, environment_problem
from wp_sdk.arguments import Checkpoint, DeclaredResources, DestroyedResources
from wp_sdk.component import Component, ComponentKind, Platform, Plugin, Result
from wp_sdk.context import Context
from wp_sdk.documentation import documentation_of
from wp_sdk.errors import Cancelled, PluginError
from wp_sdk.mapper import RANK_CALLED, RANK_OTHER, RANK_PRODUCER, Key, Mapper, MapperUnavailable, Requirement
from wp_sdk.schema import Schema, instantiate, schema_of
from wp_sdk.signature import ParameterKind, Signature, signature_of
from wp_sdk.values import encode_template, pack, template_data, to_json, unpack

ALIASES = {"azure-aci": "azure-container-instance"}


@dataclass(frozen=True)
class FunctionSpec:
    """What a component function needs, and the type of its result ("" when it is not a message known before the
    call)."""

    requirements: tuple[Requirement, ...]
    result: Key


@dataclass(frozen=True)
class Call:
    """What the host makes for one call besides the solved arguments."""

    context: Context
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Outcome:
    """What a call gave. `value` is None when the function returns no message; `raw` is then what it returned."""

    raw: object
    value: OpaqueAny | None = None
    json: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    template: bytes = b""
    url: str = ""
    declared: DeclaredResources = field(default_factory=DeclaredResources)
    destroyed: DestroyedResources = field(default_factory=DestroyedResources)


class ComponentHandle(Protocol):
    """A component of a plugin, wherever it runs."""

    plugin: str
    kind: ComponentKind

    @property
    def schema(self) -> Schema:
        """What its configuration body may contain."""

    def configure(self, decoded: Mapping[str, object]) -> None:
        """Take the decoded body; raises `PluginError` when the component refuses it."""

    def has(self, function: str) -> bool:
        """Whether the component has that function."""

    def spec(self, function: str) -> FunctionSpec:
        """What the function needs; only for functions it has."""

    def call(self, function: str, arguments: Sequence[object], call: Call) -> Outcome:
        """Call with one argument per requirement, in order. Raises `PluginError`, `Cancelled` or `PluginDefect`."""

    def default_releaser(self) -> ComponentHandle | None:
        """A platform's own releaser for configurations without a release stanza."""


class PluginHandle(Protocol):
    """A plugin that can be used."""

    name: str

    def component(self, kind: ComponentKind) -> ComponentHandle | None:
        """A new, unconfigured component, or None when the plugin does not play that role."""

    def documentation(self, kind: ComponentKind) -> Config.Documentation | None:
        """What the component of that role says about itself, or None when there is none."""

    def mappers(self, rank: int) -> Sequence[Mapper]:
        """The plugin's mappers with that rank, in the plugin's order."""


class InProcessComponent:
    """A component whose functions are called directly."""

    def __init__(self, plugin: str, kind: ComponentKind, component: Component) -> None:
        self.plugin = plugin
        self.kind = kind
        self._component = component
        self._functions = component.functions()
        self._config: object = None

    @property
    def schema(self) -> Schema:
        """Schema of the configuration dataclass."""
        return schema_of(self._component.config)

    def configure(self, decoded: Mapping[str, object]) -> None:
        """Make the configuration instance."""
        if self._component.config is not None:
            self._config = instantiate(self._component.config, decoded)

    def has(self, function: str) -> bool:
        """Whether the author gave that function."""
        return function in self._functions

    def spec(self, function: str) -> FunctionSpec:
        """Read off the function's annotations."""
        signature = self._signature(function)
        return FunctionSpec(_requirements(signature), signature.result)

    def call(self, function: str, arguments: Sequence[object], call: Call) -> Outcome:
        """Decode what is opaque and call; exceptions nobody foresaw become `PluginDefect`."""
        declared, destroyed = DeclaredResources(), DestroyedResources()
        made: dict[type, object] = {
            Context: call.context,
            Checkpoint: call.checkpoint,
            DeclaredResources: declared,
            DestroyedResources: destroyed,
        }
        solved = iter(arguments)
        values: dict[str, object] = {}
        for parameter in self._signature(function).parameters:
            if parameter.kind is ParameterKind.CONFIG:
                values[parameter.name] = self._config
            elif parameter.kind is ParameterKind.HOST:
                values[parameter.name] = made[parameter.type]
            else:
                values[parameter.name] = _argument(next(solved), parameter.type)
        try:
            raw = self._functions[function](**values)
        except (PluginError, Cancelled, PluginDefect):
            raise
        except Exception as error:
            call.context.raise_if_cancelled()
            problem = environment_problem(error) if isinstance(error, OSError) else None
            if problem is not None:
                raise problem from error
            raise PluginDefect(
                f"The plugin {self.plugin} failed unexpectedly in {function}: {type(error).__name__}: {error}"
            ) from error
        return _outcome(raw, declared, destroyed)

    def default_releaser(self) -> ComponentHandle | None:
        """Return it configured with nothing."""
        if not isinstance(self._component, Platform) or self._component.default_releaser is None:
            return None
        releaser = InProcessComponent(self.plugin, ComponentKind.RELEASE_MANAGER, self._component.default_releaser)
        releaser.configure({})
        return releaser

    def _signature(self, function: str) -> Signature:
        return signature_of(self._functions[function], self._component.config)


class InProcessPlugin:
    """A plugin imported into this process."""

    def __init__(self, plugin: Plugin) -> None:
        self.name = plugin.name
        self._plugin = plugin

    def component(self, kind: ComponentKind) -> ComponentHandle | None:
        """Return a new component of that role, if there is one."""
        component = self._plugin.component(kind)
        return None if component is None else InProcessComponent(self.name, kind, component)

    @property
    def doc(self) -> str:
        """One line about the plugin."""
        return self._plugin.doc

    def documentation(self, kind: ComponentKind) -> Config.Documentation | None:
        """Derive it from the component's dataclass and functions."""
        return documentation_of(self._plugin, kind) if self._plugin.component(kind) is not None else None

    def mappers(self, rank: int) -> Sequence[Mapper]:
        """Return the mappers in the author's order."""
        return [_mapper(self.name, function, rank) for function in self._plugin.mappers]

    def results(self) -> set[Key]:
        """Message types the plugin's main functions and mappers return."""
        found = {signature_of(mapper).result for mapper in self._plugin.mappers}
        for kind in ComponentKind:
            component = self._plugin.component(kind)
            if component is not None:
                for function in component.functions().values():
                    found.add(signature_of(function, component.config).result)
        return found - {""}


class UnknownPlugin(PluginError):
    """The file names a plugin that is not there."""


class PluginHost:
    """Plugins by name: `extra` first, then the built-in ones (`wp_plugins`, imported when asked for)."""

    def __init__(self, extra: Mapping[str, Plugin] | None = None) -> None:
        self._extra = dict(extra or {})
        self._open: dict[str, InProcessPlugin] = {}

    def names(self) -> list[str]:
        """Names of all plugins at hand, sorted."""
        return sorted({*self._extra, *_built_in_names()})

    def open(self, name: str) -> InProcessPlugin:
        """Return the plugin; raises `PluginError` with the nearest name when there is none."""
        if name not in self._open:
            self._open[name] = InProcessPlugin(self._extra.get(name) or self._built_in(name))
        return self._open[name]

    def component(self, name: str, kind: ComponentKind) -> ComponentHandle:
        """Return a new component; raises `PluginError` when the plugin does not play that role."""
        component = self.open(name).component(kind)
        if component is None:
            raise PluginError(f'The plugin "{name}" has no {kind.value}', do=self._others(kind))
        return component

    def mappers(self, names: Iterable[str], called: str, producers: Collection[str] = ()) -> list[Mapper]:
        """The mappers of the named plugins and of the called one, ranked by how close their plugin is to the call."""
        found: list[Mapper] = []
        for name in dict.fromkeys([*names, called]):
            rank = RANK_CALLED if name == called else RANK_PRODUCER if name in producers else RANK_OTHER
            found += self.open(name).mappers(rank)
        return found

    def makers(self, key: Key) -> list[str]:
        """Names of plugins that return a message of that type."""
        return [name for name in self.names() if name not in ALIASES and key in self.open(name).results()]

    def _built_in(self, name: str) -> Plugin:
        module = f"wp_plugins.{ALIASES.get(name, name).replace('-', '_')}"
        if name not in self.names():
            near = difflib.get_close_matches(name, self.names(), n=1)
            hint = f'Did you mean "{near[0]}"?' if near else f"Known plugins: {', '.join(self.names())}"
            raise UnknownPlugin(f'There is no plugin "{name}"', do=hint)
        plugin = getattr(importlib.import_module(module), "PLUGIN", None)
        if not isinstance(plugin, Plugin):
            raise PluginDefect(f"The module of the plugin {name} defines no PLUGIN")
        return plugin

    def _others(self, kind: ComponentKind) -> str:
        able = [n for n in self.names() if n not in ALIASES and self.open(n).component(kind) is not None]
        return f"Plugins that have one: {', '.join(able)}"


@functools.cache
def _built_in_names() -> frozenset[str]:
    """Names of the packages of `wp_plugins`, and the other names of those that are there."""
    found = {m.name.replace("_", "-") for m in pkgutil.iter_modules(wp_plugins.__path__) if m.ispkg}
    return frozenset(found | {alias for alias, name in ALIASES.items() if name in found})


def _requirements(signature: Signature) -> tuple[Requirement, ...]:
    return tuple(Requirement(p.input_name, p.key) for p in signature.parameters if p.key)


def _argument(value: object, wanted: type) -> object:
    if isinstance(value, OpaqueAny) and issubclass(wanted, Message) and wanted is not OpaqueAny:
        return unpack(value, wanted)
    return value


def _outcome(raw: object, declared: DeclaredResources, destroyed: DestroyedResources) -> Outcome:
    result = Result(raw) if isinstance(raw, Message) else raw
    if not isinstance(result, Result):
        return Outcome(raw, declared=declared, destroyed=destroyed)
    message: Message = result.value
    shown: dict[str, object] = dict(template_data(message) if result.template is None else result.template)
    return Outcome(
        message,
        pack(message),
        to_json(message),
        result.labels,
        encode_template({**shown, **result.extra_template}),
        result.url,
        declared,
        destroyed,
    )


def _mapper(plugin: str, function: Callable[..., object], rank: int) -> Mapper:
    signature = signature_of(function)
    if not signature.result:
        raise PluginDefect(f"The mapper {signature.name} of the plugin {plugin} does not say which message it returns")

    def call(values: Mapping[Key, object]) -> object:
        arguments = {p.name: _argument(values[p.key], p.type) for p in signature.parameters}
        try:
            result = function(**arguments)
        except (PluginError, Cancelled, MapperUnavailable):
            raise
        except Exception as error:
            raise PluginDefect(f"A mapper of the plugin {plugin} failed: {type(error).__name__}: {error}") from error
        if not isinstance(result, Message):
            raise PluginDefect(f"The mapper {signature.name} returned {type(result).__name__}, not a message")
        return pack(result)

    return Mapper(plugin, signature.keys(), signature.result, call, rank=rank)
