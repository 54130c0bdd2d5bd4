"""The state saved with a deployment, in the form the original plugin reads and writes (plugins specification 0.6)."""

from __future__ import annotations

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import DecodeError, Message

from wp_proto.opaqueany.any_pb2 import Any as OpaqueAny
from wp_proto.plugins.docker_pb2 import Deployment, Resource
from wp_proto.sdk.plugin_pb2 import Framework
from wp_sdk.values import pack

NETWORK = "network"
CONTAINER = "container"


def encode(network: str, container_id: str, container_name: str) -> OpaqueAny:
    """State of a deployment's two resources; what is not known yet is empty."""
    state = Framework.ResourceManagerState()
    resources: list[tuple[str, Message]] = [
        (NETWORK, Resource.Network(name=network)),
        (CONTAINER, Resource.Container(id=container_id, name=container_name)),
    ]
    for name, resource in resources:
        state.resources.add(name=name, raw=pack(resource), json=MessageToJson(resource))
        state.create_order.append(name)
    return pack(state)


def container_of(deployment: Deployment) -> Resource.Container:
    """The deployment's container: id and name, each "" when it was not saved."""
    found = Resource.Container(id=deployment.container)
    state = Framework.ResourceManagerState()
    try:
        state.ParseFromString(deployment.resource_state.value)
        for each in state.resources:
            if each.name == CONTAINER:
                found.MergeFromString(each.raw.value)
    except DecodeError:
        return found
    return found
