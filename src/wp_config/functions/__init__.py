"""The language's functions, loaded by name when a file first calls one (hcl.md §12, §13).

Each module of this package declares functions with :func:`~wp_config.functions.signature.function`; ``_HOMES`` says
which module holds which name, so that a file that calls none imports none.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from wp_config.convert import ConversionError, convert
from wp_config.diagnostics import Diagnostics, Range, failure, suggestion
from wp_config.values import Value, deeply_known, deeply_sensitive, unknown, with_mark

if TYPE_CHECKING:
    from wp_config.functions.signature import Function
    from wp_config.scope import Scope
    from wp_config.syntax.tree import Call

_MODULES = {
    "numeric": "abs ceil floor log pow signum max min parseint",
    "strings": "chomp indent join split lower upper title replace strrev substr trim trimprefix trimsuffix trimspace "
    "startswith endswith strcontains",
    "formatting": "format formatlist",
    "datetime": "timeadd formatdate timestamp",
    "regular": "regex regexall",
    "collections": "chunklist coalescelist compact concat contains distinct element flatten keys values merge range "
    "reverse slice sort zipmap length lookup coalesce index one sum alltrue anytrue",
    "sets": "setunion setintersection setsubtract setproduct",
    "conversion": "tostring tonumber tobool tolist toset tomap",
    "encoding": "jsonencode jsondecode csvdecode base64encode base64decode base64gzip urlencode",
    "yaml": "yamlencode yamldecode",
    "hashes": "md5 sha1 sha256 sha512 filesha256",
    "files": "file filebase64 fileexists fileset basename dirname abspath pathexpand",
    "templates": "templatestring templatefile templatedir",
    "git": "gitrefhash gitreftag gitrefpretty gitremoteurl",
    "selectors": "selectormatch selectorlookup",
    "jsonnet": "jsonnetfile jsonnetdir",
    "dynamic": "dynamic configdynamic",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

_TEMPLATE_FUNCTIONS = frozenset(_MODULES["templates"].split())
_DYNAMIC_FUNCTIONS = frozenset(_MODULES["dynamic"].split())

ADDITIONS = frozenset(
    {"length", "lookup", "coalesce", "try", "can", "index", "one", "sum", "alltrue", "anytrue"}
    | {"startswith", "endswith", "strcontains"}
    | set(_MODULES["conversion"].split())
    | set(_MODULES["hashes"].split())
)
"""Functions that Go Waypoint does not have (hcl.md §12.8)."""

ENTRYPOINT_FUNCTIONS = frozenset(_HOMES) - frozenset(
    name for module in ("git", "templates", "dynamic") for name in _MODULES[module].split()
)
"""Functions that exist where an application's configuration is finished (hcl.md §12.1)."""

GO_ENTRYPOINT_ONLY = frozenset(
    _MODULES["yaml"].split() + _MODULES["selectors"].split() + _MODULES["jsonnet"].split()
) | {"fileset"}
"""Those of them that a Go entrypoint has and ours, which carries the standard library only, has not."""

HERE_ONLY = frozenset(_HOMES) - ENTRYPOINT_FUNCTIONS - {"templatestring", *_DYNAMIC_FUNCTIONS}
"""Functions whose arguments must be known here; ``templatestring`` is written out instead."""


def names() -> frozenset[str]:
    """All function names."""
    return frozenset(_HOMES) | {"try", "can"}


def in_module(module: str) -> frozenset[str]:
    """The names of the functions that one module of this package holds."""
    return frozenset(name for name, home in _HOMES.items() if home == module)


def load(name: str) -> Function:
    """The function of that name; its module is imported now. Raises KeyError."""
    from wp_config.functions.signature import registered

    module = _HOMES[name]
    importlib.import_module(f"wp_config.functions.{module}")
    return registered(name)


def _available(name: str, scope: Scope) -> bool:
    if scope.surroundings is None or name not in _HOMES:
        return False
    if name in _TEMPLATE_FUNCTIONS:
        return scope.templates
    return scope.dynamic or name not in _DYNAMIC_FUNCTIONS


def call(node: Call, arguments: list[tuple[Value, Range]], scope: Scope) -> Value:
    """The result of a call. ``arguments`` are evaluated and expanded, each with its place. Raises
    :class:`Diagnostics`.
    """
    name = node.name
    if not _available(name, scope):
        raise _not_available(node, scope)
    function = load(name)
    parameters = function.parameters
    if len(arguments) < len(parameters):
        wanted = parameters[len(arguments)].name
        detail = f'"{name}" needs a value for "{wanted}": {function.usage}.'
        raise failure("Not enough function arguments", detail, node.range)
    if len(arguments) > len(parameters) and function.rest is None:
        raise failure("Too many function arguments", f"{function.usage}.", arguments[len(parameters)][1])
    converted: list[Value] = []
    for position, (value, place) in enumerate(arguments):
        parameter = parameters[position] if position < len(parameters) else function.rest
        assert parameter is not None
        if value.is_null and not parameter.null_allowed:
            detail = f'Invalid value for "{parameter.name}" parameter: argument must not be null.'
            raise failure("Invalid function argument", detail, place)
        try:
            converted.append(convert(value, parameter.type))
        except ConversionError as error:
            detail = f'Invalid value for "{parameter.name}" parameter: {error}.'
            raise failure("Invalid function argument", detail, place) from error
    dry = scope.surroundings is not None and scope.surroundings.dry
    if (not function.takes_unknown and not all(deeply_known(value) for value in converted)) or (
        function.outside and dry
    ):
        result = unknown()
    else:
        result = function.run(node, converted, [place for _, place in arguments], scope)
    return with_mark(result) if any(deeply_sensitive(value) for value in converted) else result


def _not_available(node: Call, scope: Scope) -> Diagnostics:
    if scope.surroundings is None:
        return failure("Function calls not allowed", "A constant value is required here.", node.range)
    if node.name in _DYNAMIC_FUNCTIONS:
        detail = "It may only be a value of env, internal or file in a config block, or the default of a variable."
        return failure(f'"{node.name}" is not available here', detail, node.range)
    if node.name in _TEMPLATE_FUNCTIONS:
        detail = "Template functions exist neither in defaults of variables nor in templates themselves."
        return failure(f'"{node.name}" is not available here', detail, node.range)
    detail = f'There is no function named "{node.name}".{suggestion(node.name, names())}'
    return failure("Call to unknown function", detail, node.name_range)
