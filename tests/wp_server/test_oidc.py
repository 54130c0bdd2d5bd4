"""Signing in by OpenID Connect at a certified provider (server.md §2.7)."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from google.protobuf.empty_pb2 import Empty
from tests.sign_in import CLIENT_ID, CLIENT_SECRET

from wp_proto.own.role_pb2 import Grant
from wp_proto.waypoint import api as pb
from wp_server import tls
from wp_server.errors import DomainError, PermissionDenied
from wp_server.oidc import claims
from wp_server.oidc.provider import Provider, Tokens
from wp_server.store.schema import oidc_logins

REDIRECT = "http://127.0.0.1:4321/oidc/callback"
OIDC = pb.Ref.AuthMethod(name="corp")


@pytest.fixture
def api(client, token):
    return client(token)


async def refusal(call) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details()


def method(issuer: str, **fields) -> pb.AuthMethod:
    oidc = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "discovery_url": issuer} | fields.pop("oidc", {})
    oidc.setdefault("scopes", ["email", "profile"])
    return pb.AuthMethod(**{"name": "Corp", **fields}, oidc=pb.AuthMethod.OIDC(**oidc))


async def upsert(api, made: pb.AuthMethod) -> pb.AuthMethod:
    return (await api.UpsertAuthMethod(pb.UpsertAuthMethodRequest(auth_method=made))).auth_method


async def begin(peer, nonce: str = "n-1", redirect: str = REDIRECT) -> str:
    request = pb.GetOIDCAuthURLRequest(auth_method=OIDC, redirect_uri=redirect, nonce=nonce)
    return (await peer.GetOIDCAuthURL(request)).url


def completion(callback: dict[str, str], **fields) -> pb.CompleteOIDCAuthRequest:
    given = {"state": callback["state"], "code": callback["code"], "nonce": "n-1", "redirect_uri": REDIRECT} | fields
    return pb.CompleteOIDCAuthRequest(**{"auth_method": OIDC, **given})


async def sign_in(peer, provider, name: str) -> pb.CompleteOIDCAuthResponse:
    return await peer.CompleteOIDCAuth(completion(provider.sign_in(await begin(peer), name)))


async def test_somebody_signs_in_and_is_the_same_user_the_next_time(client, api, oidc_provider):
    await upsert(api, method(oidc_provider.issuer))
    first = await sign_in(client(), oidc_provider, "ada")
    assert first.user.email == "ada@example.com"
    assert first.user.display == "ada of Example"
    assert [(one.oidc.iss, one.oidc.sub) for one in first.user.links] == [(oidc_provider.issuer, "ada")]
    assert (await client(first.token).GetUser(pb.GetUserRequest())).user == first.user
    id_claims, user_claims = json.loads(first.id_claims_json), json.loads(first.user_claims_json)
    assert (id_claims["sub"], id_claims["aud"], id_claims["nonce"]) == ("ada", CLIENT_ID, "n-1")
    assert user_claims["email"] == "ada@example.com"
    decoded = (await client().DecodeToken(pb.DecodeTokenRequest(token=first.token))).token
    assert 29.9 * 86400 < decoded.valid_until.ToNanoseconds() / 1e9 - time.time() < 30.1 * 86400
    again = await sign_in(client(), oidc_provider, "ada")
    assert again.user == first.user
    other = await sign_in(client(), oidc_provider, "bob")
    assert other.user.id != first.user.id
    assert other.user.username != first.user.username


async def test_a_provider_that_takes_the_secret_in_the_form(client, api, oidc_provider_by_post):
    await upsert(api, method(oidc_provider_by_post.issuer))
    assert (await sign_in(client(), oidc_provider_by_post, "ada")).token


async def test_the_url_has_pkce_a_state_of_ours_and_the_nonce(server, client, api, oidc_provider):
    await upsert(api, method(oidc_provider.issuer))
    asked = {key: value[0] for key, value in parse_qs(urlsplit(await begin(client())).query).items()}
    row = server.store.read_now(lambda connection: connection.execute(oidc_logins.select()).one())
    challenge = base64.urlsafe_b64encode(hashlib.sha256(row.verifier.encode()).digest()).rstrip(b"=").decode()
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT,
        "scope": "openid email profile",
        "state": row.state,
        "nonce": "n-1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


async def test_a_state_works_once_and_only_for_its_own_sign_in(client, api, oidc_provider):
    await upsert(api, method(oidc_provider.issuer))
    await upsert(api, method(oidc_provider.issuer, name="other"))
    peer = client()
    for wrong in (
        {"state": "made up"},
        {"nonce": "another"},
        {"redirect_uri": "http://127.0.0.1:1/oidc/callback"},
        {"auth_method": pb.Ref.AuthMethod(name="other")},
    ):
        callback = oidc_provider.sign_in(await begin(peer), "ada")
        code, words = await refusal(peer.CompleteOIDCAuth(completion(callback, **wrong)))
        assert code is grpc.StatusCode.PERMISSION_DENIED
        assert "begin again" in words
    callback = oidc_provider.sign_in(await begin(peer), "ada")
    await peer.CompleteOIDCAuth(completion(callback))
    assert (await refusal(peer.CompleteOIDCAuth(completion(callback))))[0] is grpc.StatusCode.PERMISSION_DENIED


async def test_a_sign_in_has_five_minutes(server, client, api, oidc_provider):
    await upsert(api, method(oidc_provider.issuer))
    callback = oidc_provider.sign_in(await begin(client()), "ada")
    soon = server.store.read_now(lambda connection: connection.execute(oidc_logins.select()).one()).expires
    assert 290 < soon / 1e9 - time.time() <= 300
    late = oidc_logins.update().values(expires=time.time_ns())
    await server.store.write(lambda connection: connection.execute(late) and None)
    code, _ = await refusal(client().CompleteOIDCAuth(completion(callback)))
    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_a_wrong_code_is_the_providers_refusal(client, api, oidc_provider):
    await upsert(api, method(oidc_provider.issuer))
    callback = oidc_provider.sign_in(await begin(client()), "ada")
    code, words = await refusal(client().CompleteOIDCAuth(completion(callback, code="wrong")))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "refused the sign-in: grant request is invalid" in words


async def test_a_verified_address_finds_the_user_and_an_unverified_one_does_not(client, api, oidc_provider):
    await upsert(api, method(oidc_provider.issuer))
    first = await sign_in(client(), oidc_provider, "eve")
    impostor = await sign_in(client(), oidc_provider, "mail-eve")
    assert json.loads(impostor.user_claims_json)["email"] == "eve@example.com"
    assert impostor.user.id != first.user.id
    assert impostor.user.email == ""


async def test_the_access_selector_decides_on_mapped_claims(client, api, oidc_provider):
    mapping = {"claim_mappings": {"level": "level", "email": "mail"}, "list_claim_mappings": {"groups": "groups"}}
    selector = "staff in list.groups and value.level == 3 and value.mail matches `@example[.]com$`"
    await upsert(api, method(oidc_provider.issuer, access_selector=selector, oidc=mapping))
    assert (await sign_in(client(), oidc_provider, "ada")).token
    peer = client()
    callback = oidc_provider.sign_in(await begin(peer), "mallory")
    code, words = await refusal(peer.CompleteOIDCAuth(completion(callback)))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "does not let you in" in words
    assert "mallory@example.com" not in {one.email for one in (await api.ListUsers(Empty())).users}


async def test_new_users_get_the_grants_of_the_method(client, api, oidc_provider):
    await upsert(api, method(oidc_provider.issuer, grants=[Grant(role=Grant.VIEWER, project="shop")]))
    made = await sign_in(client(), oidc_provider, "vic")
    assert (await refusal(client(made.token).ListUsers(Empty())))[0] is grpc.StatusCode.PERMISSION_DENIED
    await client(made.token).ListProjects(pb.ListProjectsRequest())


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("http://localhost:9/oidc/callback", True),
        ("http://127.0.0.1/oidc/callback", True),
        ("http://[::1]:77/oidc/callback", True),
        ("https://waypoint.example.com:9701/auth/oidc-callback", True),
        ("https://ui.example.com/cb", True),
        ("http://waypoint.example.com:9701/auth/oidc-callback", False),
        ("https://ui.example.com:444/cb", False),
        ("http://localhost:9/other", False),
        ("http://localhost.evil.example/oidc/callback", False),
        ("http://user@localhost:9/oidc/callback", False),
        ("https://localhost/oidc/callback", False),
        ("http://localhost:x/oidc/callback", False),
        ("", False),
    ],
)
async def test_only_listed_and_own_redirects_are_allowed(client, api, oidc_provider, uri, allowed):
    address = pb.ServerConfig.AdvertiseAddr(addr="waypoint.example.com:9701", tls=True)
    await api.SetServerConfig(pb.SetServerConfigRequest(config=pb.ServerConfig(advertise_addrs=[address])))
    await upsert(api, method(oidc_provider.issuer, oidc={"allowed_redirect_uris": ["https://ui.example.com/cb"]}))
    if allowed:
        assert await begin(client(), redirect=uri)
    else:
        code, words = await refusal(begin(client(), redirect=uri))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "redirect_uri" in words


async def test_methods_are_kept_by_name_and_the_secret_stays_unless_replaced(client, api, oidc_provider):
    stored = await upsert(api, method(oidc_provider.issuer, display_name="Corporate"))
    assert (stored.name, stored.display_name) == ("corp", "Corporate")
    kept = await upsert(api, method(oidc_provider.issuer, name="CORP", oidc={"client_secret": ""}))
    assert kept.oidc.client_secret == CLIENT_SECRET
    assert kept.display_name == "CORP"
    found = await api.GetAuthMethod(pb.GetAuthMethodRequest(auth_method=pb.Ref.AuthMethod(name="cOrp")))
    assert found.auth_method == kept
    assert list((await api.ListAuthMethods(Empty())).auth_methods) == [kept]
    (shown,) = (await client().ListOIDCAuthMethods(Empty())).auth_methods
    assert shown == pb.OIDCAuthMethod(name="corp", display_name="CORP")
    for _ in range(2):
        await api.DeleteAuthMethod(pb.DeleteAuthMethodRequest(auth_method=OIDC))
    assert (await refusal(begin(client())))[0] is grpc.StatusCode.NOT_FOUND
    code, _ = await refusal(api.GetAuthMethod(pb.GetAuthMethodRequest(auth_method=OIDC)))
    assert code is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "auth_method.name"),
        ({"name": "Token"}, "taken by logins by token"),
        ({"name": "a b"}, "auth_method.name"),
        ({"access_selector": "value.x =="}, "auth_method.access_selector"),
        ({"access_selector": "groups == x"}, "is no claim"),
        ({"grants": [Grant()]}, "auth_method.grants.role"),
        ({"oidc": {"client_id": ""}}, "client_id"),
        ({"oidc": {"client_secret": ""}}, "client_secret"),
        ({"oidc": {"discovery_url": "accounts.example.com"}}, "must be an https URL"),
        ({"oidc": {"discovery_url": "http://accounts.example.com"}}, "must be an https URL"),
        ({"oidc": {"signing_algs": ["none"]}}, "signing_algs"),
        ({"oidc": {"signing_algs": ["HS256"]}}, "signing_algs"),
        ({"oidc": {"discovery_ca_pem": ["no certificate"]}}, "discovery_ca_pem"),
        ({"oidc": {"allowed_redirect_uris": ["/cb"]}}, "allowed_redirect_uris"),
        ({"oidc": {"claim_mappings": {"": "x"}}}, "claim_mappings"),
        ({"oidc": {"list_claim_mappings": {"groups": "1x"}}}, "list_claim_mappings"),
    ],
)
async def test_a_method_that_cannot_work_is_refused(api, fields, words):
    code, said = await refusal(upsert(api, method("https://accounts.example.com", **fields)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert words in said


async def test_a_provider_that_is_not_there_is_unavailable(client, api, unused_tcp_port):
    await upsert(api, method(f"http://127.0.0.1:{unused_tcp_port}"))
    code, words = await refusal(begin(client()))
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "cannot be reached" in words


def test_certificates_of_a_method_are_trusted_and_nobody_elses(tmp_path):
    for name in ("own", "stranger"):
        (tmp_path / name).mkdir()
    certificate, stranger = (tls.persisted(tmp_path / name, []) for name in ("own", "stranger"))

    class Discovery(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"issuer": issuer}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Discovery) as running:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.chain_file, certificate.key_file)
        running.socket = context.wrap_socket(running.socket, server_side=True)
        issuer = f"https://localhost:{running.server_port}"
        threading.Thread(target=running.serve_forever, daemon=True).start()
        trusting = method(issuer, oidc={"discovery_ca_pem": [certificate.chain.decode()]}).oidc
        assert Provider.discover(trusting).issuer == issuer
        for other in ([], [stranger.chain.decode()]):
            with pytest.raises(DomainError, match="cannot be reached"):
                Provider.discover(method(issuer, oidc={"discovery_ca_pem": other}).oidc)
        running.shutdown()


# What a provider of ours never sends: ID tokens made here.

KEY = rsa.generate_private_key(65537, 2048)
PROVIDER = "https://accounts.example.com"


def forged(alg: str = "RS256", key: object = KEY, kid: str = "k", **fields) -> Tokens:
    now = int(time.time())
    body = {"iss": PROVIDER, "sub": "ada", "aud": CLIENT_ID, "iat": now, "exp": now + 86400, "nonce": "n-1"} | fields
    body = {name: value for name, value in body.items() if value is not None}
    return Tokens(jwt.encode(body, key, algorithm=alg, headers={"kid": kid}), "access")


@pytest.fixture
def provider():
    listed = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k", "use": "sig"}
    found = Provider(PROVIDER, {"jwks_uri": f"{PROVIDER}/keys"}, ())
    found._keys = jwt.PyJWKSet.from_dict({"keys": [listed]})
    return found


def test_a_good_token_made_here_is_good(provider):
    half = base64.urlsafe_b64encode(hashlib.sha256(b"access").digest()[:16]).rstrip(b"=").decode()
    assert provider.verified(method(PROVIDER).oidc, forged(at_hash=half), "n-1")["sub"] == "ada"
    several = forged(aud=[CLIENT_ID, "other"], azp=CLIENT_ID)
    assert provider.verified(method(PROVIDER).oidc, several, "n-1")["sub"] == "ada"
    audience = method(PROVIDER, oidc={"auds": ["api"]}).oidc
    assert provider.verified(audience, forged(aud="api"), "n-1")["sub"] == "ada"


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (forged(iss="https://accounts.example.com/"), "issuer"),
        (forged(aud="other"), "audience"),
        (forged(aud=[CLIENT_ID, "other"]), "another client"),
        (forged(azp="other"), "another client"),
        (forged(exp=int(time.time()) - 86400), "expired"),
        (forged(iat=int(time.time()) + 86400), "not valid"),
        (forged(exp=None), "exp"),
        (forged(sub=None), "sub"),
        (forged(nonce="n-2"), "another sign-in"),
        (forged(nonce=None), "another sign-in"),
        (forged(at_hash="AAAA"), "another access token"),
        (forged(key=rsa.generate_private_key(65537, 2048)), "verification failed"),
        (forged(alg="RS512"), "not valid"),
        (forged(alg="none", key=None), "not valid"),
        (Tokens("garbage", ""), "not valid"),
    ],
)
def test_an_id_token_that_is_not_right_is_refused(provider, tokens, words):
    with pytest.raises(PermissionDenied) as caught:
        provider.verified(method(PROVIDER).oidc, tokens, "n-1")
    assert words.lower() in caught.value.message.lower()


def test_an_unknown_key_is_asked_for_once_more(provider, monkeypatch):
    asked: list[str] = []

    def get(url: str, authority: tuple[str, ...]) -> dict[str, object]:
        asked.append(url)
        return {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "new"}]}

    monkeypatch.setattr("wp_server.oidc.provider._get", get)
    assert provider.verified(method(PROVIDER).oidc, forged(kid="new"), "n-1")
    with pytest.raises(DomainError, match="does not list"):
        provider.verified(method(PROVIDER).oidc, forged(kid="third"), "n-1")
    assert asked == [f"{PROVIDER}/keys"] * 2


def test_claims_are_found_by_name_and_pointer_and_become_text():
    oidc = pb.AuthMethod.OIDC(
        claim_mappings={"a": "a", "/deep/b": "b", "/list/1": "c", "n": "n", "yes": "yes", "gone": "gone", "/a/x": "y"},
        list_claim_mappings={"list": "list", "a": "one", "mixed": "mixed", "nothing": "nothing"},
    )
    given = {"a": "x", "deep": {"b": 2.9}, "list": ["p", "q"], "n": -7, "yes": True, "mixed": ["", 1, None, {}]}
    assert claims.mapped(oidc, given) == {
        "value.a": "x",
        "value.b": "2",
        "value.c": "q",
        "value.n": "-7",
        "value.yes": "true",
        "list.list": ["p", "q"],
        "list.one": ["x"],
        "list.mixed": ["1"],
    }
