"""The functions that a template may call here (hcl.md §12): what they give is what the runner's give.

Missing are those that need more than the standard library, or the project's files: YAML, jsonnet, selectors, templates,
git, and sets of files. Each module of this package declares functions with `signature.function`; `_MODULES` says which
holds which, so that a template loads only what it calls.
"""

from __future__ import annotations

from wp_entrypoint.functions import signature
from wp_entrypoint.values import ExpressionError, normal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wp_entrypoint.functions.signature import Value

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
    "hashes": "md5 sha1 sha256 sha512 filesha256",
    "files": "file filebase64 fileexists basename dirname abspath pathexpand",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def names() -> frozenset[str]:
    """All of them."""
    return frozenset(_HOMES) | {"try", "can"}


def run(name: str, arguments: list[Value]) -> Value:
    """Call one. Raises ExpressionError."""
    if name not in _HOMES:
        raise ExpressionError(f'there is no function "{name}" in the entrypoint')
    __import__(f"{__name__}.{_HOMES[name]}")  # `importlib` would be one more module to load
    return normal(signature.call(name, arguments))
