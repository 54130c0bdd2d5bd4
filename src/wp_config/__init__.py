"""The configuration language: waypoint.hcl from source text to an evaluated model.

Callers use the names of this module only; the rest of the package is imported when first used.

Finding and loading::

    path = wp_config.find_file(Path.cwd())            # waypoint.hcl or waypoint.hcl.json, here or in a parent
    folder; None wp_config.names(path) -> ProjectNames              # project, apps, pipelines, variables: no evaluation
    with wp_config.load(path_or_Source, context=Context(workspace="dev"), variables=VariableInputs(...)) as project: ...

``load`` raises :class:`Diagnostics` (all errors at once). A loaded project is lazy: a stage's body is evaluated when
asked for.

    project.name, .path, .labels, .app_names, .runner (RunnerSettings), .plugins (PluginDeclaration…), .warnings
    (Diagnostics) project.pipelines() -> tuple[Pipeline, ...]
    project.variables.final() -> tuple[FinalValue, ...]          # to report to the server
    project.config() -> tuple[ConfigVariable, ...]               # project scope; app.config() for the application's
    project.file_change_signal
    app = project.app("web")                                     # Diagnostics when there is no such app, or it is wrong
    app.name, .path, .labels, .auto_hostname (bool | None), .profile, .file_change_signal
    stage = app.stage(StageKind.DEPLOY, scope)                   # Stage | None (no registry / release); app.build,
    app.deploy … stage.labels, stage.hooks(scope) -> tuple[Hook, ...]         # labels: final map of the operation,
    overrides included stage.use.plugin                                             # "docker"
    stage.use.decode(schema, scope) -> dict[str, object]         # plain Python values, by the plugin's schema
    (wp_config.schema)

``scope`` maps extra variable names to plain Python data: ``{"artifact": {...}, "deploy": {...}, "entrypoint":
{"env": {...}}}``; :data:`UNKNOWN` stands for something not known yet, and
``decode(..., partial=True)`` then answers :data:`UNKNOWN` for attributes that depend on it instead of failing.
``path``, ``workspace``, ``app``, ``var`` and ``labels`` are always there.

Checking without running (``waypoint init``, ``waypoint validate``)::

    wp_config.validate(source, context=…, variables=…, schema_of=lambda role, plugin: Schema | None,
    plugin_names=[…]) -> Diagnostics

Variables on the command line: :func:`wp_config.variables.collect` turns environment, ``-var-file`` and ``-var`` into
the ``VariableInputs.given`` values. A plugin's body that is a file of its own (a runner profile's):
:func:`decode_source`. Formatting: :func:`wp_config.fmt.format_source`. Selectors:
:mod:`wp_config.selector`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wp_config.diagnostics import Diagnostic, Diagnostics, Position, Range, Severity
from wp_config.records import (
    ConfigVariable,
    Context,
    DynamicValue,
    FinalValue,
    Format,
    GitSource,
    Hook,
    InputValue,
    Pipeline,
    PluginDeclaration,
    PluginRole,
    Poll,
    ProjectNames,
    RunnerSettings,
    Source,
    StageKind,
    Step,
    ValueForm,
    VariableInputs,
    VariableSource,
)
from wp_config.schema import Attribute, AttributeSchema, Block, BlockSchema, BodySchema, Schema

if TYPE_CHECKING:
    from wp_config.decode import decode_source
    from wp_config.model import App, Project, load, names
    from wp_config.source import file_in, find_file
    from wp_config.stages import Stage, UseBlock
    from wp_config.validation import validate
    from wp_config.values import UNKNOWN

_HOMES = {
    "App": "model",
    "decode_source": "decode",
    "Project": "model",
    "load": "model",
    "names": "model",
    "file_in": "source",
    "find_file": "source",
    "Stage": "stages",
    "UseBlock": "stages",
    "validate": "validation",
    "UNKNOWN": "values",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    import importlib

    found: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


__all__ = [
    "UNKNOWN",
    "App",
    "Attribute",
    "AttributeSchema",
    "Block",
    "BlockSchema",
    "BodySchema",
    "ConfigVariable",
    "Context",
    "Diagnostic",
    "Diagnostics",
    "DynamicValue",
    "FinalValue",
    "Format",
    "GitSource",
    "Hook",
    "InputValue",
    "Pipeline",
    "PluginDeclaration",
    "PluginRole",
    "Poll",
    "Position",
    "Project",
    "ProjectNames",
    "Range",
    "RunnerSettings",
    "Schema",
    "Severity",
    "Source",
    "Stage",
    "StageKind",
    "Step",
    "UseBlock",
    "ValueForm",
    "VariableInputs",
    "VariableSource",
    "decode_source",
    "file_in",
    "find_file",
    "load",
    "names",
    "validate",
]
