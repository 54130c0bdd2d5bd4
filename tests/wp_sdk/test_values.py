from __future__ import annotations

import json

import pytest

from wp_proto.plugins import docker_pb2, files_pb2
from wp_sdk.errors import PluginError
from wp_sdk.values import (
    decode_template,
    encode_template,
    merge_labels,
    pack,
    template_data,
    to_json,
    type_name,
    unpack,
)


def test_any_round_trip_and_type_url() -> None:
    image = docker_pb2.Image(image="web", tag="1")
    value = pack(image)
    assert value.type_url == "type.googleapis.com/docker.Image"
    assert type_name(value) == "docker.Image"
    assert unpack(value, docker_pb2.Image) == image


def test_unpacking_another_type_or_rubbish_is_said_in_words() -> None:
    with pytest.raises(PluginError, match=r"docker.Image, not a files.Files"):
        unpack(pack(docker_pb2.Image()), files_pb2.Files)
    damaged = pack(docker_pb2.Image(image="x"))
    damaged.value = b"\xff\xff"
    with pytest.raises(PluginError, match="cannot be read"):
        unpack(damaged, docker_pb2.Image)


def test_json_is_canonical() -> None:
    image = docker_pb2.Image(image="web")
    image.registry.waypoint_generated = True
    assert json.loads(to_json(image)) == {"image": "web", "registry": {"waypointGenerated": True}}


def test_template_data_shows_fields_and_oneofs_both_ways() -> None:
    image = docker_pb2.Image(image="web", tag="1")
    image.registry.waypoint_generated = True
    shown = template_data(image)
    assert (shown["image"], shown["tag"]) == ("web", "1")
    assert shown["registry"] == {"waypoint_generated": True}
    assert shown["location"] == {"Registry": {"waypoint_generated": True}, "registry": {"waypoint_generated": True}}
    assert template_data(docker_pb2.Image())["location"] is None


def test_template_data_leaves_plugin_state_out() -> None:
    assert "resource_state" not in template_data(docker_pb2.Deployment())


def test_template_bytes() -> None:
    assert encode_template({}) == b""
    assert decode_template(encode_template({"a": [1, {"b": "ü"}]})) == {"a": [1, {"b": "ü"}]}
    assert decode_template(b"") == {}
    with pytest.raises(PluginError, match="template field bad"):
        encode_template({"bad": object()})


def test_labels_merge_later_wins_and_sort() -> None:
    assert merge_labels({"b": "1", "a": "1"}, {"b": "2"}) == {"a": "1", "b": "2"}
    assert list(merge_labels({"b": "1", "a": "1"})) == ["a", "b"]
