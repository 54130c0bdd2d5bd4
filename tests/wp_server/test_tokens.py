"""Tokens: the wire form, bootstrap, login, invites, runners, withdrawal."""

from __future__ import annotations

import asyncio
import hashlib
import time

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from hypothesis import given
from hypothesis import strategies as st

from wp_proto.own import administration_pb2 as own
from wp_proto.waypoint import api as pb
from wp_server.auth import codec, tokens
from wp_server.errors import Unauthenticated
from wp_server.runner_labels import MARKER, label_hash
from wp_server.store import keys, users

EMPTY = Empty()
KEY = bytes(range(32))


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


@given(st.binary(max_size=300))
def test_base58_is_its_own_inverse(raw):
    assert codec.unbase58(codec.base58(raw)) == raw


def test_base58_agrees_with_known_vectors():
    assert codec.base58(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert codec.base58(bytes.fromhex("0000287fb4cd")) == "11233QC4"


def test_a_token_is_the_documented_bytes():
    body = codec.fresh()
    body.login.user_id = "u"
    raw = codec.unbase58(codec.encode(body, "k1", KEY))
    assert raw[:4] == b"wp24"
    transport = pb.TokenTransport.FromString(raw[4:])
    assert (transport.key_id, transport.body) == ("k1", body.SerializeToString())
    assert transport.signature == hashlib.blake2b(transport.body, key=KEY, digest_size=32).digest()


def test_unsigned_parts_of_a_token_may_change_on_the_way():
    body = codec.fresh()
    transport = codec.open_transport(codec.encode(body, "k1", KEY))
    transport.oauth_creds.url = "https://example.com"
    transport.metadata["seen"] = "yes"
    assert codec.verify(transport, KEY) == body


@pytest.mark.parametrize("text", ["", "0OIl", "abc", "1" * 10_000, "wp24", "🙂"])
def test_garbage_is_not_a_token(text):
    with pytest.raises(Unauthenticated):
        codec.open_transport(text)


def test_a_forged_or_foreign_token_is_refused():
    transport = codec.open_transport(codec.encode(codec.fresh(), "k1", KEY))
    for key in (bytes(32), None):
        with pytest.raises(Unauthenticated):
            codec.verify(transport, key)


def test_the_label_hash_is_the_documented_one():
    assert label_hash({}) == 0x85D03BBBDF8BBF66
    labels = {"region": "eu", "gpu": "yes"}
    assert label_hash(labels) == label_hash(dict(reversed(labels.items())))
    assert label_hash({**labels, MARKER[0]: MARKER[1]}) == label_hash(labels)
    assert label_hash({**labels, "gpu": "no"}) != label_hash(labels)


async def test_bootstrap_works_exactly_once_even_when_two_ask_at_once(client):
    answers = await asyncio.gather(*(client().BootstrapToken(EMPTY) for _ in range(5)), return_exceptions=True)
    granted = [answer for answer in answers if isinstance(answer, pb.NewTokenResponse)]
    refused = [answer.code() for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert len(granted) == 1
    assert refused == [grpc.StatusCode.PERMISSION_DENIED] * 4
    me = await client(granted[0].token).GetUser(pb.GetUserRequest())
    assert (me.user.id, me.user.username) == (users.DEFAULT_USER_ID, "waypoint")


async def test_a_login_token_expires(client, token):
    answer = await client(token).GenerateLoginToken(pb.LoginTokenRequest(duration="3s"))
    short = client(answer.token)
    end = (await client().DecodeToken(pb.DecodeTokenRequest(token=answer.token))).token.valid_until.ToNanoseconds()
    while time.time_ns() <= end:
        await asyncio.sleep(0.01)
    code, words = await refusal(short.ListProjects(pb.ListProjectsRequest()))
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert "expired" in words


async def test_a_login_is_renewed_by_itself_and_outlives_the_old_token(server, client, token):
    api = client()
    old = (await client(token).GenerateLoginToken(pb.LoginTokenRequest(duration="1h"))).token
    new = (await client(old).GenerateLoginToken(pb.LoginTokenRequest(duration="2h"))).token
    before, after = [(await api.DecodeToken(pb.DecodeTokenRequest(token=one))).token for one in (old, new)]
    assert after.login.user_id == before.login.user_id
    assert after.valid_until.seconds > before.valid_until.seconds
    await server.store.write(keys.deny, before.accessor_id.hex())
    assert (await refusal(client(old).ListUsers(EMPTY)))[0] is grpc.StatusCode.UNAUTHENTICATED
    await client(new).ListUsers(EMPTY)


async def test_a_bad_duration_says_what_is_wrong(client, token):
    code, words = await refusal(client(token).GenerateLoginToken(pb.LoginTokenRequest(duration="tomorrow")))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "'tomorrow' is not a duration" in words


async def test_an_entrypoint_invite_converts_many_times_to_a_token_that_ends_with_it(client, token):
    request = pb.InviteTokenRequest(duration="1h", unused_entrypoint=pb.Token.Entrypoint(deployment_id="d1"))
    invite = (await client(token).GenerateInviteToken(request)).token
    for _ in range(2):
        converted = (await client().ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite))).token
        decoded = await client().DecodeToken(pb.DecodeTokenRequest(token=converted))
        assert decoded.token.login.entrypoint.deployment_id == "d1"
        assert decoded.token.login.user_id == users.DEFAULT_USER_ID
        left = decoded.token.valid_until.ToNanoseconds() / 1e9 - time.time()
        assert 3500 < left <= 3600
    code, _ = await refusal(client(converted).ListProjects(pb.ListProjectsRequest()))
    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_a_signup_invite_makes_one_user_and_works_once(client, token):
    request = pb.InviteTokenRequest(duration="1h", signup=pb.Token.Invite.Signup(initial_username="grace"))
    invite = (await client(token).GenerateInviteToken(request)).token
    converted = (await client().ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite))).token
    me = await client(converted).GetUser(pb.GetUserRequest())
    assert me.user.username == "grace"
    code, words = await refusal(client().ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite)))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "used already" in words


async def test_an_invite_is_no_login_and_a_login_no_invite(client, token):
    request = pb.InviteTokenRequest(duration="1h", login=pb.Token.Login())
    invite = (await client(token).GenerateInviteToken(request)).token
    assert (await refusal(client(invite).ListUsers(EMPTY)))[0] is grpc.StatusCode.UNAUTHENTICATED
    code, _ = await refusal(client().ConvertInviteToken(pb.ConvertInviteTokenRequest(token=token)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_tokens_of_a_deleted_user_stop_at_once(client, token):
    request = pb.InviteTokenRequest(duration="1h", signup=pb.Token.Invite.Signup(initial_username="ada"))
    invite = (await client(token).GenerateInviteToken(request)).token
    hers = (await client().ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite))).token
    await client(hers).ListUsers(EMPTY)
    ref = pb.Ref.User(username=pb.Ref.UserUsername(username="ADA"))
    await client(token).DeleteUser(pb.DeleteUserRequest(user=ref))
    await client(token).DeleteUser(pb.DeleteUserRequest(user=ref))
    code, words = await refusal(client(hers).ListUsers(EMPTY))
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert "does not exist any more" in words


async def test_a_withdrawn_token_stops_at_once(server, client, token):
    second = (await client(token).GenerateLoginToken(pb.LoginTokenRequest())).token
    await client(second).ListUsers(EMPTY)
    accessor = (await client().DecodeToken(pb.DecodeTokenRequest(token=second))).token.accessor_id.hex()
    await server.store.write(keys.deny, accessor)
    assert (await refusal(client(second).ListUsers(EMPTY)))[0] is grpc.StatusCode.UNAUTHENTICATED
    await client(token).ListUsers(EMPTY)


async def test_old_keys_go_on_working_beside_the_active_one(server, client, token):
    await server.store.write(keys.create_key, "k2")
    fresh = (await client(token).GenerateLoginToken(pb.LoginTokenRequest())).token
    decoded = await client().DecodeToken(pb.DecodeTokenRequest(token=fresh))
    assert decoded.transport.key_id == "k2"
    await client(fresh).ListUsers(EMPTY)


async def test_a_token_of_before_0_5_still_logs_in(server, client, token):
    body = pb.Token(accessor_id=b"0" * 16, unused_login=True)
    old = codec.encode(body, *(await server.store.read(keys.active_key)))
    me = await client(old).GetUser(pb.GetUserRequest())
    assert me.user.id == users.DEFAULT_USER_ID


async def test_a_runner_token_may_invite_entrypoints_and_nobody_else(server, client, token):
    runner = await server.store.read(tokens.runner, "", {}, None)
    request = pb.InviteTokenRequest(duration="1h", unused_entrypoint=pb.Token.Entrypoint(deployment_id="d1"))
    assert (await client(runner).GenerateInviteToken(request)).token
    person = pb.InviteTokenRequest(duration="1h", login=pb.Token.Login())
    assert (await refusal(client(runner).GenerateInviteToken(person)))[0] is grpc.StatusCode.UNAUTHENTICATED


async def test_user_names_are_unique_whatever_their_case(client, token):
    for name, code in (("linus", None), ("LINUS", grpc.StatusCode.ALREADY_EXISTS)):
        request = pb.InviteTokenRequest(duration="1h", signup=pb.Token.Invite.Signup(initial_username=name))
        invite = (await client(token).GenerateInviteToken(request)).token
        conversion = client().ConvertInviteToken(pb.ConvertInviteTokenRequest(token=invite))
        if code is None:
            await conversion
        else:
            assert (await refusal(conversion))[0] is code


async def test_the_default_user_stays(client, token):
    ref = pb.Ref.User(id=pb.Ref.UserId(id=users.DEFAULT_USER_ID))
    code, _ = await refusal(client(token).DeleteUser(pb.DeleteUserRequest(user=ref)))
    assert code is grpc.StatusCode.FAILED_PRECONDITION


async def test_rotation_keeps_old_tokens_for_the_overlap_and_signs_with_the_new_key(client, token):
    api = client(token)
    new = (await api.RotateKey(own.RotateKeyRequest(overlap="5s"))).key
    fresh = (await api.GenerateLoginToken(pb.LoginTokenRequest())).token
    listed = list((await client(fresh).ListKeys(EMPTY)).keys)
    assert [(one.id, one.active) for one in listed] == [("k2", True), ("k1", False)]
    assert new.id == "k2"
    assert not listed[0].HasField("retires")
    decoded = await client().DecodeToken(pb.DecodeTokenRequest(token=fresh))
    assert decoded.transport.key_id == "k2"
    while time.time_ns() <= listed[1].retires.ToNanoseconds():
        await asyncio.sleep(0.01)
    code, _ = await refusal(api.ListUsers(EMPTY))
    assert code is grpc.StatusCode.UNAUTHENTICATED
    await client(fresh).ListUsers(EMPTY)


async def test_without_overlap_old_keys_stay_until_they_are_retired(client, token):
    api = client(token)
    await api.RotateKey(own.RotateKeyRequest())
    await api.ListUsers(EMPTY)
    fresh = client((await api.GenerateLoginToken(pb.LoginTokenRequest())).token)
    code, words = await refusal(fresh.RetireKey(own.RetireKeyRequest(id="k2")))
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "rotate first" in words
    await fresh.RetireKey(own.RetireKeyRequest(id="K1"))
    assert (await refusal(api.ListUsers(EMPTY)))[0] is grpc.StatusCode.UNAUTHENTICATED
    assert (await refusal(fresh.RetireKey(own.RetireKeyRequest(id="k1"))))[0] is grpc.StatusCode.NOT_FOUND


async def test_the_tokens_a_user_has_now_are_withdrawn_together(client, token):
    api = client(token)
    one, two = [(await api.GenerateLoginToken(pb.LoginTokenRequest())).token for _ in range(2)]
    await client(one).ListUsers(EMPTY)
    await api.RevokeUserTokens(own.RevokeUserTokensRequest(user="waypoint"))
    for old in (one, two, token):
        assert (await refusal(client(old).ListUsers(EMPTY)))[0] is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("accessor", ["", "xyz", "00" * 15])
async def test_what_is_no_accessor_id_is_refused(client, token, accessor):
    code, words = await refusal(client(token).RevokeToken(own.RevokeTokenRequest(accessor_id=accessor)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "32 hexadecimal digits" in words


async def test_a_trigger_token_reaches_triggers_only(client, token):
    made = (await client(token).GenerateLoginToken(pb.LoginTokenRequest(trigger=True))).token
    decoded = (await client().DecodeToken(pb.DecodeTokenRequest(token=made))).token
    assert decoded.trigger.from_user_id == users.DEFAULT_USER_ID
    code, words = await refusal(client(made).ListProjects(pb.ListProjectsRequest()))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "trigger token" in words
