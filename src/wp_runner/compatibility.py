"""What Go Waypoint 0.11 would not accept of a file because of its plugins; `wp_config.compat` does the language.

The tables say what the plugins of that release are called and which arguments they take (plugins specification 0.1 and
the parameter tables of 1 and 8). Of a plugin without a row in `_ARGUMENTS` only the name is known.
"""

from __future__ import annotations

from pathlib import Path

from wp_config import compat
from wp_config.bodies import content
from wp_config.decode import shape_of
from wp_config.diagnostics import Diagnostics
from wp_config.model import Project, use_blocks
from wp_config.records import Context, Source, StageKind, VariableInputs
from wp_config.source import load_source
from wp_config.syntax import tree
from wp_runner.environment import ROLES
from wp_runner.plugins import PluginHost
from wp_sdk.errors import PluginError

_PLUGINS: dict[StageKind, frozenset[str]] = {
    StageKind.BUILD: frozenset(
        ["aws-ami", "aws-ecr-pull", "docker", "docker-pull", "docker-ref", "files", "null", "pack"]
    ),
    StageKind.REGISTRY: frozenset(["aws-ecr", "docker", "files"]),
    StageKind.DEPLOY: frozenset(
        [
            "aws-ec2",
            "aws-ecs",
            "aws-lambda",
            "azure-container-instance",
            "docker",
            "exec",
            "google-cloud-run",
            "helm",
            "kubernetes",
            "kubernetes-apply",
            "nomad",
            "nomad-jobspec",
            "null",
        ]
    ),
    StageKind.RELEASE: frozenset(
        ["aws-alb", "google-cloud-run", "kubernetes", "lambda-function-url", "nomad-jobspec-canary", "null"]
    ),
}

_ARGUMENTS: dict[tuple[StageKind, str], frozenset[str]] = {
    (StageKind.BUILD, "docker"): frozenset(
        [
            "auth",
            "build_args",
            "buildkit",
            "context",
            "disable_entrypoint",
            "dockerfile",
            "no_cache",
            "platform",
            "target",
        ]
    ),
    (StageKind.BUILD, "docker-pull"): frozenset(["auth", "disable_entrypoint", "encoded_auth", "image", "tag"]),
    (StageKind.BUILD, "docker-ref"): frozenset(["image", "tag"]),
    (StageKind.BUILD, "files"): frozenset(),
    (StageKind.BUILD, "null"): frozenset(),
    (StageKind.REGISTRY, "docker"): frozenset(
        ["auth", "encoded_auth", "image", "insecure", "local", "password", "tag", "username"]
    ),
    (StageKind.REGISTRY, "files"): frozenset({"path"}),
    (StageKind.DEPLOY, "docker"): frozenset(
        [
            "auth",
            "binds",
            "client_config",
            "command",
            "extra_ports",
            "force_pull",
            "labels",
            "networks",
            "resources",
            "scratch_path",
            "service_port",
            "static_environment",
        ]
    ),
    (StageKind.DEPLOY, "exec"): frozenset(["command", "dir", "template"]),
    (StageKind.DEPLOY, "null"): frozenset(),
    (StageKind.RELEASE, "null"): frozenset(),
}


def incompatibilities(where: Path | Source, host: PluginHost | None = None) -> Diagnostics:
    """Return each use of something Go Waypoint does not have, as a warning at its place. Raises `Diagnostics` when the
    file cannot be read."""
    source = load_source(where)
    problems = compat.report(source)
    plugins = host or PluginHost()
    with Project(source, Context(), VariableInputs(), dry=True) as project:
        for kind, use in use_blocks(project.app_block(name) for name in project.app_names):
            _use(plugins, kind, use, problems)
    return problems


def _use(plugins: PluginHost, kind: StageKind, use: tree.Block, problems: Diagnostics) -> None:
    label = use.labels[0]
    try:
        schema = plugins.component(label.value, ROLES[kind]).schema
    except PluginError:
        return  # does not exist here either
    if label.value not in _PLUGINS[kind]:
        problems.warn(compat.SUMMARY, f'There is no plugin "{label.value}" for "{kind}" there.', label.range)
        return
    known = _ARGUMENTS.get((kind, label.value))
    if known is None:
        return
    found = content(use.body, shape_of(schema), Diagnostics())
    places = [(item.name, item.name_range) for item in found.attributes.values()]
    places += [(item.type, item.type_range) for item in found.blocks]
    for name, place in places:
        if name not in known:
            problems.warn(compat.SUMMARY, f'The plugin "{label.value}" has no argument "{name}" there.', place)
