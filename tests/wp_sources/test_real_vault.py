"""The vault source against a real server: what the stand-in was told to be true is true there."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.postgres import USER, PostgresServer
from tests.vault import ROOT_TOKEN, VaultServer
from tests.wp_sources.test_sources import NOTHING, one

from wp_sources import SourceError, vault


@pytest.fixture
def mount(vault_server: VaultServer) -> Callable[[str, str], str]:
    """mount(where, type) makes a mount of this test's own below `sys/mounts` or `sys/auth`; returns its path."""

    def make(where: str, kind: str, **options: str) -> str:
        path = f"{kind}-{uuid.uuid4().hex[:8]}"
        vault_server.ask("POST", f"sys/{where}/{path}", {"type": kind, "options": options})
        return path

    return make


@pytest.fixture
def secrets(vault_server: VaultServer, mount: Callable[..., str]) -> tuple[str, str]:
    """The paths of the same secret in a KV store of either version, and a policy `read-PATH` that may read them."""
    one_path, two_path = mount("mounts", "kv", version="1"), mount("mounts", "kv", version="2")
    secret = {"user": "ann", "port": 5432, "nested": {"deep": ["x", "y"]}}
    vault_server.ask("PUT", f"{one_path}/db", secret)
    vault_server.ask("PUT", f"{two_path}/data/db", {"data": secret})
    rules = "".join(f'path "{path}/*" {{ capabilities = ["read"] }}\n' for path in (one_path, two_path))
    vault_server.ask("PUT", f"sys/policies/acl/read-{one_path}", {"policy": rules})
    return f"{one_path}/db", f"{two_path}/data/db"


def policy(secrets: tuple[str, str]) -> str:
    return f"read-{secrets[0].partition('/')[0]}"


def open_vault(server: VaultServer, **settings: str) -> vault.Vault:
    return vault.open_source({"addr": server.url, **settings}, NOTHING)


def test_both_kinds_of_store(vault_server: VaultServer, secrets: tuple[str, str]) -> None:
    source = open_vault(vault_server, token=ROOT_TOKEN)
    for path in secrets:
        assert one(source, path=path, key="user") == "ann"
        assert one(source, path=path, key="port") == "5432"
        assert one(source, path=path, key="/nested/deep/1") == "y"


def test_what_there_is_not_and_what_is_not_allowed(vault_server: VaultServer, secrets: tuple[str, str]) -> None:
    source = open_vault(vault_server, token=ROOT_TOKEN)
    with pytest.raises(SourceError, match=f"Vault has nothing at {secrets[0]}x"):
        one(source, path=f"{secrets[0]}x", key="user")
    with pytest.raises(SourceError, match="has no none; it has nested, port, user"):
        one(source, path=secrets[1], key="none")
    auth = vault_server.ask("POST", "auth/token/create", {"policies": ["default"]})["auth"]
    with pytest.raises(SourceError, match=f"does not let this token GET {secrets[0]}"):
        one(open_vault(vault_server, token=auth["client_token"]), path=secrets[0], key="user")
    with pytest.raises(SourceError, match="does not let this token GET"):
        one(open_vault(vault_server, token="nobodys"), path=secrets[0], key="user")


@pytest.mark.parametrize("prefix", ["", "auth/"])
def test_approle(vault_server: VaultServer, mount: Callable[..., str], secrets: tuple[str, str], prefix: str) -> None:
    path = mount("auth", "approle")
    vault_server.ask("POST", f"auth/{path}/role/web", {"token_policies": [policy(secrets)]})
    role = vault_server.ask("GET", f"auth/{path}/role/web/role-id")["data"]["role_id"]
    secret = vault_server.ask("POST", f"auth/{path}/role/web/secret-id", {})["data"]["secret_id"]
    known = {"auth_method": "approle", "auth_method_mount_path": prefix + path, "approle_role_id": role}
    assert one(open_vault(vault_server, **known, approle_secret_id=secret), path=secrets[0], key="user") == "ann"
    with pytest.raises(SourceError, match="login at Vault by approle failed: HTTP status 400"):
        one(open_vault(vault_server, **known, approle_secret_id="wrong"), path=secrets[0], key="user")


def test_userpass(vault_server: VaultServer, mount: Callable[..., str], secrets: tuple[str, str]) -> None:
    path = mount("auth", "userpass")
    vault_server.ask("POST", f"auth/{path}/users/ann", {"password": "hunter2", "token_policies": [policy(secrets)]})
    known = {"auth_method": "userpass", "auth_method_mount_path": path, "username": "ann"}
    assert one(open_vault(vault_server, **known, password="hunter2"), path=secrets[1], key="user") == "ann"
    with pytest.raises(SourceError, match="login at Vault by userpass failed"):
        one(open_vault(vault_server, **known, password="wrong"), path=secrets[1], key="user")


def signed_token(key: rsa.RSAPrivateKey, claims: dict[str, object]) -> str:
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_jwt_from_a_file_that_is_read_at_every_login(
    vault_server: VaultServer, mount: Callable[..., str], secrets: tuple[str, str], tmp_path: Path
) -> None:
    path = mount("auth", "jwt")
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    vault_server.ask("POST", f"auth/{path}/config", {"jwt_validation_pubkeys": [public.decode()]})
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["web"], "token_policies": [policy(secrets)]}
    vault_server.ask("POST", f"auth/{path}/role/web", role)
    claims = {"sub": "pod", "aud": "web", "iat": int(time.time()), "exp": int(time.time()) + 3600}
    (tmp_path / "jwt").write_text(signed_token(key, {**claims, "aud": "somebody else"}))
    known = {"auth_method": "jwt", "auth_method_mount_path": path, "jwt_role": "web"}
    source = open_vault(vault_server, **known, jwt_token_path=str(tmp_path / "jwt"))
    with pytest.raises(SourceError, match="login at Vault by jwt failed"):
        one(source, path=secrets[0], key="user")
    (tmp_path / "jwt").write_text(signed_token(key, claims) + "\n")
    assert one(source, path=secrets[0], key="user") == "ann"


def test_a_login_that_is_revoked_is_made_again(
    vault_server: VaultServer, mount: Callable[..., str], secrets: tuple[str, str]
) -> None:
    path = mount("auth", "userpass")
    vault_server.ask("POST", f"auth/{path}/users/ann", {"password": "hunter2", "token_policies": [policy(secrets)]})
    known = {"auth_method": "userpass", "auth_method_mount_path": path, "username": "ann", "password": "hunter2"}
    source = open_vault(vault_server, **known)
    moment = [0.0]
    source.now = lambda: moment[0]
    assert one(source, path=secrets[0], key="user") == "ann"
    vault_server.ask("PUT", f"sys/leases/revoke-prefix/auth/{path}/login")
    vault_server.ask("PUT", secrets[0], {"user": "eve"})
    moment[0] = 31.0  # when it is read again
    assert one(source, path=secrets[0], key="user") == "eve"


def test_a_token_is_renewed(vault_server: VaultServer, mount: Callable[..., str], secrets: tuple[str, str]) -> None:
    path = mount("auth", "userpass")
    account = {"password": "hunter2", "token_policies": [policy(secrets)], "token_ttl": "1h", "token_max_ttl": "8h"}
    vault_server.ask("POST", f"auth/{path}/users/ann", account)
    known = {"auth_method": "userpass", "auth_method_mount_path": path, "username": "ann", "password": "hunter2"}
    source = open_vault(vault_server, **known)
    moment = [0.0]
    source.now = lambda: moment[0]
    assert one(source, path=secrets[0], key="user") == "ann"
    token = source._token()
    moment[0] = 3000.0
    assert source._token() == token
    assert source._grant is not None
    assert source._grant.lasts(3000.0 + 3000.0), "counted from its renewal"


def test_credentials_of_a_database_are_kept_while_their_lease_can_be_and_made_anew_after(
    vault_server: VaultServer, mount: Callable[..., str], postgres: PostgresServer
) -> None:
    """Made for us by Vault in a real PostgreSQL: a login that works, the same at every reading, until it is revoked."""
    path = mount("mounts", "database")
    database = postgres.database()
    name = database.partition("@/")[2].partition("?")[0]
    vault_server.ask(
        "POST",
        f"{path}/config/it",
        {
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": "web",
            "username": USER,
            "connection_url": f"postgresql://{{{{username}}}}@/{name}?host={postgres.folder}",
        },
    )
    make = "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"
    role = {"db_name": "it", "creation_statements": [make], "default_ttl": "1h", "max_ttl": "8h"}
    vault_server.ask("POST", f"{path}/roles/web", role)
    source = open_vault(vault_server, token=ROOT_TOKEN)
    moment = [0.0]
    source.now = lambda: moment[0]

    def read() -> str:
        user = one(source, path=f"{path}/creds/web", key="username")
        password = one(source, path=f"{path}/creds/web", key="password")
        with psycopg.connect(database, user=user, password=password) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (user,)
        return user

    first = read()
    assert read() == first
    moment[0] = 3000.0
    assert read() == first, "its lease was renewed"
    vault_server.ask("PUT", f"sys/leases/revoke-prefix/{path}/creds/web")
    moment[0] = 6000.0
    second = read()
    assert second != first
    vault_server.ask("PUT", f"sys/leases/revoke-prefix/{path}/creds/web")
