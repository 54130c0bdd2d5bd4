"""What a first waypoint.hcl says, and its text."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

WIDTH = 100
DEFAULT_PROJECT = "my-project"
DEFAULT_APP = "web"


@dataclass(frozen=True)
class Argument:
    """One argument of a plugin. `comment` stands above it; an argument that is `missing` becomes a comment itself."""

    name: str
    value: object
    comment: str = ""
    missing: bool = False


@dataclass(frozen=True)
class Stage:
    """A build, registry, deploy or release block. `before` are commands that run ahead of it."""

    plugin: str
    arguments: tuple[Argument, ...] = ()
    comment: str = ""
    before: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class AppPlan:
    """An application. `found` says what of the folder it was made from, `path` is its folder below the project's."""

    name: str
    build: Stage
    deploy: Stage
    release: Stage | None = None
    registry: Stage | None = None
    path: str = ""
    found: str = ""

    def stage(self, kind: str) -> Stage | None:
        """The build, registry, deploy or release block."""
        return {"build": self.build, "registry": self.registry, "deploy": self.deploy, "release": self.release}[kind]

    def with_stage(self, kind: str, stage: Stage | None) -> AppPlan:
        """The application with another block; only registry and release can be None."""
        match kind:
            case "registry":
                return replace(self, registry=stage)
            case "release":
                return replace(self, release=stage)
            case "build" if stage is not None:
                return replace(self, build=stage)
            case "deploy" if stage is not None:
                return replace(self, deploy=stage)
        raise ValueError(f"an application needs a {kind}")


@dataclass(frozen=True)
class ProjectPlan:
    """The whole file."""

    name: str
    apps: tuple[AppPlan, ...] = field(default=())


def slug(text: str, default: str) -> str:
    """A name that every platform accepts: lower case letters, digits and hyphens."""
    cleaned = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return cleaned[:40].strip("-") or default


def literal(value: object) -> str:
    """A value as the language writes it."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False).replace("\\b", "\\u0008").replace("\\f", "\\u000c")
        return text.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{\n" + "".join(f"{literal(str(key))} = {literal(item)}\n" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return f"[{', '.join(literal(item) for item in value)}]"
    return json.dumps(value)


def text_of(plan: ProjectPlan) -> bytes:
    """The file in the canonical format."""
    from wp_config.fmt import format_source

    parts = [
        comment("How this project becomes something that runs: `waypoint init` registers it, `waypoint up` builds, "
                "deploys and releases it. `waypoint docs -plugin NAME` shows what a plugin can do.") +
        f"project = {literal(plan.name)}\n",
        *(_app(app) for app in plan.apps),
    ]  # fmt: skip
    return format_source("\n".join(parts).encode())


def comment(text: str) -> str:
    """The text as lines of comment."""
    return textwrap.fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False) + "\n"


def _app(app: AppPlan) -> str:
    lines = [comment(app.found) if app.found else "", f"app {literal(app.name)} {{\n"]
    if app.path:
        lines.append(f"path = {literal(app.path)}\n\n")
    build = _body(app.build)
    if app.registry is not None:
        build += f"\n{_stage('registry', app.registry)}"
    elif app.build.plugin.startswith("docker"):
        build += REGISTRY.format(app=app.name)
    lines += [
        _headed("build", app.build, build),
        f"\n{CONFIG}\n",
        _stage("deploy", app.deploy),
    ]
    if app.release is not None:
        lines += ["\n", _stage("release", app.release)]
    return "".join([*lines, "}\n"])


CONFIG = """\
# Environment variables of the running application; `waypoint config set` can change them later.
# config {
#   env = {
#     GREETING = "hello"
#   }
# }
"""

REGISTRY = """
# Where the image is pushed to. Without it the image stays on this machine.
# registry {{
#   use "docker" {{
#     image = "registry.example.com/{app}"
#     tag   = gitrefpretty()
#   }}
# }}
"""


def _stage(kind: str, stage: Stage) -> str:
    return _headed(kind, stage, _body(stage))


def _headed(kind: str, stage: Stage, body: str) -> str:
    return f"{comment(stage.comment) if stage.comment else ''}{kind} {{\n{body}}}\n"


def _body(stage: Stage) -> str:
    hooks = "".join(f'hook {{\nwhen = "before"\ncommand = {literal(list(command))}\n}}\n\n' for command in stage.before)
    if not stage.arguments:
        return f"{hooks}use {literal(stage.plugin)} {{}}\n"
    lines = "".join(_argument(argument) for argument in stage.arguments)
    return f"{hooks}use {literal(stage.plugin)} {{\n{lines}}}\n"


def _argument(argument: Argument) -> str:
    above = comment(argument.comment) if argument.comment else ""
    if argument.missing:
        return f"{above}# {argument.name} =\n"
    return f"{above}{argument.name} = {literal(argument.value)}\n"
