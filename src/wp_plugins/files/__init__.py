"""The files plugin: the application's folder as it is, optionally copied to a place of its own for every version."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from wp_proto.plugins import files_pb2
from wp_sdk.component import UI, Builder, Context, Plugin, PluginError, Registry, Source
from wp_sdk.ids import new_id
from wp_sdk.schema import attr


@dataclass(frozen=True)
class BuilderConfig:
    """Take the application's folder as it is."""


@dataclass(frozen=True)
class RegistryConfig:
    """Copy the artifact's folder to a new folder below `path`, so that every version is kept."""

    path: str = attr(doc="Folder that receives the copies; relative to the application's folder.")
    ignore: list[str] = attr(
        doc="Names of files and folders to leave out, with `*` and `?` as wildcards.", default_factory=list
    )


def build(ui: UI, source: Source) -> files_pb2.Files:
    """Return the source folder; nothing is copied."""
    with ui.step("Taking the files as they are...") as step:
        if not source.path.is_dir():
            raise PluginError("The application's folder does not exist", where=str(source.path), do="Set `path`")
        step.done(f"Files: {source.path}")
    return files_pb2.Files(path=str(source.path))


def push(config: RegistryConfig, ctx: Context, ui: UI, artifact: files_pb2.Files, source: Source) -> files_pb2.Files:
    """Copy the tree to ``<path>/<folder of the artifact>/<new id>`` and return that folder.

    Raises ``PluginError`` when the destination lies inside the source, and when copying fails (nothing is left then).
    """
    origin = Path(artifact.path).resolve()
    destination = (source.path / config.path).resolve().joinpath(*origin.parts[1:], new_id())
    if origin in destination.parents:
        raise PluginError(
            f"The destination {destination} lies inside the folder that is copied",
            where="path",
            do=f"Choose a folder outside of {origin}",
        )
    patterns = shutil.ignore_patterns(*config.ignore)

    def ignored(folder: str, names: list[str]) -> set[str]:
        ctx.raise_if_cancelled()
        return patterns(folder, names)

    with ui.step(f"Copying {origin}...") as step:
        try:
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(origin, destination, symlinks=True, ignore=ignored)
        except (OSError, shutil.Error) as error:
            shutil.rmtree(destination, ignore_errors=True)
            raise PluginError(f"The files cannot be copied: {_reason(error)}", where=str(destination)) from error
        except BaseException:
            shutil.rmtree(destination, ignore_errors=True)
            raise
        step.done(f"Files copied to {destination}")
    return files_pb2.Files(path=str(destination))


def _reason(error: OSError) -> str:
    """The first of the reasons that :class:`shutil.Error` collects, else the error's own words."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][-1])
    return error.strerror or str(error)


PLUGIN = Plugin(
    "files",
    builder=Builder(BuilderConfig, build=build, example='build {\n  use "files" {}\n}'),
    registry=Registry(
        RegistryConfig, push=push, example='registry {\n  use "files" {\n    path = "/srv/artifacts"\n  }\n}'
    ),
    doc="Use the application's files as its artifact.",
)
