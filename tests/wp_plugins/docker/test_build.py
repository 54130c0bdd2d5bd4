from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import docker
import docker.errors
import pytest

from wp_plugins.docker.build import has_buildx
from wp_plugins.docker.builder import BuilderConfig, build
from wp_plugins.docker.credentials import Auth
from wp_plugins.docker.labels import PROJECT
from wp_proto.plugins.docker_pb2 import Image
from wp_sdk.component import Cancelled, EntrypointFile, PluginError, Source
from wp_sdk.testing import Harness

App = Callable[..., Path]
MakeHarness = Callable[..., Harness]


def built(harness: Harness) -> Image:
    value = harness.call(build).value
    assert isinstance(value, Image)
    return value


def name_of(image: Image) -> str:
    return f"{image.image}:{image.tag}"


def leftovers(client: docker.DockerClient, marker: str) -> list[str]:
    """Containers that run a command with `marker`, and nameless images made by one."""
    found = []
    for container in client.api.containers(all=True):
        if marker in str(container["Command"]):
            found.append(f"container {container['Id']}")
    for image in client.api.images(filters={"dangling": True}):
        with contextlib.suppress(docker.errors.NotFound):  # somebody else's, gone by now
            if any(marker in str(layer["CreatedBy"]) for layer in client.api.history(image["Id"])):
                found.append(f"image {image['Id']}")
    return found


def test_build_names_the_image_and_injects_the_entrypoint(
    docker_client: docker.DockerClient, python_image: str, app: App, harness: MakeHarness, docker_project: str
) -> None:
    lines = (f"FROM {python_image}", "COPY hello.txt /hello.txt", 'CMD ["cat", "/hello.txt"]')
    path = app(*lines, **{"hello.txt": "hi\n"})
    made = harness(BuilderConfig(), path)
    made.source = Source(f"web-{docker_project}", path)
    image = built(made)
    assert (image.image, image.architecture) == (f"waypoint.local/web-{docker_project}", "amd64")
    assert image.WhichOneof("location") == "docker"
    inspected = docker_client.images.get(name_of(image))
    assert inspected.id.removeprefix("sha256:").startswith(image.tag)
    assert docker_client.images.get(f"{image.image}:latest").id == inspected.id
    assert inspected.attrs["Config"]["Entrypoint"] == ["/waypoint-entrypoint"]
    assert inspected.labels[PROJECT] == docker_project
    output = docker_client.containers.run(name_of(image), remove=True, stderr=True)
    # two streams of one container come in any order
    assert sorted(output.splitlines()) == [b"hi", b"launched by the entrypoint"]
    shown = made.text()
    for text in ("Initializing Docker client...", "Building image...", "Step 1/", "Injecting Waypoint Entrypoint..."):
        assert text in shown


def test_building_and_injecting_again_changes_nothing(
    docker_client: docker.DockerClient, python_image: str, app: App, harness: MakeHarness
) -> None:
    marker = f"marker-{time.time_ns()}"
    path = app(f"FROM {python_image}", f"RUN echo {marker}", 'CMD ["true"]')
    first = built(harness(BuilderConfig(), path))
    assert name_of(built(harness(BuilderConfig(), path))) == name_of(first)
    assert leftovers(docker_client, marker) == []
    path = app(f"FROM {name_of(first)}", 'CMD ["echo", "again"]')
    second = built(harness(BuilderConfig(), path))
    config = docker_client.images.get(name_of(second)).attrs["Config"]
    assert config["Entrypoint"] == ["/waypoint-entrypoint"]
    assert docker_client.containers.run(name_of(second), remove=True) == b"again\n"


def test_what_the_image_says_about_itself_stays(
    docker_client: docker.DockerClient, python_image: str, app: App, harness: MakeHarness
) -> None:
    path = app(
        f"FROM {python_image}",
        "ENV COLOUR=blue",
        "EXPOSE 8080",
        "VOLUME /data",
        "WORKDIR /tmp",
        "STOPSIGNAL SIGUSR1",
        "HEALTHCHECK --interval=3s CMD true",
        "USER 65534:65534",
        'ENTRYPOINT ["sh", "-c"]',
        'CMD ["echo $COLOUR \\"$0\\"; id -u; pwd", "two words"]',
    )
    without = built(harness(BuilderConfig(disable_entrypoint=True), path))
    plain = docker_client.images.get(name_of(without))
    image = built(harness(BuilderConfig(), path))
    injected = docker_client.images.get(name_of(image))
    changed = {"Entrypoint", "Labels", "Image", "Hostname", "Domainname", "ArgsEscaped", "OnBuild"}
    before = {k: v for k, v in plain.attrs["Config"].items() if k not in changed}
    assert {k: v for k, v in injected.attrs["Config"].items() if k not in changed} == before
    assert injected.attrs["Config"]["Entrypoint"] == ["/waypoint-entrypoint", "sh", "-c"]
    assert injected.attrs["RootFS"]["Layers"][:-1] == plain.attrs["RootFS"]["Layers"]
    container = docker_client.containers.run(name_of(image), detach=True)
    container.wait()
    output = container.logs(stderr=False)
    container.remove(v=True)  # its volume too
    assert output == b"blue two words\n65534\n/tmp\n"


def test_shell_form_and_onbuild_images(
    docker_client: docker.DockerClient, python_image: str, app: App, harness: MakeHarness
) -> None:
    path = app(f"FROM {python_image}", "ONBUILD RUN false", "ENTRYPOINT echo from the shell")
    image = built(harness(BuilderConfig(), path))
    config = docker_client.images.get(name_of(image)).attrs["Config"]
    assert config["Entrypoint"] == ["/waypoint-entrypoint", "/bin/sh", "-c", "echo from the shell"]
    assert config["OnBuild"] == ["RUN false"]
    assert docker_client.containers.run(name_of(image), remove=True) == b"from the shell\n"


def test_an_image_without_python_is_left_as_it_is_with_a_warning(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness
) -> None:
    made = harness(BuilderConfig(), app(f"FROM {busybox_image}", 'CMD ["echo", "plain"]'))
    image = built(made)
    assert docker_client.images.get(name_of(image)).attrs["Config"]["Entrypoint"] is None
    assert docker_client.containers.run(name_of(image), remove=True) == b"plain\n"
    assert "The image has no Python 3.9 or newer to run the Waypoint entrypoint with" in made.text()


def test_no_entrypoint_at_hand_is_a_warning(busybox_image: str, app: App, harness: MakeHarness) -> None:
    made = harness(BuilderConfig(), app(f"FROM {busybox_image}"))
    made.entrypoint = EntrypointFile(None)
    built(made)
    assert "There is no Waypoint entrypoint to inject" in made.text()


def test_an_executable_is_injected_into_any_image_of_its_architecture(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness, tmp_path: Path
) -> None:
    made = harness(BuilderConfig(), app(f"FROM {busybox_image}", 'CMD ["echo", "run by an executable"]'))
    static = tmp_path / "waypoint-entrypoint-linux-amd64"
    static.write_bytes(Path("/bin/busybox").read_bytes())  # the nearest static executable: runs `sh`-like by its name
    image = built(made)
    config = docker_client.images.get(name_of(image)).attrs["Config"]
    assert config["Entrypoint"] == ["/waypoint-entrypoint"]
    assert config["Cmd"] == ["echo", "run by an executable"]


def test_context_args_target_and_dockerignore(
    docker_client: docker.DockerClient,
    busybox_image: str,
    app: App,
    harness: MakeHarness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = app("FROM scratch")
    context = path.parent / "context"
    (context / "sub").mkdir(parents=True)
    for name in ("kept.txt", "dropped.log", "sub/kept.log", ".dockerignore"):
        (context / name).write_text("*.log\n!sub/*.log\n" if name == ".dockerignore" else name)
    (path / "Outside.dockerfile").write_text(
        f"FROM {busybox_image} AS first\nARG GIVEN\nARG TAKEN\nCOPY . /in\nRUN echo $GIVEN-$TAKEN > /args\n"
        'CMD ["sh", "-c", "cd /in && find . -type f | sort; cat /args"]\nFROM first AS second\nRUN false\n'
    )
    before = sorted(path.rglob("*"))
    monkeypatch.setenv("TAKEN", "environment")
    config = BuilderConfig(
        context=str(context),
        dockerfile="Outside.dockerfile",
        target="first",
        build_args={"GIVEN": "configuration", "TAKEN": None},
        disable_entrypoint=True,
        no_cache=True,
    )
    image = built(harness(config, path))
    output = docker_client.containers.run(name_of(image), remove=True).decode().split()
    assert [line for line in output if "/.dockerfile." not in line] == [
        "./.dockerignore",
        "./kept.txt",
        "./sub/kept.log",
        "configuration-environment",
    ]
    assert sorted(path.rglob("*")) == before


def test_a_failing_step_is_named_with_its_last_lines_and_leaves_nothing(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness
) -> None:
    marker = f"marker-{time.time_ns()}"
    path = app(
        f"FROM {busybox_image}",
        f"RUN echo {marker} > /made",
        f"RUN for i in 1 2 3; do echo line $i; done; : {marker}; exit 7",
        "RUN true",
    )
    made = harness(BuilderConfig(), path)
    with pytest.raises(PluginError) as raised:
        made.call(build)
    assert "returned a non-zero code: 7" in raised.value.what
    assert raised.value.where.startswith("Step 3/")
    assert raised.value.where.endswith(f" : RUN for i in 1 2 3; do echo line $i; done; : {marker}; exit 7")
    assert raised.value.output == "line 1\nline 2\nline 3"
    assert leftovers(docker_client, marker) == []


@pytest.mark.parametrize(
    ("dockerfile", "sentence"),
    [
        ("FORM busybox", "unknown instruction: FORM"),
        ("FROM waypoint.invalid/there-is-none:1", "waypoint.invalid"),
        ("", "file with no instructions"),
    ],
)
def test_a_wrong_dockerfile_is_one_sentence(app: App, harness: MakeHarness, dockerfile: str, sentence: str) -> None:
    with pytest.raises(PluginError) as raised:
        harness(BuilderConfig(), app(dockerfile)).call(build)
    assert sentence in str(raised.value)


def test_a_missing_dockerfile_is_one_sentence(app: App, harness: MakeHarness) -> None:
    path = app("FROM scratch")
    (path / "Dockerfile").unlink()
    with pytest.raises(PluginError, match=r"There is no Dockerfile\. Write one, or set `dockerfile`"):
        harness(BuilderConfig(), path).call(build)
    with pytest.raises(PluginError, match="The build context is not there"):
        harness(BuilderConfig(context="no/such/folder"), path).call(build)


def test_cancelling_ends_the_build_in_the_engine(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness
) -> None:
    marker = f"marker-{time.time_ns()}"
    lines = (f"FROM {busybox_image}", f"RUN echo {marker}", f"RUN echo {marker} begins && sleep 600")
    made = harness(BuilderConfig(), app(*lines))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            made.call(build)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    end = time.monotonic() + 60
    while f"\n{marker} begins" not in made.text():
        assert time.monotonic() < end
        time.sleep(0.05)
    made.ctx.cancel()
    thread.join(60)
    assert not thread.is_alive()
    assert isinstance(failures[0], Cancelled)
    while leftovers(docker_client, marker):
        assert time.monotonic() < end, "the engine goes on building, or kept what it made"
        time.sleep(0.1)


def test_buildkit_builds_through_the_engine_when_the_docker_program_cannot(
    docker_client: docker.DockerClient, python_image: str, app: App, harness: MakeHarness
) -> None:
    path = app(f"FROM {python_image}", f"RUN echo built by buildkit > /how {time.time_ns()}", 'CMD ["cat", "/how"]')
    made = harness(BuilderConfig(buildkit=True), path)
    image = built(made)
    assert b"built by buildkit" in docker_client.containers.run(name_of(image), remove=True)
    if not has_buildx():
        assert "no buildx plugin" in made.text()


def test_a_failing_buildkit_step_is_named_with_its_last_lines(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness
) -> None:
    marker = f"marker-{time.time_ns()}"
    path = app(f"FROM {busybox_image}", f"RUN echo one; echo {marker} two; exit 9")
    with pytest.raises(PluginError) as raised:
        harness(BuilderConfig(buildkit=True), path).call(build)
    assert "exit code: 9" in str(raised.value)
    assert "RUN echo one" in raised.value.where
    assert raised.value.output.splitlines()[0] == "one"
    assert leftovers(docker_client, marker) == []


def test_what_needs_buildkit_says_so(busybox_image: str, app: App, harness: MakeHarness) -> None:
    path = app(f"FROM {busybox_image}")
    with pytest.raises(PluginError, match="platform needs BuildKit"):
        harness(BuilderConfig(platform="linux/arm64", buildkit=False), path).call(build)
    if not has_buildx():
        with pytest.raises(PluginError, match="secrets needs the docker program with its buildx plugin"):
            harness(BuilderConfig(secrets=["id=a,src=b"]), path).call(build)


def test_further_tags(
    docker_client: docker.DockerClient, busybox_image: str, app: App, harness: MakeHarness, docker_project: str
) -> None:
    config = BuilderConfig(extra_tags=[docker_project], disable_entrypoint=True)
    image = built(harness(config, app(f"FROM {busybox_image}")))
    further = docker_client.images.get(f"waypoint.local/web:{docker_project}")
    assert further.id == docker_client.images.get(name_of(image)).id


def test_an_image_without_command_is_built_with_a_warning(busybox_image: str, app: App, harness: MakeHarness) -> None:
    made = harness(BuilderConfig(), app("FROM scratch", "COPY Dockerfile /"))
    built(made)
    assert "The image has no command" in made.text()


PROGRAM = """#!/bin/sh
[ "$1 $2" = "buildx version" ] && exit 0
for word; do echo "$word" >> "{record}"; case $word in --iidfile=*) answer=${{word#--iidfile=}};; esac; done
cat "$DOCKER_CONFIG/config.json" >> "{record}"
echo '#1 [1/1] FROM busybox'
echo '#1 DONE 0.0s'
[ -n "$FAIL" ] && echo 'ERROR: failed to solve: nothing works' && exit 1
[ -z "$answer" ] || printf %s "{image}" > "$answer"
"""


@pytest.fixture
def buildx(
    docker_client: docker.DockerClient, busybox_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A docker program that has buildx, writes down how it is called and "builds" busybox."""
    record, image = tmp_path / "buildx-arguments", docker_client.images.get(busybox_image).id
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "docker"
    program.write_text(PROGRAM.format(record=record, image=image))
    program.chmod(0o755)
    (tmp_path / "docker-config" / "cli-plugins").mkdir(parents=True)
    (tmp_path / "docker-config" / "config.json").write_text('{"credsStore": "own", "currentContext": "default"}')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return record


def test_the_docker_programs_buildx_is_used_when_it_is_there(
    buildx: Path, app: App, harness: MakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = app("FROM busybox")
    config = BuilderConfig(
        buildkit=True,
        build_args={"A": "1"},
        target="final",
        platform="linux/amd64",
        no_cache=True,
        pull=True,
        network="none",
        labels={"team": "red"},
        cache_from=["example.com/web:cache"],
        secrets=["id=token,src=token.txt"],
        ssh=["default"],
        cache_to=["type=inline"],
        auth=Auth(hostname="registry.example", username="u", password="p"),
        disable_entrypoint=True,
    )
    made = harness(config, path)
    built(made)
    words = buildx.read_text().splitlines()
    assert words[:2] == ["buildx", "build"]
    assert {
        "--load",
        f"--file={path}/Dockerfile",
        "--build-arg=A=1",
        "--target=final",
        "--platform=linux/amd64",
        "--no-cache",
        "--pull",
        "--network=none",
        "--label=team=red",
        "--cache-from=example.com/web:cache",
        "--secret=id=token,src=token.txt",
        "--ssh=default",
        "--cache-to=type=inline",
    } <= set(words)
    assert json.loads(words[-1]) == {"currentContext": "default", "auths": {"registry.example": {"auth": "dTpw"}}}
    assert words[-2] == str(path)
    assert "#1 [1/1] FROM busybox" in made.text()
    monkeypatch.setenv("FAIL", "1")
    with pytest.raises(PluginError, match="The build failed: failed to solve: nothing works"):
        made.call(build)


def test_each_output_is_a_build_of_its_own_before_the_image(buildx: Path, app: App, harness: MakeHarness) -> None:
    path = app("FROM busybox")
    outputs = ["type=local,dest=out", "type=tar,dest=out.tar"]
    config = BuilderConfig(no_cache=True, pull=True, outputs=outputs, disable_entrypoint=True)
    built(harness(config, path))
    text = buildx.read_text()
    calls = [call.splitlines() for call in text.split("buildx\nbuild\n")[1:]]
    assert [[word for word in call if word.startswith(("--output", "--load"))] for call in calls] == [
        ["--output=type=local,dest=out"],
        ["--output=type=tar,dest=out.tar"],
        ["--load"],
    ]
    # what the first one built anew is the cache of the others
    assert ["--no-cache" in call for call in calls] == [True, False, False]
    assert ["--pull" in call for call in calls] == [True, False, False]


@pytest.fixture
def real_buildx(docker_client: docker.DockerClient, tmp_path: Path) -> None:
    """The docker program has the buildx of this machine, although a test has a configuration of its own."""
    places = [
        Path(folder, "docker/cli-plugins/docker-buildx") for folder in ("/usr/libexec", "/usr/lib", "/usr/local/lib")
    ]
    found = shutil.which("docker-buildx") or next((str(place) for place in places if place.exists()), None)
    if found is None or shutil.which("docker") is None:
        pytest.skip(
            "optional: no docker program with buildx (the program docker-buildx on PATH, or installed as plugin)"
        )
    plugins = tmp_path / "docker-config" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-buildx").symlink_to(found)


def test_secrets_outputs_and_labels_of_a_real_buildx(
    docker_client: docker.DockerClient,
    real_buildx: None,
    busybox_image: str,
    app: App,
    harness: MakeHarness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = app(
        f"FROM {busybox_image} AS made",
        "RUN --mount=type=secret,id=file --mount=type=secret,id=variable cat /run/secrets/* > /secrets",
        f"RUN echo {time.time_ns()} > /when",
        "FROM scratch AS files",
        "COPY --from=made /secrets /secrets",
        "FROM made",
        'CMD ["cat", "/secrets"]',
    )
    (path / "waypoint.hcl").write_text("")
    (path / "token.txt").write_text("from-a-file ")
    monkeypatch.setenv("TOKEN", "from-the-environment")
    config = BuilderConfig(
        secrets=["id=file,src=token.txt", "id=variable,env=TOKEN"],
        outputs=["type=local,dest=out"],
        labels={"team": "red"},
        disable_entrypoint=True,
    )
    image = built(harness(config, path))
    output = docker_client.containers.run(name_of(image), remove=True)
    assert output == b"from-a-file from-the-environment"
    assert (path / "out" / "secrets").read_bytes() == output
    assert docker_client.images.get(name_of(image)).labels["team"] == "red"
    made = harness(BuilderConfig(buildkit=True), app(f"FROM {busybox_image}", "RUN echo one; echo two; exit 9"))
    with pytest.raises(PluginError, match="exit code: 9") as raised:
        made.call(build)
    assert "RUN echo one" in raised.value.where
    assert raised.value.output.splitlines()[-2:] == ["one", "two"]
