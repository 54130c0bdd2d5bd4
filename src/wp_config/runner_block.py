"""The ``runner`` block: remote operation, profile, data source and polling (hcl.md §8)."""

from __future__ import annotations

from wp_config.bodies import Shape, content
from wp_config.decode import decode_body, read_as, shape_of
from wp_config.diagnostics import Diagnostics, suggestion
from wp_config.records import GitSource, Poll, RunnerSettings
from wp_config.schema import Attribute, Schema
from wp_config.scope import Scope
from wp_config.syntax import tree
from wp_config.values import BOOL, STRING

RUNNER = Shape(frozenset({"enabled", "profile"}), {"data_source": 1, "poll": 0}, frozenset({"data_source", "poll"}))

_GIT = Schema(
    (
        Attribute("url", required=True, doc="Anything git can clone."),
        Attribute("ref", doc="Branch, tag or commit; default: the remote's HEAD."),
        Attribute("path", doc="Folder of the project inside of the repository."),
        Attribute("ignore_changes_outside_path", "bool", doc="Polling looks only at changes under path."),
        Attribute("recurse_submodules", "integer", doc="Depth of submodules to fetch; 0 is none."),
        Attribute("username"),
        Attribute("password"),
        Attribute("key", doc="Private SSH key in PEM form."),
        Attribute("key_password"),
    )
)
_POLL = Schema((Attribute("enabled", "bool"), Attribute("interval")))


def runner_settings(block: tree.Block | None, scope: Scope, problems: Diagnostics) -> RunnerSettings:
    """The ``runner`` block (hcl.md §8), its data source only by name and checked for its arguments; the defaults when
    there is none.
    """
    if block is None:
        return RunnerSettings()
    found = content(block.body, RUNNER, problems)
    enabled = read_as(found.attributes["enabled"], BOOL, scope, problems) if "enabled" in found.attributes else None
    profile = read_as(found.attributes["profile"], STRING, scope, problems) if "profile" in found.attributes else None
    poll = Poll()
    poll_block = found.one("poll")
    if poll_block is not None:
        values = decode_body(poll_block.body, _POLL, scope, problems, partial=scope.dry)
        poll = Poll(bool(values.get("enabled", False)), str(values.get("interval", "")))
    source = ""
    data_source = found.one("data_source")
    if data_source is not None:
        source = data_source.labels[0].value
        if source == "git":
            if scope.dry:
                _git_source(data_source, scope, problems, partial=True)
            else:
                content(data_source.body, shape_of(_GIT), problems)
        elif source != "local":
            detail = f'"{source}" is no data source; use "git" or "local".{suggestion(source, ["git", "local"])}'
            problems.error("Unknown data source", detail, data_source.labels[0].range)
    return RunnerSettings(
        bool(enabled.data) if enabled else False,
        profile.text if profile and isinstance(profile.data, str) else "",
        source,
        None,
        poll,
    )


def with_data_source(
    settings: RunnerSettings, block: tree.Block | None, scope: Scope, problems: Diagnostics
) -> RunnerSettings:
    """The settings with what the data source of the block says, evaluated."""
    data_source = content(block.body, RUNNER, Diagnostics()).one("data_source") if block is not None else None
    if data_source is None or settings.data_source != "git":
        return settings
    return settings._replace(git=_git_source(data_source, scope, problems, partial=False))


def _git_source(block: tree.Block, scope: Scope, problems: Diagnostics, *, partial: bool) -> GitSource | None:
    values = decode_body(block.body, _GIT, scope, problems, partial=partial)
    path = str(values.get("path", ""))
    if ".." in path.split("/"):
        problems.error("Invalid path", "The path must stay inside of the repository.", block.header)
    depth = values.get("recurse_submodules", 0)
    if isinstance(depth, int) and depth < 0:
        problems.error("Invalid depth", "recurse_submodules must not be negative.", block.header)
    if not values.get("url"):
        return None
    words = ("url", "ref", "username", "password", "key", "key_password")
    return GitSource(
        path=path,
        ignore_changes_outside_path=bool(values.get("ignore_changes_outside_path", False)),
        recurse_submodules=depth if isinstance(depth, int) else 0,
        **{word: str(values.get(word, "")) for word in words},
    )
