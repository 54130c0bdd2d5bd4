"""What is decided without an engine: which images are used, what travels, what is injected, which container."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from wp_plugins.docker import images, injection, layers, ports, reach
from wp_plugins.docker.build_context import locate, pack
from wp_plugins.docker.buildkit import BuildxOutput
from wp_plugins.docker.container_plan import (
    container_name,
    environment,
    host_port,
    memory_bytes,
    reachable_from_container,
)
from wp_plugins.docker.credentials import ANONYMOUS
from wp_plugins.docker.dockerfile import images_used
from wp_plugins.docker.ports import Port
from wp_plugins.docker.progress import ClassicBuild, Transfer
from wp_plugins.docker.reach import Reach
from wp_plugins.docker.reference import parse
from wp_plugins.docker.status import container_health, summarize
from wp_proto.sdk.plugin_pb2 import ResourceCategoryDisplayHint, StatusReport
from wp_sdk.component import DeploymentConfig, PluginError


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("FROM a\nRUN x\n", ("a",)),
        ("from --platform=linux/arm64 a:1 as One\nFROM one\nCOPY --from=One x y\nCOPY --from=0 x y\n", ("a:1",)),
        (
            "FROM a\nCOPY --from=example.com/tools:2 /x /y\nRUN --mount=type=bind,from=b true\n",
            ("a", "example.com/tools:2"),
        ),
        ("ARG V=1\nARG REG\nFROM ${REG}/a:${V}\n", ("given.example/a:1",)),
        ("ARG V\nFROM a:${V:-2}\nFROM b:$UNKNOWN\n", ("a:2",)),
        ("# escape=`\nFROM `\n  a\n", ("a",)),
        ("# comment\nFROM \\\n# inside\n a AS x\n", ("a",)),
        ("FROM scratch\n", ()),
        ("\ufeffFROM a\n", ("a",)),
        ("nonsense\nFROM\n", ()),
    ],
)
def test_images_a_dockerfile_uses(text: str, images: tuple[str, ...]) -> None:
    assert images_used(text, {"REG": "given.example"}) == images


def names_in(folder: Path, dockerfile: str = "", context: str = "") -> dict[str, tarfile.TarInfo]:
    with pack(locate(folder, context, dockerfile)) as archive, tarfile.open(fileobj=archive) as tar:
        return {entry.name: entry for entry in tar}


def test_what_travels_to_the_engine(tmp_path: Path) -> None:
    for name in ("Dockerfile", ".dockerignore", "a.txt", "b.log", "dir/c.log", "dir/keep.log", "#odd"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / ".dockerignore").write_text("# comment\n*\n!a.txt\n!dir\ndir/*.log\n!dir/keep.log\n")
    (tmp_path / "a.txt").chmod(0o750)
    (tmp_path / "link").symlink_to("a.txt")
    entries = names_in(tmp_path)
    assert set(entries) >= {"Dockerfile", ".dockerignore", "a.txt", "dir/keep.log"}
    assert not {"b.log", "dir/c.log", "#odd", "link"} & set(entries)
    assert (entries["a.txt"].uid, entries["a.txt"].gid, entries["a.txt"].mode & 0o777) == (0, 0, 0o750)


def test_a_dockerfile_may_have_an_ignore_file_of_its_own(tmp_path: Path) -> None:
    for name in ("One.dockerfile", "One.dockerfile.dockerignore", ".dockerignore", "a", "b"):
        (tmp_path / name).write_text("a\n" if name.startswith("One.") and name.endswith("ignore") else "b\n")
    assert "b" in names_in(tmp_path, "One.dockerfile")
    assert "a" not in names_in(tmp_path, "One.dockerfile")


def test_a_dockerfile_from_outside_travels_under_another_name(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM inside-app\n")
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text("FROM decoy\n")
    (tmp_path / "waypoint.hcl").write_text("")
    found = locate(tmp_path / "app", "context", "")
    assert found.outside
    with pack(found) as archive, tarfile.open(fileobj=archive) as tar:
        content = tar.extractfile(found.dockerfile_name)
        assert content is not None
        assert content.read() == b"FROM inside-app\n"
    assert sorted(p.name for p in (tmp_path / "context").iterdir()) == ["Dockerfile"]


def test_a_context_that_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "waypoint.hcl.json").write_text("")
    with pytest.raises(PluginError, match="The build context is not a folder"):
        locate(tmp_path, "file", "")
    (tmp_path / "Dockerfile").mkdir()
    with pytest.raises(PluginError, match="The Dockerfile is not a file"):
        locate(tmp_path, "", "")


def image(**config: object) -> injection.ImageConfig:
    return injection.image_config({"Id": "sha256:1", "Architecture": "x86_64", "Config": config})


@pytest.mark.parametrize(
    ("config", "entrypoint", "command"),
    [
        ({"Cmd": ["ps"]}, ["/waypoint-entrypoint"], ["ps"]),
        ({"Entrypoint": ["a"], "Cmd": ["b"]}, ["/waypoint-entrypoint", "a"], ["b"]),
        ({"Entrypoint": ["/bin/sh", "-c", "x $Y"]}, ["/waypoint-entrypoint", "/bin/sh", "-c", "x $Y"], None),
        ({}, ["/waypoint-entrypoint"], None),
    ],
)
def test_entrypoint_and_command_become_arguments(
    config: dict[str, object], entrypoint: list[str], command: list[str] | None
) -> None:
    lines = injection.dockerfile(image(**config), {"name": 'quoted "$value" \\ here'}).splitlines()
    assert lines[0] == "FROM sha256:1"
    assert json.loads(lines[2].removeprefix("ENTRYPOINT ")) == entrypoint
    commands = [json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD ")]
    assert commands == ([command] if command else [])
    assert lines[-1] == r'LABEL "name"="quoted \"\$value\" \\ here"'


@pytest.mark.parametrize("path", ["/waypoint-entrypoint", "/bin/wpceb"])
def test_an_injected_image_is_recognised(path: str) -> None:
    assert image(Entrypoint=[path, "x"]).injected
    assert not image(Entrypoint=["x", path]).injected
    assert image(Entrypoint=[path, "x"]).has_command
    assert not image(Entrypoint=[path]).has_command


@pytest.mark.parametrize(
    ("tree", "path", "found"),
    [
        ({"/usr/bin/python3": "/usr/bin/python3.11"}, "/usr/bin:/bin", "/usr/bin/python3"),
        ({"/opt/conda/bin/python3": "/opt/conda/bin/python3.12"}, "/opt/conda/bin:/usr/bin", "/opt/conda/bin/python3"),
        ({"/usr/bin/python3": "/usr/bin/python3.7"}, "/usr/bin", None),
        (
            {"/usr/bin/python3": "/usr/bin/python3.7", "/usr/local/bin/python3": "/usr/local/bin/python3.9"},
            "/usr/bin",
            "/usr/local/bin/python3",
        ),
        ({"/usr/bin/python3": "", "/usr/lib/python3.10/os.py": ""}, "/usr/bin", "/usr/bin/python3"),
        ({"/home/me/shims/python3": ""}, "/home/me/shims:relative", None),
        ({}, "", None),
    ],
)
def test_a_python_that_is_new_enough_is_found_without_running_it(
    tree: dict[str, str], path: str, found: str | None
) -> None:
    def stat(name: str) -> dict[str, str] | None:
        return {"linkTarget": tree[name]} if name in tree else None

    assert injection.find_python({"PATH": path}, stat) == found


def test_the_zipapp_is_run_by_the_images_python_isolated(tmp_path: Path) -> None:
    artifact = tmp_path / "waypoint-entrypoint"
    artifact.write_bytes(b"#!/usr/bin/env python3\nPK rest")
    program = injection.zipapp_for(artifact, "/opt/python3")
    assert program.content == b"#!/opt/python3 -IS\nPK rest"
    assert program.mode == 0o755
    assert not injection.is_executable(artifact)


def test_an_executable_is_chosen_by_the_images_architecture(tmp_path: Path) -> None:
    def elf(machine: int) -> bytes:
        return b"\x7fELF" + b"\0" * 14 + machine.to_bytes(2, "little")

    artifact = tmp_path / "waypoint-entrypoint"
    artifact.write_bytes(b"PK")
    assert injection.executable_for(artifact, "amd64") is None
    (tmp_path / "waypoint-entrypoint-linux-amd64").write_bytes(elf(62))
    (tmp_path / "waypoint-entrypoint-linux-arm64").write_bytes(elf(62))  # not what its name says
    chosen = injection.executable_for(artifact, "amd64")
    assert chosen is not None
    assert chosen.content == elf(62)
    assert injection.executable_for(artifact, "arm64") is None
    artifact.write_bytes(elf(183))
    assert injection.executable_for(artifact, "arm64") is not None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MB", 512_000_000),
        ("512m", 512_000_000),
        ("512MiB", 512 * 1024**2),
        ("1.5 GB", 1_500_000_000),
        ("64k", 64_000),
        ("4096", 4096),
        ("10b", 10),
    ],
)
def test_sizes_of_memory(text: str, size: int) -> None:
    assert memory_bytes(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "1XB", "0", "1.2.3MB", "512 megabytes"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        memory_bytes(text)


def test_the_environment_is_sorted_and_has_no_name_twice() -> None:
    deployment = DeploymentConfig("D", server_addr="localhost:9701", server_tls=True, entrypoint_invite_token="t")
    made = environment(8080, {"B": "2", "A": "1", "PORT": "81", "WAYPOINT_DEPLOYMENT_ID": "X"}, deployment)
    assert made == tuple(sorted(made))
    assert dict(each.split("=", 1) for each in made) == {
        "A": "1",
        "B": "2",
        "PORT": "81",
        "WAYPOINT_CEB_INVITE_TOKEN": "t",
        "WAYPOINT_DEPLOYMENT_ID": "D",
        "WAYPOINT_SERVER_ADDR": "host.docker.internal:9701",
        "WAYPOINT_SERVER_TLS": "1",
    }


@pytest.mark.parametrize(
    ("address", "reachable"),
    [
        ("localhost:1", "host.docker.internal:1"),
        ("127.0.0.1:1", "host.docker.internal:1"),
        ("[::1]:1", "host.docker.internal:1"),
        ("0.0.0.0:1", "host.docker.internal:1"),
        ("waypoint.example.com:9701", "waypoint.example.com:9701"),
        ("10.1.2.3:9701", "10.1.2.3:9701"),
        ("[fd00::1]:9701", "[fd00::1]:9701"),
    ],
)
def test_a_server_on_this_machine_is_named_as_containers_know_it(address: str, reachable: str) -> None:
    assert reachable_from_container(address) == reachable


def test_published_ports() -> None:
    found = {"3000/tcp": [{"HostIp": "0.0.0.0", "HostPort": "49153"}], "9000/tcp": None}
    assert host_port(found, 3000) == 49153
    assert host_port(found, 9000) == 0
    assert host_port({}, 3000) == 0


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("8080:3000", [Port("3000/tcp", "10.0.0.1", 8080)]),
        ("127.0.0.1:8080:3000/tcp", [Port("3000/tcp", "127.0.0.1", 8080)]),
        ("[::1]:53:53/udp", [Port("53/udp", "::1", 53)]),
        ("8000-8001:9000-9001", [Port("9000/tcp", "10.0.0.1", 8000), Port("9001/tcp", "10.0.0.1", 8001)]),
    ],
)
def test_ports_that_stay(entry: str, found: list[Port]) -> None:
    assert ports.parse(entry, "10.0.0.1") == found


@pytest.mark.parametrize("entry", ["", "3000", "a:b", "8080:3000/foo", "0:80", "80:99999", ":80:90", "80:", "1-2:3"])
def test_what_is_no_port_that_stays_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=f'"{entry}" in publish'):
        ports.parse(entry)


def test_a_port_of_the_container_is_published_once() -> None:
    assert ports.published(3000, [9000, 3000], ["8080:3000", "8081:3000"], "") == (
        Port("3000/tcp", "", 8080),
        Port("3000/tcp", "", 8081),
        Port("9000/tcp", "", 0),
    )


@pytest.mark.parametrize(
    ("other", "clash"),
    [
        (("0.0.0.0", "53", "53/tcp"), True),
        (("127.0.0.1", "53", "99/tcp"), True),
        (("127.0.0.1", "53", "53/udp"), False),
        (("127.0.0.2", "53", "53/tcp"), False),
        (("127.0.0.1", "54", "53/tcp"), False),
    ],
)
def test_which_ports_cannot_be_published_at_once(other: tuple[str, str, str], clash: bool) -> None:
    assert Port("53/tcp", "127.0.0.1", 53).clashes(*other) is clash


def test_names_of_containers_are_what_the_engine_accepts() -> None:
    assert container_name("my app/ü", "ID") == "my-app-ID"
    assert container_name("---", "ID") == "app-ID"


def test_classic_progress_knows_step_lines_and_what_was_made() -> None:
    output = ClassicBuild()
    for text in (
        "Step 1/3 : FROM a\n",
        " ---> 0123456789ab\n",
        "Step 2/3 : RUN one\n",
        " ---> Using cache\n",
        " ---> 1123456789ab\n",
        "Step 3/3 : RUN two\n",
        " ---> Running in 9923456789ab\n",
        "hello\nworld\n",
        "Removing intermediate container 9923456789ab\n",
        " ---> 2123456789ab\n",
    ):
        assert output.read({"stream": text}) == text
    assert output.made == ["2123456789ab"]
    assert list(output.lines) == ["hello", "world"]
    assert output.read({"errorDetail": {"message": "no"}, "error": "no"}) == ""
    assert (output.step, output.error) == ("Step 3/3 : RUN two", "no")


@pytest.mark.parametrize(
    ("known", "removed"),
    [
        (["a1"], ["c", "b", "a1"]),
        (["b"], ["c", "b"]),
        (["sha256:a1", "c"], ["c", "b", "a1"]),
        (["scratch"], []),
        (["d"], []),
        (["gone"], []),
    ],
)
def test_layers_go_with_what_stands_on_them_unless_that_has_a_name(known: list[str], removed: list[str]) -> None:
    """scratch (named) ← a1 ← b ← c; scratch ← d ← named"""
    parents = {"scratch": "", "a1": "scratch", "b": "a1", "c": "b", "d": "scratch", "named": "d"}
    listed = [
        {
            "Id": f"sha256:{layer}",
            "ParentId": f"sha256:{parent}" if parent else "",
            "RepoTags": ["web:1"] if layer in {"scratch", "named"} else ["<none>:<none>"],
        }
        for layer, parent in parents.items()
    ]
    assert layers.removable(listed, known) == [f"sha256:{layer}" for layer in removed]


def test_transfers_are_shown_once_per_layer_and_state() -> None:
    output = Transfer()
    records = [{"id": "a", "status": "Pushing", "progress": f"{n}"} for n in range(50)] + [
        {"id": "a", "status": "Pushed"}
    ]
    assert "".join(map(output.read, records)) == "a: Pushing\na: Pushed\n"
    assert output.read({"aux": {"Digest": "sha256:1"}}) == ""
    assert output.digest == "sha256:1"


def test_plain_output_of_buildx() -> None:
    output = BuildxOutput()
    for line in (
        "#1 [internal] load build definition from Dockerfile",
        "#1 transferring dockerfile: 80B done",
        "#1 DONE 0.0s",
        "#5 [2/2] RUN echo one && false",
        "#5 0.123 one",
        '#5 ERROR: process "/bin/sh -c echo one && false" did not complete successfully: exit code: 1',
        "------",
        " > [2/2] RUN echo one && false:",
        'ERROR: failed to solve: process "/bin/sh -c echo one && false" did not complete successfully: exit code: 1',
    ):
        output.read(line)
    assert output.step == "[2/2] RUN echo one && false"
    assert list(output.lines) == ["one"]
    assert output.error.startswith("failed to solve")


def test_a_container_is_addressed_directly_on_the_engines_own_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_INTERFACES", tmp_path)
    inspected = {
        "State": {"Running": True},
        "NetworkSettings": {
            "Ports": {"3000/tcp": [{"HostIp": "0.0.0.0", "HostPort": "49153"}]},
            "Networks": {"waypoint": {"NetworkID": "0123456789abcdef", "IPAddress": "172.18.0.2"}},
        },
    }
    assert reach.address(inspected, 3000, "far.example") == Reach("far.example", 49153, direct=False)
    assert reach.address(inspected, 9000, "far.example") is None
    (tmp_path / "br-0123456789ab").mkdir()
    assert reach.address(inspected, 3000, "127.0.0.1") == Reach("172.18.0.2", 3000, direct=True)
    inspected["State"] = {"Running": False}
    assert reach.address(inspected, 3000, "127.0.0.1") is None


def test_addresses_as_people_open_them() -> None:
    assert reach.url("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert reach.url("far.example", 80) == "http://far.example:80"
    assert reach.url("::1", 80) == "http://[::1]:80"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ('Get "https://r.example/v2/": dial tcp: lookup r.example: no such host', "r.example cannot be reached"),
        ("net/http: request canceled (Client.Timeout exceeded while awaiting headers)", "r.example cannot be reached"),
        ("Get https://r.example/v2/: http: server gave HTTP response to HTTPS client", "r.example does not speak TLS"),
        ("x509: certificate signed by unknown authority", "the engine does not trust the certificate of r.example"),
        ("unauthorized: authentication required", "r.example refused no credentials"),
        (
            "pull access denied for r.example/web, repository does not exist or may require 'docker login'",
            "r.example refused no credentials",
        ),
        ("manifest for r.example/web:1 not found: manifest unknown", "there is no such image at r.example"),
        ("write /var/lib/docker/tmp/x: no space left on device", "the engine's disk is full"),
        ("something new", "something new"),
    ],
)
def test_refusals_of_registries_are_sentences(reason: str, sentence: str) -> None:
    error = images.refusal(parse("r.example/web:1"), ANONYMOUS, "pulled", reason)
    assert error.what == f"r.example/web:1 cannot be pulled: {sentence}"


@pytest.mark.parametrize(
    ("state", "network", "overall"),
    [
        ({"Status": "running"}, "READY", "READY"),
        ({"Status": "running"}, "MISSING", "PARTIAL"),
        ({"Status": "running", "Health": {"Status": "starting"}}, "READY", "ALIVE"),
        ({"Status": "running", "Health": {"Status": "unhealthy"}}, "READY", "DOWN"),
        ({"Status": "exited", "ExitCode": 1}, "READY", "DOWN"),
        ({"Status": "exited", "ExitCode": 0}, "READY", "DOWN"),
        ({"Status": "paused"}, "READY", "DOWN"),
        (None, "READY", "MISSING"),
    ],
)
def test_a_deployment_is_down_when_nothing_serves(state: dict[str, object] | None, network: str, overall: str) -> None:
    health, why = container_health(state) if state else (StatusReport.MISSING, "the container is gone")
    hints = ResourceCategoryDisplayHint
    container = StatusReport.Resource(
        type="container", category_display_hint=hints.INSTANCE, health=health, health_message=why
    )
    router = StatusReport.Resource(type="network", category_display_hint=hints.ROUTER, health=network)
    report = summarize([container, router])
    assert StatusReport.Health.Name(report.health) == overall
    assert report.health_message == why or overall in {"READY", "PARTIAL"}
