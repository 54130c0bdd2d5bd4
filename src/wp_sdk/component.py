"""What a plugin is made of. A plugin module exposes `PLUGIN: Plugin`; everything an author needs can be imported from
here.

    def build(config: BuilderConfig, ctx: Context, ui: UI, source: Source) -> docker_pb2.Image: ...

    PLUGIN = Plugin("docker", builder=Builder(BuilderConfig, build=build))

Component functions are plain functions. The host looks at the annotations and fills every parameter:

* the component's configuration class: the decoded body of `use "…" { }`;
* a protobuf message class: a value of that type, or one a mapper can make of what is there (artifact, deployment, …);
* `bool`, `int`, `str`: the input of that parameter name (`has_registry: bool` in build);
* a class of `wp_sdk.arguments`, `Context`, `UI`, `Logger`: see there.

There are no optional parameters, because the plugin protocol cannot express them. A function fails by raising
`PluginError`. Functions run on worker threads, several components at a time; long waits go through `Context.wait`.

When the return annotation is a message (or `Result[message]`) the host knows the type before anything runs; that is
how `init` finds incompatible plugins. Table of functions and results: protocol specification 4.5 and 10.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from google.protobuf.message import Message

from wp_sdk.arguments import (
    Checkpoint,
    DataDir,
    DeclaredResources,
    DeploymentConfig,
    DestroyedResources,
    EntrypointFile,
    ExecSession,
    InputClosed,
    JobInfo,
    LabelSet,
    LogEvent,
    Logger,
    LogViewer,
    PreviousStatusReport,
    Resource,
    Source,
    TargetResources,
    TaskLaunchInfo,
    WindowSize,
)
from wp_sdk.context import Context
from wp_sdk.errors import Cancelled, PluginError
from wp_sdk.terminal import UI

__all__ = [
    "UI",
    "Builder",
    "Cancelled",
    "Checkpoint",
    "Component",
    "ComponentKind",
    "ConfigSourcer",
    "Context",
    "DataDir",
    "DeclaredResources",
    "DeploymentConfig",
    "DestroyedResources",
    "EntrypointFile",
    "ExecSession",
    "Function",
    "InputClosed",
    "JobInfo",
    "LabelSet",
    "LogEvent",
    "LogViewer",
    "Logger",
    "Platform",
    "Plugin",
    "PluginError",
    "PreviousStatusReport",
    "Registry",
    "ReleaseManager",
    "Resource",
    "Result",
    "Source",
    "TargetResources",
    "TaskLaunchInfo",
    "TaskLauncher",
    "WindowSize",
]

M = TypeVar("M", bound=Message)

# A component function: free signature, result by the role's table.
Function: TypeAlias = Callable[..., Any]


class ComponentKind(StrEnum):
    """Roles, by the word of the block they are used in or the wire's name for them."""

    BUILDER = "builder"
    REGISTRY = "registry"
    PLATFORM = "platform"
    RELEASE_MANAGER = "releasemanager"
    TASK_LAUNCHER = "tasklauncher"
    CONFIG_SOURCER = "configsourcer"


@dataclass(frozen=True)
class Result(Generic[M]):
    """A result with more than the message.

    `labels` are merged over the component's labels (build only). `url` is the deployment's or release's own URL.
    `template` are the fields later stages see as `artifact.*` / `deploy.*`; None = derived from the message,
    `extra_template` is added to that.
    """

    value: M
    labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    template: Mapping[str, object] | None = None
    extra_template: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Component:
    """What all roles share: the configuration class (None = body must be empty) and the optional authenticator.

    `auth` logs in and returns True when it did; `validate_auth` raises when the credentials at hand do not work.
    For the documentation: `example` is HCL; `extra_fields` says what the names mean that the main function gives later
    stages besides the fields of its message.
    """

    config: type | None = None
    auth: Function | None = field(default=None, kw_only=True)
    validate_auth: Function | None = field(default=None, kw_only=True)
    example: str = field(default="", kw_only=True)
    extra_fields: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def functions(self) -> dict[str, Function]:
        """Return the functions this component has, by name."""
        found = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in ("config", "example", "extra_fields", "default_releaser")
        }
        return {name: function for name, function in found.items() if function is not None}


@dataclass(frozen=True)
class Builder(Component):
    """`build` returns the artifact (message or Result). `build_odr` is used in place of it inside on-demand runners.

    `destroy_workspace` removes what killed builds of a workspace left; artifacts stay.
    """

    build: Function | None = None
    build_odr: Function | None = field(default=None, kw_only=True)
    destroy_workspace: Function | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Registry(Component):
    """`push` returns the artifact as the platform can fetch it.

    `access` returns credentials (a message) for `build_odr`.
    """

    push: Function | None = None
    access: Function | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Platform(Component):
    """`deploy` starts a new version beside the old ones and returns a deployment message only when it really runs.

    | function | must | returns |
    |---|---|---|
    | deploy | start, wait until the app is up or has failed; save a `Checkpoint` before creating anything | message
    or Result |
    | destroy | remove what the deployment message names; succeed when it is gone already | None |
    | destroy_workspace | remove what all deployments of a workspace shared | None |
    | status | look at the platform now, never at memory | `StatusReport` |
    | generation | bytes that identify the resource a deploy would change in place; b"" = a new one each time | bytes |
    | exec | run a command in the deployment through an `ExecSession` | int exit code |
    | logs | send the deployment's log to a `LogViewer` | None |

    `default_releaser` is used when the configuration has no release stanza; it takes no configuration.
    """

    deploy: Function | None = None
    destroy: Function | None = field(default=None, kw_only=True)
    destroy_workspace: Function | None = field(default=None, kw_only=True)
    status: Function | None = field(default=None, kw_only=True)
    generation: Function | None = field(default=None, kw_only=True)
    exec: Function | None = field(default=None, kw_only=True)
    logs: Function | None = field(default=None, kw_only=True)
    default_releaser: ReleaseManager | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class ReleaseManager(Component):
    """`release` sends the traffic to the deployment it is given and returns a message or Result with `url`.

    `destroy` must not touch a shared object that points at another deployment by now (plugins specification 0.8).
    """

    release: Function | None = None
    destroy: Function | None = field(default=None, kw_only=True)
    destroy_workspace: Function | None = field(default=None, kw_only=True)
    status: Function | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class ConfigSourcer(Component):
    """`read` returns the values of dynamic configuration variables by name, `stop` ends background work."""

    read: Function | None = None
    stop: Function | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class TaskLauncher(Component):
    """Starts one-off containers:

    `start` returns a state message, `stop` ends that task, `watch` returns its exit code. `clean_up` removes whatever a
    `start` of the job in `JobInfo` left, whose state message was lost with the process that called it.
    """

    start: Function | None = None
    stop: Function | None = field(default=None, kw_only=True)
    watch: Function | None = field(default=None, kw_only=True)
    clean_up: Function | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Plugin:
    """A plugin: its name as used in `use "name"`, its components, and mappers from messages to one message."""

    name: str
    builder: Builder | None = None
    registry: Registry | None = None
    platform: Platform | None = None
    release: ReleaseManager | None = None
    task: TaskLauncher | None = None
    config_source: ConfigSourcer | None = None
    mappers: tuple[Function, ...] = ()
    doc: str = ""

    def component(self, kind: ComponentKind) -> Component | None:
        """Return the component of that role, or None when the plugin does not play it."""
        return {
            ComponentKind.BUILDER: self.builder,
            ComponentKind.REGISTRY: self.registry,
            ComponentKind.PLATFORM: self.platform,
            ComponentKind.RELEASE_MANAGER: self.release,
            ComponentKind.TASK_LAUNCHER: self.task,
            ComponentKind.CONFIG_SOURCER: self.config_source,
        }[kind]
