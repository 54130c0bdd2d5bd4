from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from wp_sdk.errors import PluginError
from wp_sdk.schema import attr, block, instantiate, label, schema_of


@dataclass(frozen=True)
class Port:
    name: str = label()
    number: int = attr(doc="The port")


@dataclass(frozen=True)
class Auth:
    username: str = attr()
    password: str = attr(default="", sensitive=True)


@dataclass(frozen=True)
class Config:
    """Runs things."""

    image: str = attr(doc="The image")
    weight: float | None = attr(default=None)
    args: list[str] = attr(default_factory=list)
    env: dict[str, str] = attr(default_factory=dict)
    extra: Any = attr(default=None)
    auth: Auth | None = block(default=None)
    port: list[Port] = block(default_factory=list)


def test_describes_attributes_blocks_and_labels() -> None:
    schema = schema_of(Config)
    assert schema.doc == "Runs things."
    assert [(a.name, a.type, a.required) for a in schema.attributes] == [
        ("image", "string", True),
        ("weight", "number", False),
        ("args", "list(string)", False),
        ("env", "map(string)", False),
        ("extra", "any", False),
    ]
    auth, port = schema.blocks
    assert (auth.name, auth.many, auth.required, auth.labels) == ("auth", False, False, ())
    assert (port.name, port.many, port.labels) == ("port", True, ("name",))
    assert [a.name for a in port.body.attributes] == ["number"]
    assert [a.sensitive for a in auth.body.attributes] == [False, True]


def test_no_config_class_means_an_empty_body() -> None:
    assert schema_of(None).attributes == ()
    assert schema_of(None).blocks == ()


def test_makes_the_instance_with_nested_blocks() -> None:
    config = instantiate(
        Config,
        {
            "image": "x",
            "auth": {"username": "me"},
            "port": [{"name": "http", "number": 80}, {"name": "x", "number": 1}],
        },
    )
    assert config == Config(
        image="x", auth=Auth(username="me"), port=[Port(name="http", number=80), Port(name="x", number=1)]
    )


def test_null_takes_the_default_and_a_missing_required_value_is_named() -> None:
    assert instantiate(Config, {"image": "x", "args": None}).args == []
    with pytest.raises(PluginError, match='"image" is required'):
        instantiate(Config, {})


def test_a_config_that_refuses_its_values_is_a_plugin_error() -> None:
    @dataclass(frozen=True)
    class Picky:
        path: str = attr()

        def __post_init__(self) -> None:
            if self.path.startswith("/"):
                raise ValueError("path must be relative")

    Picky.__init__.__globals__["Picky"] = Picky
    with pytest.raises(PluginError, match="deploy: path must be relative"):
        instantiate(Picky, {"path": "/x"}, where="deploy")


def test_a_type_the_language_cannot_give_is_refused_with_the_field() -> None:
    @dataclass
    class Wrong:
        when: complex = attr()

    with pytest.raises(TypeError, match=r"Wrong\.when"):
        schema_of(Wrong)
