from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from wp_plugins.docker.credentials import ANONYMOUS, DOCKER_HUB_KEY, Auth, Given, for_build, resolve
from wp_sdk.component import PluginError


def encoded(**fields: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


def basic(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    config = {
        "auths": {
            "file.example": {"auth": basic("file:f:with:colons")},
            "https://index.docker.io/v1/": {"auth": basic("hub:h")},
            "token.example": {"identitytoken": "refresh"},
            "empty.example": {},
        }
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    own = {"auths": {"variable.example": {"auth": basic("variable:v")}}}
    return {"DOCKER_CONFIG": str(tmp_path), "DOCKER_AUTH_CONFIG": json.dumps(own)}


def test_the_order_of_the_ways(environment: dict[str, str]) -> None:
    everything = Given(encoded(username="e", password="p"), Auth(username="b", password="p"), "u", "p")
    assert resolve("file.example", everything, environment).username == "e"
    without = Given("", everything.block, "u", "p")
    assert resolve("file.example", without, environment).username == "b"
    assert resolve("file.example", Given("", None, "u", "p"), environment).username == "u"
    assert resolve("file.example", Given("", None, "u", ""), environment).username == "file"
    assert resolve("variable.example", Given(), environment).username == "variable"
    assert resolve("nobody.example", Given(), environment) is ANONYMOUS
    assert resolve("empty.example", Given(), environment) is ANONYMOUS


def test_what_the_file_says(environment: dict[str, str]) -> None:
    assert resolve("file.example", Given(), environment).password == "f:with:colons"
    assert resolve("docker.io", Given(), environment).username == "hub"
    assert resolve("token.example", Given(), environment).as_json() == {"identitytoken": "refresh"}


def test_all_fields_of_the_block_travel() -> None:
    block = Auth(
        username="u", password="p", email="e", server_address="s", identity_token="i", registry_token="r", hostname="h"
    )
    found = resolve("x", Given(block=block), {}).header()
    assert json.loads(base64.urlsafe_b64decode(found)) == {
        "username": "u",
        "password": "p",
        "email": "e",
        "serveraddress": "s",
        "identitytoken": "i",
        "registrytoken": "r",
    }


def test_encoded_auth_without_padding_and_in_either_alphabet() -> None:
    text = json.dumps({"username": "ü?>", "password": "~~~"})
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        given = Given(encoded=alphabet(text.encode()).decode().rstrip("="))
        assert resolve("x", given, {}).username == "ü?>"


@pytest.mark.parametrize("wrong", ["%%%", base64.b64encode(b"no json").decode(), base64.b64encode(b"[]").decode()])
def test_encoded_auth_that_is_none_is_one_sentence(wrong: str) -> None:
    with pytest.raises(PluginError, match="encoded_auth is not base64 of a JSON object"):
        resolve("x", Given(encoded=wrong), {})


def test_a_wrong_auth_is_one_sentence() -> None:
    with pytest.raises(PluginError, match='"auth" in the auth block is not base64 of user:password'):
        resolve("x", Given(block=Auth(auth="%%%")), {})


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": {"x": {"auth": "%%%"}}}'])
def test_a_damaged_configuration_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(PluginError, match="The docker configuration cannot be read") as raised:
        resolve("x", Given(), {"DOCKER_CONFIG": str(tmp_path)})
    assert raised.value.where == str(tmp_path / "config.json")


def test_a_missing_helper_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {"x.example": "is-not-there"}}))
    with pytest.raises(
        PluginError, match=r"The credential helper docker-credential-is-not-there gave no answer for x\.example"
    ):
        resolve("x.example", Given(), {"DOCKER_CONFIG": str(tmp_path)})
    assert resolve("y.example", Given(), {"DOCKER_CONFIG": str(tmp_path)}) is ANONYMOUS


def test_a_configuration_about_other_things_has_no_credentials(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "x", "psFormat": "table"}))
    assert resolve("x", Given(), {"DOCKER_CONFIG": str(tmp_path)}) is ANONYMOUS
    assert resolve("x", Given(), {"DOCKER_CONFIG": str(tmp_path / "nowhere")}) is ANONYMOUS


def test_a_build_gets_the_credentials_of_the_registries_it_names_only(environment: dict[str, str]) -> None:
    found = for_build(
        ["file.example", "docker.io", "nobody.example"], Auth(hostname="own.example", username="o"), environment
    )
    assert {name: each.get("username") for name, each in found.items()} == {
        "file.example": "file",
        DOCKER_HUB_KEY: "hub",
        "own.example": "o",
    }


def test_a_build_goes_on_without_credentials_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "is-not-there"}))
    assert for_build(["x.example"], None, {"DOCKER_CONFIG": str(tmp_path)}) == {}
