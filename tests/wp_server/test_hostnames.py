"""Hostnames as records (server.md §10.5), on a server that has a domain for them."""

from __future__ import annotations

import asyncio
import dataclasses

import grpc
import pytest

from wp_proto.waypoint import api as pb
from wp_server.api.hostname_words import ADJECTIVES, ADVERBS, NOUNS


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, url_domain="waypoint.localhost")


@pytest.fixture
async def api(client, token):
    made = client(token)
    await made.UpsertProject(pb.UpsertProjectRequest(project=pb.Project(name="Shop")))
    for name in ("web", "api"):
        await made.UpsertApplication(pb.UpsertApplicationRequest(project=pb.Ref.Project(project="shop"), name=name))
    return made


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


def target(app: str = "web", workspace: str = "default") -> pb.Hostname.Target:
    ref = pb.Ref.Application(project="shop", application=app)
    place = pb.Ref.Workspace(workspace=workspace)
    return pb.Hostname.Target(application=pb.Hostname.TargetApp(application=ref, workspace=place))


async def create(api, name: str = "", **where) -> pb.Hostname:
    request = pb.CreateHostnameRequest(hostname=name, target=target(**where))
    return (await api.CreateHostname(request)).hostname


async def listed(api, wanted: pb.Hostname.Target | None = None) -> list[str]:
    return [one.hostname for one in (await api.ListHostnames(pb.ListHostnamesRequest(target=wanted))).hostnames]


async def test_a_chosen_name_leads_to_its_application(api):
    made = await create(api, "My-Shop")
    assert (made.hostname, made.fqdn) == ("my-shop", "my-shop.waypoint.localhost")
    assert dict(made.target_labels) == {
        "waypoint.hashicorp.com/app": "web",
        "waypoint.hashicorp.com/project": "shop",
        "waypoint.hashicorp.com/workspace": "default",
    }
    await create(api, "backend", app="api")
    await create(api, "staged", workspace="staging")
    assert await listed(api) == ["backend", "my-shop", "staged"]
    assert await listed(api, target()) == ["my-shop"]
    assert await listed(api, target(workspace="Staging")) == ["staged"]
    assert await listed(api, target(app="api", workspace="staging")) == []


async def test_a_generated_name_is_three_words_and_never_taken(api):
    made = await asyncio.gather(*(create(api) for _ in range(20)))
    assert len({one.hostname for one in made}) == 20
    adverb, adjective, noun = made[0].hostname.split("-")
    assert (adverb in ADVERBS, adjective in ADJECTIVES, noun in NOUNS) == (True, True, True)


def test_every_generated_name_fits_a_label_with_its_deployment():
    longest = sum(max(map(len, words)) for words in (ADVERBS, ADJECTIVES, NOUNS)) + 2
    assert longest + len("--v") + 10 <= 63
    for words in (ADVERBS, ADJECTIVES, NOUNS):
        assert len(set(words)) == len(words) >= 80
        assert all(word.isascii() and word.islower() and word.isalpha() and 3 <= len(word) <= 9 for word in words)


@pytest.mark.parametrize("name", ["ab", "-abc", "abc-", "a--b", "xn--abc", "a.b", "a b", "x" * 49, "admin", "WWW"])
async def test_a_name_that_cannot_be_a_hostname_is_refused(api, name):
    code, words = await refusal(create(api, name))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "hostname" in words


async def test_a_taken_name_and_a_missing_application_are_refused(api):
    await create(api, "my-shop")
    code, words = await refusal(create(api, "MY-SHOP", app="api"))
    assert code is grpc.StatusCode.ALREADY_EXISTS
    assert "taken" in words
    assert (await refusal(create(api, "other", app="none")))[0] is grpc.StatusCode.NOT_FOUND
    assert (await refusal(api.CreateHostname(pb.CreateHostnameRequest())))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_name_is_taken_back_in_both_forms_and_free_again(api):
    for form in ("my-shop", "My-Shop.waypoint.localhost"):
        await create(api, "my-shop")
        for _ in range(2):
            await api.DeleteHostname(pb.DeleteHostnameRequest(hostname=form))
        assert await listed(api) == []
    code, _ = await refusal(api.DeleteHostname(pb.DeleteHostnameRequest()))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_hostnames_go_with_their_project(api):
    await create(api, "my-shop")
    await api.DestroyProject(pb.DestroyProjectRequest(project=pb.Ref.Project(project="shop")))
    assert await listed(api) == []
