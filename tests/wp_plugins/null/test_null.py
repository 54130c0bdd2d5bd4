from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.empty_pb2 import Empty

from wp_plugins.null import PLUGIN, NullConfig, build, deploy, destroy, release, status
from wp_proto.plugins import kubernetes_pb2
from wp_sdk.component import Cancelled, ComponentKind, Context
from wp_sdk.testing import Harness


def test_every_role_does_nothing_and_says_so(tmp_path: Path) -> None:
    harness = Harness(config=NullConfig(), data_root=tmp_path)
    assert harness.call(build).value == Empty()
    assert harness.call(deploy).value == Empty()
    assert harness.call(release).value == kubernetes_pb2.Release()
    assert harness.call(destroy).value is None
    assert not harness.call(status).value.resources  # type: ignore[attr-defined]
    for word in ("build", "deploy", "release", "destroy"):
        assert f"Null {word} done" in harness.text()


def test_a_delay_can_be_cancelled(tmp_path: Path) -> None:
    ctx = Context()
    ctx.cancel()
    with pytest.raises(Cancelled):
        Harness(config=NullConfig(delay=60), ctx=ctx, data_root=tmp_path).call(build)


def test_an_impossible_delay_is_refused() -> None:
    with pytest.raises(ValueError, match="must be between 0 and 86400"):
        NullConfig(delay=-1)


def test_it_plays_every_role_of_an_operation() -> None:
    for kind in (ComponentKind.BUILDER, ComponentKind.PLATFORM, ComponentKind.RELEASE_MANAGER):
        assert PLUGIN.component(kind) is not None
