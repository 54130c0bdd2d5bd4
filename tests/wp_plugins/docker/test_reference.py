from __future__ import annotations

import pytest

from wp_plugins.docker.reference import combine, local_name, parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "registry", "path", "version"),
    [
        ("busybox", "docker.io", "library/busybox", "latest"),
        ("busybox:1.36", "docker.io", "library/busybox", "1.36"),
        ("team/web", "docker.io", "team/web", "latest"),
        ("index.docker.io/team/web:1", "docker.io", "team/web", "1"),
        ("localhost/web", "localhost", "web", "latest"),
        ("localhost:5000/a/b:x_Y-1.2", "localhost:5000", "a/b", "x_Y-1.2"),
        ("127.0.0.1:5000/web", "127.0.0.1:5000", "web", "latest"),
        ("ghcr.io/team/web:1@" + DIGEST, "ghcr.io", "team/web", DIGEST),
        ("web@" + DIGEST, "docker.io", "library/web", DIGEST),
        ("[::1]:5000/web:1", "[::1]:5000", "web", "1"),
        ("waypoint.local/my__app--x", "waypoint.local", "my__app--x", "latest"),
    ],
)
def test_references_are_taken_apart_as_the_engine_does(text: str, registry: str, path: str, version: str) -> None:
    found = parse(text)
    assert (found.registry, found.path, found.version) == (registry, path, version)
    assert str(found) == text.replace("index.docker.io/", "index.docker.io/")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Web", "capital letters are not allowed"),
        ("web:", '"" is not a tag'),
        ("web:a b", '"a b" is not a tag'),
        ("web@sha256:12", '"sha256:12" is not a digest'),
        ("", '"" is not a repository name'),
        ("a//b", '"a//b" is not a repository name'),
        ("exa_mple.com/web", '"exa_mple.com" is not the host of a registry'),
        ("example.com/", '"" is not a repository name'),
        ("web:" + "x" * 129, "is not a tag"),
    ],
)
def test_what_is_no_reference_is_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="is not an image reference") as raised:
        parse(text)
    assert reason in str(raised.value)


def test_image_and_tag_are_one_reference() -> None:
    assert combine("web", "1") == "web:1"
    assert combine("web", DIGEST) == f"web@{DIGEST}"
    assert combine("web", "") == "web"


@pytest.mark.parametrize(
    "app", ["web", "My App", "a.b_c-d", "ünïcode", "---", "A__B", "x" * 100, "a..b", "web/../../etc"]
)
def test_every_application_has_a_local_name(app: str) -> None:
    name = local_name(app)
    assert name.startswith("waypoint.local/")
    parse(f"{name}:latest")
