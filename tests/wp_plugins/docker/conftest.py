from __future__ import annotations

import zipapp
from collections.abc import Callable
from pathlib import Path

import pytest

from wp_sdk.component import DeploymentConfig, EntrypointFile, JobInfo, Source
from wp_sdk.ids import new_id
from wp_sdk.testing import Harness

LAUNCHER = """
import os, sys
sys.stderr.write("launched by the entrypoint\\n")
try:
    os.execvp(sys.argv[1], sys.argv[1:])
except OSError as error:
    sys.stderr.write(f"{sys.argv[1]}: {error.strerror}\\n")
    sys.exit(127)
"""


@pytest.fixture
def entrypoint(tmp_path: Path) -> EntrypointFile:
    """A zipapp that only says that it ran and becomes the application: injection does not depend on more."""
    source = tmp_path / "entrypoint-source"
    source.mkdir()
    (source / "__main__.py").write_text(LAUNCHER)
    target = tmp_path / "waypoint-entrypoint"
    zipapp.create_archive(source, target, interpreter="/usr/bin/env python3")
    return EntrypointFile(target)


@pytest.fixture
def app(tmp_path: Path) -> Callable[..., Path]:
    """Write an application's folder: Dockerfile lines and further files."""

    def write(*dockerfile: str, **files: str) -> Path:
        folder = tmp_path / "app"
        folder.mkdir(exist_ok=True)
        (folder / "Dockerfile").write_text("\n".join(dockerfile) + "\n")
        for name, content in files.items():
            (folder / name).write_text(content)
        return folder

    return write


@pytest.fixture
def harness(
    tmp_path: Path, docker_project: str, entrypoint: EntrypointFile, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Harness]:
    """Make a harness for a component's configuration, in a project of this test only."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data-home"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker-config"))
    monkeypatch.delenv("DOCKER_AUTH_CONFIG", raising=False)

    def make(config: object, path: Path | None = None, workspace: str = "default") -> Harness:
        return Harness(
            config=config,
            source=Source("web", path or tmp_path),
            job=JobInfo("JOB", True, workspace, docker_project, "web"),
            deployment=DeploymentConfig(new_id(), sequence=1),
            entrypoint=entrypoint,
            data_root=tmp_path / "harness",
        )

    return make
