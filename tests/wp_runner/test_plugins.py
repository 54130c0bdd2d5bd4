from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
from google.protobuf import empty_pb2

from wp_proto.plugins import docker_pb2, files_pb2
from wp_runner.environment import NothingSaved
from wp_runner.errors import PluginDefect
from wp_runner.plugins import ALIASES, Call, PluginHost
from wp_sdk.component import Builder, ComponentKind, Context, Platform, Plugin, PluginError, ReleaseManager, Result
from wp_sdk.schema import attr
from wp_sdk.signature import Named
from wp_sdk.values import decode_template, pack, unpack

CALL = Call(Context(), NothingSaved())


@dataclass(frozen=True)
class Config:
    name: str = attr()


def build(config: Config, has: Annotated[bool, Named("has_registry")]) -> Result[docker_pb2.Image]:
    return Result(
        docker_pb2.Image(image=config.name, tag=str(has)), {"a": "b"}, "http://x", extra_template={"name": "full"}
    )


def release(target: docker_pb2.Deployment) -> empty_pb2.Empty:
    return empty_pb2.Empty()


def to_files(image: docker_pb2.Image) -> files_pb2.Files:
    return files_pb2.Files(path=image.image)


def broken(image: docker_pb2.Image) -> files_pb2.Files:
    raise ZeroDivisionError("by nothing")


PLUGIN = Plugin(
    "one",
    builder=Builder(Config, build=build),
    platform=Platform(default_releaser=ReleaseManager(release=release)),
    mappers=(to_files,),
)


def test_every_built_in_plugin_can_be_opened_and_described() -> None:
    host = PluginHost()
    assert {"docker", "docker-pull", "docker-ref", "exec", "files", "local", "null"} <= set(host.names())
    for name in host.names():
        plugin = host.open(name)
        assert plugin.name == ALIASES.get(name, name)
        for kind in ComponentKind:
            component = plugin.component(kind)
            if component is not None:
                assert component.schema.attributes is not None
                for function in ("build", "push", "deploy", "destroy", "status", "release", "exec", "logs"):
                    if component.has(function):
                        component.spec(function)


def test_calls_a_function_and_packs_what_it_returns() -> None:
    component = PluginHost({"one": PLUGIN}).component("one", ComponentKind.BUILDER)
    component.configure({"name": "web"})
    spec = component.spec("build")
    assert [(r.name, r.key) for r in spec.requirements] == [("hasregistry", "prim:bool")]
    assert spec.result == "docker.Image"
    outcome = component.call("build", [True], CALL)
    assert outcome.value is not None
    assert unpack(outcome.value, docker_pb2.Image) == docker_pb2.Image(image="web", tag="True")
    assert (outcome.labels, outcome.url) == ({"a": "b"}, "http://x")
    assert decode_template(outcome.template)["name"] == "full"
    assert decode_template(outcome.template)["image"] == "web"


def test_a_platform_brings_its_own_releaser() -> None:
    host = PluginHost({"one": PLUGIN})
    releaser = host.component("one", ComponentKind.PLATFORM).default_releaser()
    assert releaser is not None
    assert releaser.kind is ComponentKind.RELEASE_MANAGER
    outcome = releaser.call("release", [pack(docker_pb2.Deployment())], CALL)
    assert outcome.value is not None
    assert host.component("one", ComponentKind.BUILDER).default_releaser() is None


def test_a_missing_required_attribute_is_refused() -> None:
    component = PluginHost({"one": PLUGIN}).component("one", ComponentKind.BUILDER)
    with pytest.raises(PluginError, match='"name" is required'):
        component.configure({})


def test_mappers_take_and_give_opaque_values() -> None:
    (mapper,) = PluginHost({"one": PLUGIN}).open("one").mappers(2)
    assert (mapper.ins, mapper.out, mapper.rank) == (("docker.Image",), "files.Files", 2)
    value = mapper.call({"docker.Image": pack(docker_pb2.Image(image="i"))})
    assert value == pack(files_pb2.Files(path="i"))


def test_a_mapper_that_breaks_is_a_defect_of_its_plugin() -> None:
    (mapper,) = PluginHost({"two": Plugin("two", mappers=(broken,))}).open("two").mappers(0)
    with pytest.raises(PluginDefect, match="A mapper of the plugin two failed: ZeroDivisionError"):
        mapper.call({"docker.Image": pack(docker_pb2.Image())})


def test_knows_who_makes_a_message() -> None:
    host = PluginHost({"one": PLUGIN})
    assert "one" in host.makers("docker.Image")
    assert "docker" in host.makers("docker.Image")
    assert "one" in host.makers("files.Files")
    assert host.makers("nobody.Knows") == []


def test_names_are_corrected() -> None:
    with pytest.raises(PluginError, match=r'There is no plugin "dokcer"\. Did you mean "docker"\?'):
        PluginHost().open("dokcer")
    with pytest.raises(PluginError, match=r"Known plugins: .*docker"):
        PluginHost().open("something-else-entirely")
