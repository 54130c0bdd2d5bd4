"""The standalone entrypoint in every kind of image, made here of this machine's programs: none of them has a Python.

Containers are as hardened as they get: a root that cannot be written, nobody's user without a name, no capability.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import resource
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from .conftest import Entrypoints, emulated, eventually, parent_of
from .fake_server import DEPLOYMENT, INVITE, FakeServer

BUSYBOX = Path("/bin/busybox")
HARDENED = {
    "read_only": True,
    "user": "65534:65534",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "network_mode": "host",
}
PRINTS = '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { puts(getenv("GREETING")); return 7; }\n'
LITTLE = 3 << 20
Root = dict[str, Path]
"""Path inside an image → file on this machine."""


def linked(program: Path) -> Root:
    """A program that is linked dynamically, with what it is linked to."""
    output = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"(?:=> |^\s*)(/\S+) \(0x", output, re.MULTILINE)
    return {"bin/app": program, **{name.lstrip("/"): Path(os.path.realpath(name)) for name in libraries}}


def compiled(folder: Path, compiler: str, *options: str) -> Path:
    """A program that prints GREETING and ends with status 7."""
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} on this machine (Debian: {'musl-tools' if 'musl' in compiler else 'gcc'})")
    (folder / "app.c").write_text(PRINTS)
    subprocess.run([compiler, *options, "-o", folder / "app", folder / "app.c"], check=True)
    return folder / "app"


def scratch(folder: Path) -> Root:
    """Nothing but the application."""
    return {"bin/app": compiled(folder, "gcc", "-static")}


def distroless(folder: Path) -> Root:
    """glibc, users and certificates, no shell."""
    (folder / "passwd").write_text("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/:/sbin/nologin\n")
    return linked(compiled(folder, "gcc")) | {"etc/passwd": folder / "passwd"}


def musl(folder: Path) -> Root:
    """musl as its C library."""
    program = compiled(folder, "musl-gcc")
    loader = next(Path("/lib").glob("ld-musl-*.so.1"))
    return {"bin/app": program, f"lib/{loader.name}": Path(os.path.realpath(loader))}


def small(folder: Path) -> Root:
    """busybox with a shell."""
    if not BUSYBOX.exists():
        pytest.skip("no /bin/busybox (Debian: busybox-static)")
    (folder / "app").write_text("#!/bin/sh\necho $GREETING\nexit 7\n")
    (folder / "app").chmod(0o755)
    return {"bin/app": folder / "app", "bin/sh": BUSYBOX}


def debian(folder: Path) -> Root:
    """glibc and a shell that is linked to it."""
    root = linked(Path("/bin/dash"))
    root["bin/sh"] = root.pop("bin/app")
    return {**root, "bin/app": small(folder)["bin/app"]}


ROOTS = (scratch, distroless, musl, small, debian)
Run = Callable[..., Container]


@pytest.fixture(params=ROOTS, ids=lambda make: make.__name__)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Root:
    """The files of one kind of image."""
    made: Root = request.param(tmp_path)
    return made


@pytest.fixture
def run(
    docker_client: docker.DockerClient, docker_project: str, standalone: Path, server: FakeServer
) -> Iterator[Callable[..., Container]]:
    """run(root, *argv, **options) starts a hardened container of an image with these files and the entrypoint."""
    made: list[Container] = []
    images: list[str] = []

    def start(root: Root, *argv: str, environment: dict[str, str] | None = None, **options: object) -> Container:
        files = io.BytesIO()
        with tarfile.open(fileobj=files, mode="w") as tar:
            for name, path in {**root, "waypoint-entrypoint": standalone}.items():
                tar.add(path, name)
        loaded = docker_client.api.import_image_from_data(
            files.getvalue(), repository=f"{docker_project}-{len(images)}", changes=["ENV PATH=/bin"]
        )
        image = re.search(r"sha256:[0-9a-f]+", loaded)
        assert image is not None, loaded
        images.append(image[0])
        container = docker_client.containers.run(
            image[0],
            list(argv),
            detach=True,
            labels={"waypoint.test": docker_project},
            environment={
                "WAYPOINT_SERVER_ADDR": f"127.0.0.1:{server.port}",
                "WAYPOINT_SERVER_TLS": "1",
                "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
                "WAYPOINT_CEB_INVITE_TOKEN": INVITE,
                "WAYPOINT_DEPLOYMENT_ID": DEPLOYMENT,
                **(environment or {}),
            },
            **{"entrypoint": ["/waypoint-entrypoint"], **HARDENED, **options},
        )
        made.append(container)
        return container

    yield start
    for container in made:
        container.remove(force=True, v=True)
    for image in images:
        with contextlib.suppress(docker.errors.APIError):
            docker_client.images.remove(image, force=True)


def check(container: Container, server: FakeServer) -> None:
    """It had its configuration, its status is the container's, and its line reached the server."""
    assert container.wait(timeout=60)["StatusCode"] == 7, container.logs()
    assert container.logs(stdout=True, stderr=False) == b"hello\n"
    assert b"internal fault" not in container.logs()
    assert server.app_lines() == ["hello"]


def test_hardened_and_alone_as_process_one(run: Run, root: Root, server: FakeServer) -> None:
    server.set_config(GREETING="hello")
    check(run(root, "app"), server)


def test_not_as_process_one(run: Run, root: Root, server: FakeServer) -> None:
    server.set_config(GREETING="hello")
    check(run(root, "/bin/app", pid_mode="host"), server)


def test_nested_in_itself(run: Run, tmp_path: Path, server: FakeServer) -> None:
    server.set_config(GREETING="hello")
    twice = ["/waypoint-entrypoint", "waypoint-entrypoint", "--"]
    check(run(scratch(tmp_path), "app", entrypoint=twice, environment={"PATH": "/:/bin"}), server)


def test_switched_off_in_nothing_but_itself(run: Run, tmp_path: Path) -> None:
    off = {"WAYPOINT_CEB_DISABLE": "1", "GREETING": "off"}
    container = run(scratch(tmp_path), "app", environment=off)
    assert container.wait(timeout=60)["StatusCode"] == 7
    assert container.logs() == b"off\n"


def test_switched_off_no_interpreter_starts(standalone: Path) -> None:
    """Nor is there room for one: with a server to ask it cannot even begin."""

    def leave_little() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (LITTLE, LITTLE))

    command = [standalone, "sh", "-c", "echo became $PORT"]
    off = {"PATH": "/bin"}
    done = subprocess.run(command, env=off, preexec_fn=leave_little, capture_output=True, timeout=60, check=True)
    assert done.stdout == b"became 5000\n"
    on = off | {"WAYPOINT_SERVER_ADDR": "127.0.0.1:9"}
    done = subprocess.run(command, env=on, preexec_fn=leave_little, capture_output=True, timeout=60, check=False)
    assert (done.returncode != 0, done.stdout) == (True, b"")


def test_hostile_variables_of_an_image_are_passed_on_and_not_followed(
    run: Run, tmp_path: Path, server: FakeServer
) -> None:
    server.set_config(GREETING="hello")
    hostile = {"PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere", "PYTHONSTARTUP": "/x", "LC_ALL": "tr_TR.ISO-8859-9"}
    container = run(small(tmp_path), "sh", "-c", "set; exit 7", environment=hostile)
    assert container.wait(timeout=60)["StatusCode"] == 7
    said = container.logs(stdout=True, stderr=False).decode()
    assert all(f"{name}='{value}'" in said for name, value in hostile.items()), said
    assert "LC_CTYPE" not in said


def test_stopping_and_reaping(run: Run, tmp_path: Path, server: FakeServer) -> None:
    script = (
        "i=0; while [ $i -lt 200 ]; do (sleep 0.01 &); i=$((i+1)); done; trap 'echo bye; exit 3' TERM; echo ready\n"
    )
    container = run(small(tmp_path) | {"bin/sleep": BUSYBOX}, "sh", "-c", script + "while :; do sleep 0.05; done")
    server.wait(lambda: "ready" in server.app_lines())
    eventually(lambda: "Z" not in [p[1][0] for p in container.top(ps_args="-eo pid,stat,comm")["Processes"]])
    container.stop(timeout=20)
    assert container.wait()["StatusCode"] == 3
    assert {"ready", "bye"} <= set(server.app_lines())


def test_without_proc_dev_etc_and_tmp(standalone: Path, server: FakeServer, tmp_path: Path) -> None:
    """A change of root has less than any container: not even /proc."""
    if os.geteuid():
        pytest.skip("optional: only root may change the root")
    server.set_config(GREETING="hello")
    bare = tmp_path / "root"
    (bare / "bin").mkdir(parents=True)
    shutil.copy(scratch(tmp_path)["bin/app"], bare / "bin/app")
    shutil.copy(standalone, bare / "waypoint-entrypoint")

    def enter() -> None:
        os.chroot(bare)
        os.chdir("/")

    given = Entrypoints(standalone, tmp_path, standalone).environment(server, PATH="/bin")
    process = subprocess.Popen(
        ["waypoint-entrypoint", "app"],
        executable="/waypoint-entrypoint",
        env=given,
        preexec_fn=enter,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (7, b"hello\n"), err
    assert sorted(path.name for path in bare.iterdir()) == ["bin", "waypoint-entrypoint"]


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """A folder that other users may write to, and may come to."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_the_kernel_is_asked_for_what_only_it_can_do(standalone: Path, server: FakeServer, everybodys: Path) -> None:
    """Nobody's user cannot look into it (what the kernel shows of it is root's), and orphans become its children."""
    if os.geteuid():
        pytest.skip("optional: only root may start it as another user")
    program = everybodys / "waypoint-entrypoint"
    shutil.copy(standalone, program)
    script = "(sh -c 'echo $$ >orphan.new; mv orphan.new orphan; exec sleep 1000' &); exec sleep 1000"
    script = f"while ! test -e go; do sleep 0.05; done; {script}"
    process = Entrypoints(program, everybodys, program).start("sh", "-c", script, server=server, user=65534)
    try:
        eventually(lambda: os.stat(f"/proc/{process.pid}/environ").st_uid == 0)
        (everybodys / "go").touch()
        eventually(lambda: (everybodys / "orphan").exists())
        orphan = int((everybodys / "orphan").read_text())
        eventually(lambda: parent_of(orphan) == process.pid)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=60)
    assert b"internal fault" not in said


def test_an_image_without_certificates_says_why_it_trusts_nobody(run: Run, tmp_path: Path) -> None:
    verify = {"WAYPOINT_SERVER_TLS_SKIP_VERIFY": "0", "GREETING": "without"}
    container = run(scratch(tmp_path), "app", environment=verify)
    assert container.wait(timeout=60)["StatusCode"] == 7
    assert b"certificate" in container.logs(stdout=False, stderr=True)


def test_an_image_without_certificates_trusts_the_one_it_is_given(run: Run, tmp_path: Path, server: FakeServer) -> None:
    server.set_config(GREETING="hello")
    assert server.certificate is not None
    pinned = {"WAYPOINT_SERVER_TLS_SKIP_VERIFY": "0", "WAYPOINT_SERVER_TLS_CA": server.certificate.pem.decode()}
    check(run(scratch(tmp_path), "app", environment=pinned), server)


@pytest.mark.parametrize("argv", [["--version"], ["-version"]])
def test_the_other_architecture_knows_its_version(
    standalone_files: dict[str, Path], standalone: Path, argv: list[str]
) -> None:
    there = subprocess.run([*emulated(), standalone_files["arm64"], *argv], capture_output=True, timeout=60, check=True)
    here = subprocess.run([standalone, *argv], capture_output=True, timeout=60, check=True)
    assert there.stdout == here.stdout


def test_the_other_architecture_runs_an_application(
    standalone_files: dict[str, Path], server: FakeServer, tmp_path: Path
) -> None:
    """The entrypoint is emulated; what it starts is this machine's."""
    server.set_config(GREETING="hello")
    given = Entrypoints(standalone_files["arm64"], tmp_path).environment(server)
    done = subprocess.run(
        [*emulated(), standalone_files["arm64"], "sh", "-c", "echo $GREETING; exit 7"],
        env=given,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, b"hello\n"), done.stderr
    assert server.app_lines() == ["hello"]


def test_the_other_architecture_switched_off(standalone_files: dict[str, Path]) -> None:
    command = [*emulated(), standalone_files["arm64"], "sh", "-c", "echo $PORT"]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, timeout=60, check=True)
    assert done.stdout == b"5000\n"
