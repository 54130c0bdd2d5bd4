"""The plugin of docs/writing-plugins.md works as it stands there."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest
from tests.wp_runner.real_server import Client
from tests.wp_runner.test_projects import project, write

from wp_proto.plugins import files_pb2
from wp_proto.waypoint import api as pb
from wp_runner.local import LocalRunner
from wp_runner.plugins import PluginHost
from wp_sdk.testing import Harness

GUIDE = Path(__file__).parents[2] / "docs" / "writing-plugins.md"


@pytest.fixture
def guide(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    code = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert code is not None
    module = types.ModuleType("guide_plugin")
    monkeypatch.setitem(sys.modules, "guide_plugin", module)
    exec(compile(code[1], str(GUIDE), "exec"), module.__dict__)
    return module


def test_the_guides_plugin_in_the_harness(guide: types.ModuleType, tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "index.html").write_text("hello")
    harness = Harness(config=guide.SiteConfig(root=str(tmp_path / "www")))
    outcome = harness.call(guide.deploy, files_pb2.Files(path=str(tmp_path / "public")))
    assert outcome.value.path == str(tmp_path / "www" / "v1")
    assert outcome.checkpoints
    assert "Copied" in harness.text()


def test_the_guides_plugin_in_a_project(guide: types.ModuleType, client: Client, tmp_path: Path) -> None:
    folder, root = tmp_path / "site", tmp_path / "www"
    deploy = f'use "static" {{ root = "{root}" }}'
    write(folder, project("site", build='use "static" {}', deploy=deploy))
    client.project("site")
    with LocalRunner(client.stub, folder, host=PluginHost({"static": guide.PLUGIN})) as runner:
        missing, _ = client.finish(client.queue(runner.id, "site", "web", up=pb.Job.UpOp()))
        assert "The folder to publish does not exist. Run your site generator first" in missing.error.message
        (folder / "public").mkdir()
        (folder / "public" / "index.html").write_text("hello")
        done, shown = client.finish(client.queue(runner.id, "site", "web", up=pb.Job.UpOp()))
        assert done.error.message == "", shown
        assert done.result.up.deploy_url == "http://localhost/v1/"
        assert (root / "v1" / "index.html").read_text() == "hello"
        gone, _ = client.finish(client.queue(runner.id, "site", "web", destroy=pb.Job.DestroyOp(workspace={})))
        assert gone.error.message == ""
    assert list(root.iterdir()) == []
