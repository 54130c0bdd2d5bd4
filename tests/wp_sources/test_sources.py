"""Every dynamic source against a stand-in of its service, built on the published API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.fakes.aws import Aws
from tests.fakes.consul import Consul
from tests.fakes.google import Google
from tests.fakes.kubernetes import Cluster
from tests.fakes.standin import Request, StandIn
from tests.fakes.terraform import Terraform
from tests.fakes.vault import Vault
from tests.wp_entrypoint.fake_server import make_certificate

from wp_sources import SourceError, aws, kubernetes, open_source, vault
from wp_sources.terraform_cloud import TerraformCloud

NOTHING: dict[str, str] = {}
AWS_KEYS = {"access_key": "AKIDEXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}


def one(source: object, **parameters: str) -> str:
    """The value of a single variable; raises what was answered instead."""
    answer = source.read({"X": parameters})["X"]  # type: ignore[attr-defined]
    if isinstance(answer, SourceError):
        raise answer
    assert isinstance(answer, str)
    return answer


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Path, bytes]:
    """A server's certificate with its key in one file, and its authority."""
    certificate = make_certificate()
    both = tmp_path / "server.pem"
    both.write_bytes(certificate.key + certificate.pem)
    return both, certificate.pem


def serving(standin: StandIn) -> Iterator[StandIn]:
    yield standin
    standin.stop()


# Vault


@pytest.fixture
def safe() -> Iterator[Vault]:
    standin = Vault()
    standin.kv1["kv/db"] = {"user": "ann", "port": 5432, "tls": True, "hosts": ["a", "b"], "a/b": "slash"}
    standin.kv2["secret/data/db"] = {"user": "bob", "nested": {"deep": [1, "two"]}}
    yield standin
    standin.stop()


def open_vault(safe: Vault, **settings: str) -> vault.Vault:
    source = vault.open_source({"addr": safe.url, **settings}, NOTHING)
    source.now = lambda: 1000.0
    return source


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ("kv/db", "user", "ann"),
        ("/kv/db", "port", "5432"),
        ("kv/db", "tls", "true"),
        ("kv/db", "hosts", '["a","b"]'),
        ("kv/db", "/hosts/1", "b"),
        ("kv/db", "/a~1b", "slash"),
        ("secret/data/db", "user", "bob"),
        ("secret/data/db", "/data/user", "bob"),
        ("secret/data/db", "/nested/deep/1", "two"),
    ],
)
def test_vault_reads_what_a_key_or_pointer_names(safe: Vault, path: str, key: str, value: str) -> None:
    assert one(open_vault(safe, token="root"), path=path, key=key) == value


@pytest.mark.parametrize(
    ("parameters", "settings", "words"),
    [
        ({"path": "kv/db"}, {"token": "root"}, "the parameter key is missing"),
        ({"path": "kv/none", "key": "x"}, {"token": "root"}, "Vault has nothing at kv/none"),
        ({"path": "kv/db", "key": "none"}, {"token": "root"}, "has no none; it has a/b, hosts, port, tls, user"),
        ({"path": "kv/db", "key": "user"}, {"token": "bad"}, "does not let this token GET kv/db"),
        ({"path": "kv/db", "key": "user"}, {}, "Vault needs a token"),
        ({"path": "kv/db", "key": "user"}, {"auth_method": "magic"}, "auth_method is 'magic'"),
        ({"path": "kv/db", "key": "user"}, {"auth_method": "approle"}, "approle_role_id is missing"),
        (
            {"path": "kv/db", "key": "user"},
            {"auth_method": "approle", "approle_role_id": "r1", "approle_secret_id": "bad"},
            "login at Vault by approle failed: HTTP status 400: invalid role or secret ID",
        ),
    ],
)
def test_vault_says_what_is_wrong(
    safe: Vault, parameters: dict[str, str], settings: dict[str, str], words: str
) -> None:
    with pytest.raises(SourceError, match=words.replace("(", "\\(")):
        one(open_vault(safe, **settings), **parameters)


@pytest.mark.parametrize("method", ["approle", "kubernetes", "kubernetes elsewhere", "jwt", "userpass", "aws"])
def test_vault_logins(safe: Vault, tmp_path: Path, method: str) -> None:
    (tmp_path / "token").write_text("pod-token\n")
    pod = {"kubernetes_role": "web", "kubernetes_token_path": str(tmp_path / "token")}
    settings = {
        "approle": {"approle_role_id": "r1", "approle_secret_id": "s1", "auth_method_mount_path": "auth/approle"},
        "kubernetes": pod,
        "kubernetes elsewhere": {"auth_method_mount_path": "clusters/one", **pod},
        "jwt": {"jwt_role": "ci", "jwt": "signed"},
        "userpass": {"username": "ann", "password": "hunter2"},
        "aws": {
            "aws_role": "web",
            "aws_header_value": "vault.example",
            **{f"aws_{name}": value for name, value in AWS_KEYS.items()},
        },
    }[method]
    source = open_vault(safe, auth_method=method.split()[0], **settings)
    assert one(source, path="kv/db", key="user") == "ann"
    assert safe.logins == 1


def test_vault_login_of_a_machine_of_aws(safe: Vault, cloud: Aws) -> None:
    settings = {"addr": safe.url, "auth_method": "aws", "aws_type": "ec2", "aws_role": "web"}
    source = vault.open_source(settings, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": cloud.url})
    assert one(source, path="kv/db", key="user") == "ann"
    assert safe.logins == 1


@pytest.fixture
def google(safe: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    standin = safe.google = Google()
    monkeypatch.setattr("wp_sources.google.IAM_CREDENTIALS", standin.url)
    yield standin
    standin.stop()


@pytest.mark.parametrize("way", ["gce", "iam by the machine", "iam by a file", "iam by the environment", "iam by text"])
def test_vault_logins_at_google(safe: Vault, google: Google, tmp_path: Path, way: str) -> None:
    (tmp_path / "key.json").write_text(google.key_file())
    more, environment = {
        "gce": ({}, {}),
        "iam by the machine": ({}, {}),
        "iam by a file": ({"gcp_credentials": str(tmp_path / "key.json")}, {}),
        "iam by the environment": ({}, {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json")}),
        "iam by text": ({"gcp_credentials": google.key_file()}, {}),
    }[way]
    settings = {"addr": safe.url, "auth_method": "gcp", "gcp_type": way.split()[0], "gcp_role": "web", **more}
    source = vault.open_source(settings, {"GCE_METADATA_HOST": google.url.removeprefix("http://"), **environment})
    assert one(source, path="kv/db", key="user") == "ann"
    assert safe.logins == 1
    if more or environment:
        assert google.requests == [], "the key signs here"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"gcp_type": "magic"}, "gcp_type is 'magic'"),
        ({"gcp_jwt_exp": "soon"}, "gcp_jwt_exp is 'soon'"),
        ({"gcp_credentials": "{}"}, "no key of a service account"),
        ({"gcp_credentials": "/none.json"}, "/none.json cannot be read"),
        ({"gcp_credentials": '{"client_email": "a", "private_key": "x"}'}, "no RSA key in PEM"),
        (
            {
                "gcp_credentials": '{"client_email": "a", "private_key": '
                '"-----BEGIN PRIVATE KEY-----\\nMAA=\\n-----END PRIVATE KEY-----"}'
            },
            "no RSA key in PEM",
        ),
        ({"gcp_service_account": "other@x"}, "Google does not sign for other@x: HTTP status 403"),
    ],
)
def test_vault_logins_at_google_that_cannot_be(safe: Vault, google: Google, more: dict[str, str], words: str) -> None:
    settings = {"addr": safe.url, "auth_method": "gcp", "gcp_type": "iam", "gcp_role": "web", **more}
    source = vault.open_source(settings, {"GCE_METADATA_HOST": google.url.removeprefix("http://")})
    with pytest.raises(SourceError, match=words):
        one(source, path="kv/db", key="user")


def test_vault_logs_in_again_when_its_token_is_revoked_or_over(safe: Vault) -> None:
    safe.token_lease = 100
    source = open_vault(safe, auth_method="approle", approle_role_id="r1", approle_secret_id="s1")
    moment = [0.0]
    source.now = lambda: moment[0]
    assert one(source, path="kv/db", key="user") == "ann"
    moment[0] = 70.0
    assert one(source, path="kv/db", key="user") == "ann"
    assert any(request.path == "/v1/auth/token/renew-self" for request in safe.requests)
    assert safe.logins == 1
    safe.tokens.clear()
    moment[0] = 110.0
    assert one(source, path="kv/db", key="user") == "ann"
    assert safe.logins == 2
    moment[0] = 400.0
    assert one(source, path="kv/db", key="user") == "ann"
    assert safe.logins == 3


def test_vault_keeps_a_lease_and_reads_anew_when_it_ends_for_good(safe: Vault) -> None:
    safe.leased["database/creds/web"] = 60
    source = open_vault(safe, token="root")
    moment = [0.0]
    source.now = lambda: moment[0]
    seen = []
    for step in range(6):
        moment[0] = step * 40.0
        seen.append(one(source, path="database/creds/web", key="username"))
    assert [user[-1] for user in seen] == ["1", "1", "1", "2", "3", "4"], "two renewals, then the path is read again"


def test_vault_asks_once_a_round_for_each_path_and_rereads_after_a_while(safe: Vault) -> None:
    source = open_vault(safe, token="root")
    moment = [0.0]
    source.now = lambda: moment[0]
    wanted = {name: {"path": "kv/db", "key": name} for name in ("user", "port", "tls")}
    assert source.read(wanted) == {"user": "ann", "port": "5432", "tls": "true"}
    assert len(safe.requests) == 1
    safe.kv1["kv/db"] = {**safe.kv1["kv/db"], "user": "eve"}
    assert source.read(wanted)["user"] == "ann"
    moment[0] = 31.0
    assert source.read(wanted)["user"] == "eve"


def test_vault_takes_its_settings_from_the_environment_and_a_token_file(safe: Vault, tmp_path: Path) -> None:
    safe.namespace = "team"
    environment = {"VAULT_ADDR": safe.url, "VAULT_TOKEN": "root", "VAULT_NAMESPACE": "team"}
    assert one(open_source("vault", {}, environment), path="kv/db", key="user") == "ann"
    (tmp_path / "t").write_text("root\n")
    settings = {"agent_addr": safe.url, "namespace": "team", "token_file": str(tmp_path / "t")}
    assert one(open_source("vault", settings, {"VAULT_ADDR": "http://127.0.0.1:1"}), path="kv/db", key="user") == "ann"


def test_vault_over_tls_trusts_only_whom_it_should(tls: tuple[Path, bytes], tmp_path: Path) -> None:
    both, authority = tls
    (tmp_path / "ca.pem").write_bytes(authority)
    for standin in serving(Vault(both)):
        assert isinstance(standin, Vault)
        standin.kv1["kv/db"] = {"user": "ann"}
        trusted = {"addr": standin.url, "token": "root", "ca_cert": str(tmp_path / "ca.pem")}
        assert one(vault.open_source(trusted, NOTHING), path="kv/db", key="user") == "ann"
        careless = {"addr": standin.url, "token": "root", "skip_verify": "true"}
        assert one(vault.open_source(careless, NOTHING), path="kv/db", key="user") == "ann"
        with pytest.raises(SourceError, match="certificate is not trusted"):
            one(vault.open_source({"addr": standin.url, "token": "root"}, NOTHING), path="kv/db", key="user")
        named = trusted | {"tls_server_name": "other.example"}
        with pytest.raises(SourceError, match="certificate is not trusted"):
            one(vault.open_source(named, NOTHING), path="kv/db", key="user")


# Consul


@pytest.fixture
def consul() -> Iterator[Consul]:
    standin = Consul()
    standin.keys = {"web/name": b"shop", "web/db/host": b"db1", "web/db/port": b"5432", "web/empty": b""}
    yield standin
    standin.stop()


def test_consul_reads_a_key_or_everything_below_one(consul: Consul) -> None:
    source = open_source("consul", {"address": consul.url}, NOTHING)
    assert one(source, key="web/name") == "shop"
    assert one(source, key="web/empty") == ""
    assert json.loads(one(source, key="web/db", prefix="true")) == {"host": "db1", "port": "5432"}
    with pytest.raises(SourceError, match="Consul has no key web/none"):
        one(source, key="web/none")


def test_consul_says_where_and_who(consul: Consul, tmp_path: Path) -> None:
    consul.token = "acl"
    (tmp_path / "token").write_text("acl")
    settings = {"address": consul.url.removeprefix("http://"), "token_file": str(tmp_path / "token"), "datacenter": "a"}
    source = open_source("consul", settings, NOTHING)
    assert one(source, key="web/name", datacenter="b", namespace="n", allow_stale="false") == "shop"
    assert consul.requests[-1].query == {"dc": "b", "ns": "n"}
    environment = {"CONSUL_HTTP_ADDR": consul.url, "CONSUL_HTTP_TOKEN": "acl", "CONSUL_HTTP_AUTH": "u:p"}
    assert one(open_source("consul", {}, environment), key="web/name") == "shop"
    assert consul.requests[-1].headers["authorization"] == "Basic dTpw"
    with pytest.raises(SourceError, match="token may not read web/name"):
        one(open_source("consul", {"address": consul.url}, NOTHING), key="web/name")


# Kubernetes


def test_kubernetes_reads_config_maps_and_secrets_as_the_pod(tls: tuple[Path, bytes], tmp_path: Path) -> None:
    both, authority = tls
    for cluster in serving(Cluster(both)):
        assert isinstance(cluster, Cluster)
        cluster.objects[("configmaps", "shop", "web")] = {"color": "blue", "size": "4"}
        cluster.objects[("secrets", "shop", "db")] = {"password": "hunter2"}
        cluster.objects[("configmaps", "other", "web")] = {"color": "red"}
        folder = cluster.mount(tmp_path, authority)
        environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(cluster.port)}
        source = kubernetes.Kubernetes(environment, str(folder))
        answers = source.read(
            {
                "A": {"name": "web", "key": "color"},
                "B": {"name": "web", "key": "size"},
                "C": {"name": "db", "key": "password", "secret": "true"},
                "D": {"name": "web", "key": "color", "namespace": "other"},
                "E": {"name": "web", "key": "none"},
                "F": {"name": "none", "key": "none"},
            }
        )
        assert {name: answers[name] for name in "ABCD"} == {"A": "blue", "B": "4", "C": "hunter2", "D": "red"}
        assert str(answers["E"]) == "the configmap shop/web has no key none"
        assert str(answers["F"]) == "the configmap shop/none does not exist"
        assert len(cluster.requests) == 4, "one request for each object"
        cluster.token = "token-2"
        cluster.mount(tmp_path, authority)
        assert one(source, name="web", key="color") == "blue", "the token is read again, since it is rotated"
        cluster.forbidden = {"secrets"}
        with pytest.raises(SourceError, match="may not read the secret shop/db; bind it to a Role that allows `get`"):
            one(source, name="db", key="password", secret="true")


def test_kubernetes_outside_a_pod() -> None:
    with pytest.raises(SourceError, match="in a pod only"):
        open_source("kubernetes", {}, NOTHING)


# AWS


@pytest.fixture
def cloud() -> Iterator[Aws]:
    standin = Aws()
    standin.parameters = {f"/web/{n}": f"value {n}" for n in range(25)}
    yield standin
    standin.stop()


def endpoint(cloud: Aws) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": cloud.url, "AWS_REGION": "eu-central-1", "HOME": "/nowhere"}


def test_ssm_reads_in_batches_and_answers_each_name(cloud: Aws) -> None:
    source = open_source("aws-ssm", AWS_KEYS, endpoint(cloud))
    wanted: dict[str, Mapping[str, str]] = {f"V{n}": {"path": f"/web/{n}"} for n in range(25)}
    wanted |= {"SAME": {"path": "/web/0"}, "PINNED": {"path": "/web/1:3"}, "NONE": {"path": "/none"}, "BAD": {}}
    answers = source.read(wanted)
    assert [answers[f"V{n}"] for n in range(25)] == [f"value {n}" for n in range(25)]
    assert answers["SAME"] == "value 0"
    assert answers["PINNED"] == "value 1"
    assert str(answers["NONE"]) == "there is no parameter /none in eu-central-1"
    assert str(answers["BAD"]) == "the parameter path is missing"
    assert cloud.batches == [10, 10, 7]


def test_ssm_waits_when_it_is_throttled_and_says_what_was_refused(cloud: Aws) -> None:
    cloud.throttled = 1
    assert one(open_source("aws-ssm", AWS_KEYS, endpoint(cloud)), path="/web/3") == "value 3"
    wrong = open_source("aws-ssm", {**AWS_KEYS, "secret_key": "wrong"}, endpoint(cloud))
    with pytest.raises(SourceError, match="answered InvalidSignatureException"):
        one(wrong, path="/web/3")


@pytest.mark.parametrize("way", ["environment", "profile", "assumed", "web identity", "container", "machine"])
def test_where_aws_credentials_come_from(cloud: Aws, tmp_path: Path, way: str) -> None:
    settings: dict[str, str] = {}
    environment = endpoint(cloud)
    if way == "environment":
        environment |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": AWS_KEYS["secret_key"]}
    elif way == "profile":
        (tmp_path / ".aws").mkdir()
        text = f"[prod]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {AWS_KEYS['secret_key']}\n"
        (tmp_path / ".aws/credentials").write_text(text)
        (tmp_path / ".aws/config").write_text("[profile prod]\nregion = eu-central-1\n")
        environment = {"AWS_ENDPOINT_URL": cloud.url, "HOME": str(tmp_path)}
        settings = {"profile": "prod"}
    elif way == "assumed":
        settings = {**AWS_KEYS, "assume_role_arn": "arn:role", "assume_role_external_id": "x"}
    elif way == "web identity":
        (tmp_path / "token").write_text("oidc")
        environment |= {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": "arn:pod"}
    elif way == "container":
        environment |= {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": cloud.url + "/creds",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
        }
    else:
        environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = cloud.url
    source = open_source("aws-ssm", settings, environment)
    assert one(source, path="/web/7") == "value 7"
    assert one(source, path="/web/8") == "value 8"
    if way == "assumed":
        assert cloud.role_calls[0]["ExternalId"] == "x"
    assert len(cloud.role_calls) == (1 if way in ("assumed", "web identity") else 0), "a role is kept until it is over"


def test_aws_without_credentials_or_region(cloud: Aws) -> None:
    with pytest.raises(SourceError, match="no AWS region"):
        open_source("aws-ssm", {}, {"HOME": "/nowhere"})
    with pytest.raises(SourceError, match="no AWS credentials"):
        one(open_source("aws-ssm", {"skip_metadata_api_check": "true"}, endpoint(cloud)), path="/web/1")


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "service", "signature"),
    [
        (
            "GET",
            "https://example.amazonaws.com/",
            {},
            b"",
            "service",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "POST",
            "https://example.amazonaws.com/",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"Param1=value1",
            "service",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            "GET",
            "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
            {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            b"",
            "iam",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ],
)
def test_signatures_are_those_of_the_published_examples(
    method: str, url: str, headers: dict[str, str], body: bytes, service: str, signature: str
) -> None:
    credentials = aws.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    moment = aws.parse_time("2015-08-30T12:36:00Z")
    result = aws.signed(credentials, "us-east-1", service, url, headers, body, moment, method)
    assert result["Authorization"].endswith(f"Signature={signature}")


# Terraform Cloud


@pytest.fixture
def terraform() -> Iterator[Terraform]:
    standin = Terraform()
    standin.outputs = {"url": "https://x", "count": 3, "on": True, "hosts": ["a"], "password": "hunter2"}
    standin.sensitive = {"password"}
    yield standin
    standin.stop()


def test_terraform_outputs_of_every_type(terraform: Terraform) -> None:
    terraform.throttled = 1
    source = open_source("terraform-cloud", {"token": "tfc-token", "base_url": terraform.url}, NOTHING)
    place = {"organization": "shop", "workspace": "web"}
    wanted = {name: {**place, "output": name} for name in terraform.outputs}
    assert source.read(wanted) == {
        "url": "https://x",
        "count": "3",
        "on": "true",
        "hosts": '["a"]',
        "password": "hunter2",
    }
    assert json.loads(one(source, **place)) == terraform.outputs
    with pytest.raises(SourceError, match="has no output none"):
        one(source, **place, output="none")


def test_terraform_is_asked_once_in_an_interval(terraform: Terraform) -> None:
    settings = {"token": "tfc-token", "base_url": terraform.url, "refresh_interval": "2m"}
    source = TerraformCloud(settings, NOTHING)
    moment = [0.0]
    source.now = lambda: moment[0]
    place = {"organization": "shop", "workspace": "web", "output": "url"}
    assert one(source, **place) == "https://x"
    asked = len(terraform.requests)
    terraform.outputs["url"] = "https://y"
    moment[0] = 119.0
    assert one(source, **place) == "https://x"
    assert len(terraform.requests) == asked
    moment[0] = 121.0
    assert one(source, **place) == "https://y"


@pytest.mark.parametrize(
    ("settings", "place", "words"),
    [
        ({"token": "bad"}, {}, "does not accept the token"),
        ({"token": "tfc-token"}, {"workspace": "none"}, "the workspace shop/none does not exist, or the token"),
        ({"token": "tfc-token", "refresh_interval": "soon"}, {}, "must be a duration such as 10m"),
        ({}, {}, "needs the setting token"),
    ],
)
def test_terraform_says_what_is_wrong(
    terraform: Terraform, settings: dict[str, str], place: dict[str, str], words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        source = open_source("terraform-cloud", {"base_url": terraform.url, **settings}, NOTHING)
        one(source, **({"organization": "shop", "workspace": "web", "output": "url"} | place))


# All of them


class Odd(StandIn):
    """Answers with what it was told."""

    def __init__(self, *answer: object) -> None:
        super().__init__()
        self._answer = answer

    def answer(self, request: Request) -> tuple[object, ...]:
        return self._answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((302, b"", {"location": "http://elsewhere.example/"}), "redirects to http://elsewhere.example/"),
        ((200, b"<html>"), "is not JSON"),
        ((200, b"[" * 5_000_000), "larger than 4194304 bytes"),
        ((500, b"{}"), "HTTP status 500"),
    ],
)
def test_answers_that_are_none(answer: tuple[object, ...], words: str) -> None:
    for standin in serving(Odd(*answer)):
        with pytest.raises(SourceError, match=words):
            one(open_source("consul", {"address": standin.url}, NOTHING), key="x")


def test_nobody_there_and_no_address() -> None:
    with pytest.raises(SourceError, match="Connection refused"):
        one(open_source("consul", {"address": "127.0.0.1:1"}, NOTHING), key="x")
    with pytest.raises(SourceError, match="is not the address of a server"):
        open_source("consul", {"address": "gopher://x"}, NOTHING)
    with pytest.raises(SourceError, match="there is no source 'packer' here; known are aws-ssm"):
        open_source("packer", {}, NOTHING)


def test_the_null_source() -> None:
    source = open_source("null", {"a": "1"}, NOTHING)
    assert one(source, static_value="x") == "x"
    assert one(source, config_key="a") == "1"
    with pytest.raises(SourceError, match="no setting b"):
        one(source, config_key="b")
