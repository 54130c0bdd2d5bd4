from __future__ import annotations

from pathlib import Path

import pytest

from wp_plugins.files import RegistryConfig, build, push
from wp_proto.plugins import files_pb2
from wp_sdk.component import PluginError, Source
from wp_sdk.testing import Harness


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "css").mkdir(parents=True)
    (folder / "index.html").write_text("hello")
    (folder / "css" / "a.css").write_text("body {}")
    (folder / "css" / "link").symlink_to("a.css")
    (folder / "build.log").write_text("noise")
    return folder


def pushed(app: Path, config: RegistryConfig) -> Path:
    harness = Harness(config=config, source=Source("site", app), data_root=app.parent / "harness")
    outcome = harness.call(push, files_pb2.Files(path=str(app)))
    assert isinstance(outcome.value, files_pb2.Files)
    return Path(outcome.value.path)


def test_the_artifact_is_the_source_folder(app: Path) -> None:
    harness = Harness(source=Source("site", app), data_root=app.parent / "harness")
    assert harness.call(build).value == files_pb2.Files(path=str(app))


def test_a_missing_source_folder_is_named(tmp_path: Path) -> None:
    harness = Harness(source=Source("site", tmp_path / "none"), data_root=tmp_path / "harness")
    with pytest.raises(PluginError, match="none: The application's folder does not exist"):
        harness.call(build)


def test_every_push_is_a_copy_of_its_own(app: Path, tmp_path: Path) -> None:
    config = RegistryConfig(path=str(tmp_path / "store"), ignore=["*.log"])
    first, second = pushed(app, config), pushed(app, config)
    assert first != second
    assert first.parent == (tmp_path / "store").joinpath(*app.resolve().parts[1:])
    assert sorted(path.relative_to(first).as_posix() for path in first.rglob("*")) == [
        "css", "css/a.css", "css/link", "index.html",
    ]  # fmt: skip
    assert (first / "css" / "link").is_symlink()


def test_a_destination_inside_the_source_is_refused(app: Path) -> None:
    with pytest.raises(PluginError, match="lies inside the folder that is copied"):
        pushed(app, RegistryConfig(path="artifacts"))


def test_a_failed_copy_leaves_nothing(app: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file, not a folder")
    with pytest.raises(PluginError, match=r"The files cannot be copied: .*"):
        pushed(app, RegistryConfig(path=str(tmp_path / "store")))
    assert (tmp_path / "store").read_text() == "a file, not a folder"
