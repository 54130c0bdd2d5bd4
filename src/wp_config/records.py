"""The plain answers and questions of the configuration package: what callers hand in and what they get out.

Only data without behaviour lives here; the live objects (:class:`~wp_config.model.Project`, ``App``, ``Stage``,
``UseBlock``) are in ``model`` and ``stages``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

WORKSPACE_LABEL = "waypoint/workspace"
"""Label every operation carries; holds the workspace's name."""

DEFAULT_WORKSPACE = "default"


class StageKind(enum.StrEnum):
    """The four stages of an application that carry a ``use`` block."""

    BUILD = "build"
    REGISTRY = "registry"
    DEPLOY = "deploy"
    RELEASE = "release"


class Format(enum.IntEnum):
    """The two syntaxes of a configuration; the numbers are those of the wire's ``Hcl.Format``."""

    HCL = 0
    JSON = 1


class Source(NamedTuple):
    """A configuration that is not (only) a file: what a job or the server's project record carries (hcl.md §1.2).

    ``name`` is shown in diagnostics; ``directory`` is the folder the file is thought to lie in (``path.project``).
    """

    contents: bytes
    directory: Path
    name: str = "waypoint.hcl"
    format: Format = Format.HCL


class Context(NamedTuple):
    """Where and for whom a configuration is evaluated.

    ``labels`` are the ``-label`` overrides; ``project``, when not empty, replaces the file's ``project`` (the job
    knows better); ``git_directory`` is where git functions look (default: the project directory);
    ``temporary_directory`` is where template functions put their results (default: a new folder of the system's,
    removed by ``Project.close``).
    """

    workspace: str = DEFAULT_WORKSPACE
    labels: Mapping[str, str] = MappingProxyType({})
    project: str = ""
    git_directory: Path | None = None
    temporary_directory: Path | None = None


class VariableSource(enum.IntEnum):
    """Where a variable's value came from; the numbers are those of the wire's ``Variable.FinalValue.Source`` (hcl.md
    §7.4).
    """

    UNKNOWN = 0
    DEFAULT = 1
    FILE = 2
    CLI = 3
    ENV = 4
    VCS = 5
    SERVER = 6
    DYNAMIC = 7


class ValueForm(enum.StrEnum):
    """How a variable's value travels; the names are those of the wire's ``Variable.value`` oneof."""

    STR = "str"
    HCL = "hcl"
    BOOL = "bool"
    NUM = "num"


class InputValue(NamedTuple):
    """One value given for a variable. ``place`` says where, for messages (``flag -var``, ``prod.wpvars:3:1``)."""

    name: str
    value: str | bool | int
    form: ValueForm = ValueForm.STR
    source: VariableSource = VariableSource.CLI
    place: str = ""


DynamicFetcher = Callable[[str, Mapping[str, str]], str]
"""Asks a config source plugin: (source name, its settings) → the text it answers. Raises ``Diagnostics`` or
``OSError``.
"""


class VariableInputs(NamedTuple):
    """Everything that may give variables a value, besides their defaults (hcl.md §7.1).

    ``server``: values stored with the project. ``environment``: the environment of the process that runs the job.
    ``values_directory``: folder whose ``*.auto.wpvars`` and ``*.auto.wpvars.json`` count (None: the project's).
    ``given``: what the command line collected, in rising precedence (environment, files, flags).
    ``fetch``: resolves ``default = dynamic(…)``; None means it is not possible here (a local runner).
    ``cookie``: salt of the hashes shown for sensitive values.
    """

    server: tuple[InputValue, ...] = ()
    environment: Mapping[str, str] = MappingProxyType({})
    values_directory: Path | None = None
    given: tuple[InputValue, ...] = ()
    fetch: DynamicFetcher | None = None
    cookie: str = ""


class FinalValue(NamedTuple):
    """What a variable ended up with, in the form the server stores and shows (hcl.md §7.4).

    ``value`` is None for a null value. ``sensitive``: ``value`` is the hexadecimal SHA-256 of cookie and text, never
    the text.
    """

    name: str
    value: str | bool | int | None
    form: ValueForm
    source: VariableSource
    sensitive: bool = False


@dataclass(frozen=True)
class DynamicValue:
    """A value that a config source plugin supplies when it is needed: ``dynamic(source, settings)``.

    No tuple like its neighbours: it is also the data of a value, where a tuple would be a list.
    """

    source: str
    settings: Mapping[str, str]


class ConfigVariable(NamedTuple):
    """One entry of a ``config`` stanza, ready to become a ``ConfigVar`` (hcl.md §6.2).

    Exactly one of ``value`` and ``dynamic`` is set. ``app`` is empty for project scope. ``runner``: meant for
    runners, not for apps.
    """

    name: str
    value: str | None
    dynamic: DynamicValue | None = None
    internal: bool = False
    name_is_path: bool = False
    app: str = ""
    workspace: str = ""
    label_selector: str = ""
    runner: bool = False


class Hook(NamedTuple):
    """A command around a stage. ``when`` is ``before`` or ``after``; ``continue_on_failure`` ignores its exit status
    (hcl.md §5).
    """

    when: str
    command: tuple[str, ...]
    continue_on_failure: bool = False


class Poll(NamedTuple):
    """``runner { poll {} }``: watch the data source for changes; ``interval`` is a Go duration, empty means the
    server's default.
    """

    enabled: bool = False
    interval: str = ""


class GitSource(NamedTuple):
    """``data_source "git"`` (hcl.md §8); empty strings mean unset."""

    url: str
    ref: str = ""
    path: str = ""
    ignore_changes_outside_path: bool = False
    recurse_submodules: int = 0
    username: str = ""
    password: str = ""
    key: str = ""
    key_password: str = ""


class RunnerSettings(NamedTuple):
    """The ``runner`` block. ``data_source`` is ``""``, ``"git"`` or ``"local"``; ``git`` is set for the first."""

    enabled: bool = False
    profile: str = ""
    data_source: str = ""
    git: GitSource | None = None
    poll: Poll = Poll()


class PluginRole(enum.StrEnum):
    """What a plugin is used for; the words of ``plugin { type {} }``."""

    MAPPER = "mapper"
    BUILD = "build"
    REGISTRY = "registry"
    DEPLOY = "deploy"
    RELEASE = "release"


class PluginDeclaration(NamedTuple):
    """A plugin the project needs, declared or implied by its ``use`` blocks (hcl.md §9)."""

    name: str
    roles: frozenset[PluginRole]
    checksum: str = ""


class Step(NamedTuple):
    """One step of a pipeline (hcl.md §10). ``kind`` names the ``use`` block; ``settings`` are its decoded attributes.

    An embedded pipeline is a step of kind ``pipeline`` whose settings name it.
    """

    name: str
    kind: str
    settings: Mapping[str, object]
    depends_on: tuple[str, ...] = ()
    image_url: str = ""
    workspace: str = ""


class Pipeline(NamedTuple):
    """A pipeline with its steps in file order; embedded ones are pipelines of their own."""

    name: str
    steps: tuple[Step, ...]


class ProjectNames(NamedTuple):
    """What a file says without evaluating anything. ``project`` is empty when its name is not a plain literal."""

    project: str
    apps: tuple[str, ...]
    pipelines: tuple[str, ...]
    variables: tuple[str, ...]
