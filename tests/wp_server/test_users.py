"""Users over a real connection (server.md §2.8)."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from wp_proto.waypoint import api as pb
from wp_server.store import users


@pytest.fixture
def api(client, token):
    return client(token)


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


def by_id(user_id: str) -> pb.GetUserRequest:
    return pb.GetUserRequest(user=pb.Ref.User(id=pb.Ref.UserId(id=user_id)))


def by_name(name: str) -> pb.GetUserRequest:
    return pb.GetUserRequest(user=pb.Ref.User(username=pb.Ref.UserUsername(username=name)))


async def sign_up(client, api, name: str) -> str:
    request = pb.InviteTokenRequest(duration="1h", signup=pb.Token.Invite.Signup(initial_username=name))
    invite = (await api.GenerateInviteToken(request)).token
    return (await client().ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite))).token


async def test_the_caller_and_others_are_found_whatever_the_case(client, api):
    await sign_up(client, api, "Grace")
    me = (await api.GetUser(pb.GetUserRequest())).user
    assert (me.id, me.username) == (users.DEFAULT_USER_ID, "waypoint")
    grace = (await api.GetUser(by_name("gRACE"))).user
    assert grace.username == "Grace"
    assert (await api.GetUser(by_id(grace.id.lower()))).user == grace
    assert [one.username for one in (await api.ListUsers(Empty())).users] == ["waypoint", "Grace"]


async def test_an_update_changes_the_names_and_nothing_else(client, api):
    hers = await sign_up(client, api, "ada")
    ada = (await client(hers).GetUser(pb.GetUserRequest())).user
    changed = pb.User(id=ada.id, username="lovelace", display="Ada", email="new@example.com")
    stored = (await api.UpdateUser(pb.UpdateUserRequest(user=changed))).user
    assert (stored.username, stored.display, stored.email) == ("lovelace", "Ada", "")
    assert (await client(hers).GetUser(pb.GetUserRequest())).user == stored
    assert (await refusal(api.GetUser(by_name("ada"))))[0] is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("name", ["", "x", "-ada", "ada-", "a b", "x" * 39, "ä" * 3])
async def test_a_user_name_has_rules(api, name):
    request = pb.UpdateUserRequest(user=pb.User(id=users.DEFAULT_USER_ID, username=name))
    code, words = await refusal(api.UpdateUser(request))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "user.username" in words


async def test_names_stay_unique_and_unknown_users_are_not_found(client, api):
    await sign_up(client, api, "ada")
    taken = pb.UpdateUserRequest(user=pb.User(id=users.DEFAULT_USER_ID, username="ADA"))
    assert (await refusal(api.UpdateUser(taken)))[0] is grpc.StatusCode.ALREADY_EXISTS
    unknown = pb.UpdateUserRequest(user=pb.User(id="NOBODY", username="somebody"))
    assert (await refusal(api.UpdateUser(unknown)))[0] is grpc.StatusCode.NOT_FOUND
    assert (await refusal(api.GetUser(by_id("NOBODY"))))[0] is grpc.StatusCode.NOT_FOUND
    empty = pb.GetUserRequest(user=pb.Ref.User())
    assert (await refusal(api.GetUser(empty)))[0] is grpc.StatusCode.INVALID_ARGUMENT
