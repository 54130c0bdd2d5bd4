from __future__ import annotations

import gc
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf import empty_pb2, timestamp_pb2
from google.protobuf.message import Message

from wp_sdk.component import (
    UI,
    Builder,
    Cancelled,
    Checkpoint,
    Context,
    DataDir,
    DeclaredResources,
    DeploymentConfig,
    Plugin,
    PluginError,
    Result,
    Source,
)
from wp_sdk.schema import attr
from wp_sdk.signature import ParameterKind, signature_of
from wp_sdk.testing import Harness


@dataclass(frozen=True)
class Config:
    name: str = attr(default="x")


def deploy(
    config: Config,
    ctx: Context,
    ui: UI,
    source: Source,
    artifact: timestamp_pb2.Timestamp,
    has_registry: bool,
    declared: DeclaredResources,
    checkpoint: Checkpoint,
) -> Result[empty_pb2.Empty]:
    ctx.raise_if_cancelled()
    checkpoint.save(artifact)
    declared.add("thing", type="t")
    ui.line(f"{config.name} {source.app} {artifact.seconds} {has_registry}")
    return Result(empty_pb2.Empty(), url="http://x")


def test_reads_every_kind_of_parameter() -> None:
    signature = signature_of(deploy, Config)
    assert [p.kind for p in signature.parameters] == [
        ParameterKind.CONFIG,
        ParameterKind.HOST,
        ParameterKind.WELL_KNOWN,
        ParameterKind.WELL_KNOWN,
        ParameterKind.MESSAGE,
        ParameterKind.PRIMITIVE,
        ParameterKind.HOST,
        ParameterKind.HOST,
    ]
    assert signature.keys() == (
        "hashicorp.waypoint.sdk.Args.TerminalUI",
        "hashicorp.waypoint.sdk.Args.Source",
        "google.protobuf.Timestamp",
        "prim:bool",
    )
    assert signature.parameters[5].input_name == "hasregistry"
    assert signature.result == "google.protobuf.Empty"


def test_refuses_what_no_host_can_provide() -> None:
    def optional(artifact: timestamp_pb2.Timestamp | None) -> None: ...

    def bare(artifact) -> None: ...  # type: ignore[no-untyped-def]  # the missing annotation is what is tested

    with pytest.raises(TypeError, match="parameter artifact"):
        signature_of(optional)
    with pytest.raises(TypeError, match="artifact has no annotation"):
        signature_of(bare)


def test_the_harness_calls_like_the_host(tmp_path: Path) -> None:
    harness = Harness(config=Config(name="n"), source=Source("web", tmp_path))
    outcome = harness.call(deploy, timestamp_pb2.Timestamp(seconds=5), has_registry=True)
    assert outcome.value == empty_pb2.Empty()
    assert outcome.url == "http://x"
    assert [r.name for r in outcome.declared.resources] == ["thing"]
    assert outcome.checkpoints == (timestamp_pb2.Timestamp(seconds=5),)
    assert harness.text() == "n web 5 True"


def test_data_folders_of_its_own_go_with_the_harness() -> None:
    def remember(data: DataDir.App) -> str:
        (data.data_dir / "seen").touch()
        return str(data.data_dir)

    harness = Harness()
    folder = Path(harness.call(remember).value)
    assert (folder / "seen").is_file()
    del harness
    gc.collect()
    assert not folder.parent.exists()


def test_the_harness_names_what_the_test_forgot() -> None:
    with pytest.raises(AssertionError, match=r"google\.protobuf\.Timestamp"):
        Harness(config=Config()).call(deploy, has_registry=True)
    with pytest.raises(AssertionError, match="has_registry"):
        Harness(config=Config()).call(deploy, timestamp_pb2.Timestamp())


def test_a_plugin_lists_its_functions() -> None:
    def build(config: Config) -> Message:
        return empty_pb2.Empty()

    plugin = Plugin("x", builder=Builder(Config, build=build))
    assert plugin.builder is not None
    assert plugin.builder.functions() == {"build": build}


def test_cancellation_wakes_waits_and_calls_back() -> None:
    ctx = Context()
    called = threading.Event()
    with ctx.on_cancel(called.set):
        threading.Thread(target=ctx.cancel, args=("interrupted",)).start()
        with pytest.raises(Cancelled, match="interrupted"):
            ctx.wait(60)
    assert called.is_set()
    child = Context(parent=ctx)
    assert child.cancelled()


def test_deployment_environment() -> None:
    assert DeploymentConfig("D").env() == {"WAYPOINT_DEPLOYMENT_ID": "D", "WAYPOINT_SERVER_DISABLE": "1"}
    env = DeploymentConfig("D", "h:1", True, True, "tok").env()
    assert env == {
        "WAYPOINT_CEB_INVITE_TOKEN": "tok",
        "WAYPOINT_DEPLOYMENT_ID": "D",
        "WAYPOINT_SERVER_ADDR": "h:1",
        "WAYPOINT_SERVER_TLS": "1",
        "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
    }


def test_an_error_reads_as_one_sentence() -> None:
    error = PluginError("The image has no command", where="web:latest", do="Add CMD to the Dockerfile", output="last\n")
    assert str(error) == "web:latest: The image has no command. Add CMD to the Dockerfile\nlast"
