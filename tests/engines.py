"""Real engines for the tests, one fixture each; without the engine a test skips and says so.

`docker_client`   the Docker engine (docker-py)
`docker_project`  a project's name of one test only; what carries it in the engine is removed at the end
`busybox_image`   `busybox:latest`, made of Debian's static busybox where the engine has none
`python_image`    `python:3-slim`, made of this machine's Debian Python where the engine has none
`waypoint_image`  this checkout as an image, the programs at /usr/local/bin
`registry`        an image registry that lets everybody in, on a port of its own
`private_registry` one that asks for the name and password it carries
`postgres`        a PostgreSQL server (tests.postgres), shared by all tests; each takes a database of its own
`vault_server`    a Vault (tests.vault), shared by all tests; each takes mounts of its own
"""

from __future__ import annotations

import contextlib
import fcntl
import http
import http.client
import importlib.metadata
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import docker.errors
import pytest
from tests import vault
from tests.ports import free_port
from tests.postgres import PostgresServer, programs
from tests.vault import VaultServer

BASE_LABEL = "waypoint.tests"
PROJECT_LABEL = "waypoint.hashicorp.com/project"
DEADLINE = 60.0

_PYTHON = Path("/usr/bin/python3")
_WAYPOINT = "/usr/lib/waypoint"

# Part of the standard library that no application in a test uses.
_NOT_NEEDED = {
    "test",
    "__pycache__",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "lib2to3",
    "distutils",
    "dist-packages",
}

# name, password, and the password's bcrypt hash as the registry's password file has it: for a registry that lives as
# long as one test
_LOGIN = ("tester", "letters-and-lions", "$2y$05$YsbMqBkOEvxrh12yrz.LK.B66D89O.OKJtw8ujH0Cbfo.GBTcwKrW")


@dataclass(frozen=True)
class Registry:
    """A running image registry; `username` is empty where everybody may come in."""

    host: str
    username: str = ""
    password: str = ""


@pytest.fixture(scope="session")
def docker_client() -> Iterator[docker.DockerClient]:
    try:
        client = docker.from_env()
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        pytest.skip(f"no Docker engine: {error}")
    # All projects share one network: it goes with the last of the test runs on this machine, as another one may just
    # be about to start a container in it. The lock is on a folder that is there anyway.
    runs = os.open(tempfile.gettempdir(), os.O_RDONLY)
    fcntl.flock(runs, fcntl.LOCK_SH)
    yield client
    try:
        fcntl.flock(runs, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass  # the other run removes it
    else:
        for network in client.networks.list(filters={"label": "use=waypoint"}):
            with contextlib.suppress(docker.errors.APIError):  # somebody else uses it
                network.remove()
    finally:
        os.close(runs)
    client.close()


@pytest.fixture(scope="session")
def busybox_image(docker_client: docker.DockerClient) -> str:
    name = "busybox:latest"
    if not _has(docker_client, name):
        program = Path("/bin/busybox")
        if not program.exists():
            pytest.skip("no image busybox:latest, and no /bin/busybox to make it of (Debian: busybox-static)")
        applets = subprocess.run([program, "--list-full"], capture_output=True, text=True, check=True).stdout.split()
        files = io.BytesIO()
        with tarfile.open(fileobj=files, mode="w") as tar:
            _folders(tar, "bin", "sbin", "usr", "usr/bin", "usr/sbin", "etc", "root", "tmp", "var")
            tar.add(program, "bin/busybox")
            for applet in applets:
                if applet != "bin/busybox" and applet.count("/"):
                    _link(tar, applet, "/bin/busybox")
            _file(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        _import(docker_client, files.getvalue(), name, 'CMD ["sh"]')
    return name


@pytest.fixture(scope="session")
def python_image(docker_client: docker.DockerClient) -> str:
    name = "python:3-slim"
    if not _has(docker_client, name):
        _import(docker_client, _python_root(), name, 'CMD ["python3"]')
    return name


@pytest.fixture(scope="session")
def waypoint_image(docker_client: docker.DockerClient) -> Iterator[str]:
    """Name of an image that runs the command line: this machine's Debian Python, the libraries that the tests' own
    environment has, and the sources of this checkout."""
    asked = [_PYTHON, "-I", "-c", "import sys; print(*sys.version_info[:2])"]
    if not _PYTHON.exists():
        pytest.skip("no Debian Python to make an image of")
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    if [int(part) for part in version] != list(sys.version_info[:2]):
        pytest.skip("optional: the tests run with another Python than Debian's, whose compiled libraries do not fit it")
    name = f"waypoint-tests:{uuid.uuid4().hex[:12]}"
    root = tempfile.TemporaryFile()  # noqa: SIM115  # closed below
    with root:
        root.write(_python_root())
        root.seek(0)
        with tarfile.open(fileobj=root, mode="a") as tar:
            _add_waypoint(tar)
        root.seek(0)
        changes = ['ENTRYPOINT ["waypoint"]', f"ENV PYTHONPATH={_WAYPOINT}/src:{_WAYPOINT}/packages", "ENV HOME=/root"]
        docker_client.api.import_image_from_data(
            root, repository=name.partition(":")[0], tag=name.partition(":")[2],
            changes=["ENV PATH=/usr/local/bin:/usr/bin:/bin", *changes],
        )  # fmt: skip
    yield name
    docker_client.images.remove(name, force=True)


@pytest.fixture
def docker_project(docker_client: docker.DockerClient) -> Iterator[str]:
    """Name of a project nobody else uses; everything in the engine that carries it is removed at the end."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    remove_project(docker_client, name)


@pytest.fixture
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with _registry(tmp_path_factory.mktemp("registry")) as host:
        yield Registry(host)


@pytest.fixture
def private_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    name, password, hashed = _LOGIN
    folder = tmp_path_factory.mktemp("private-registry")
    (folder / "htpasswd").write_text(f"{name}:{hashed}\n")
    with _registry(folder, f"auth:\n  htpasswd:\n    realm: tests\n    path: {folder}/htpasswd\n") as host:
        yield Registry(host, name, password)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL (Debian: postgresql)")
    server = PostgresServer(found)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def vault_server() -> Iterator[VaultServer]:
    found = vault.program()
    if found is None:
        pytest.skip("no OpenBao (make test installs it; see requirements/engines.in)")
    server = VaultServer(found)
    yield server
    server.stop()


def remove_project(client: docker.DockerClient, project: str) -> None:
    """Remove containers, images and volumes of a project."""
    filters = {"label": f"{PROJECT_LABEL}={project}"}
    for container in client.containers.list(all=True, filters=filters, ignore_removed=True):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters=filters):
        volume.remove(force=True)
    # An image that another one was built from can only go after that one; images of one second come in any order.
    end = time.monotonic() + DEADLINE
    while images := client.images.list(filters=filters):
        if not [image for image in images if _remove(client, image.id)]:
            stay = [image.id for image in images]
            assert time.monotonic() < end, f"images of {project} cannot be removed: {stay}"


def _remove(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.remove(image, force=True)
    except docker.errors.ImageNotFound:
        return True
    except docker.errors.APIError as error:
        # Somebody else is just removing a layer below.
        if error.status_code != http.HTTPStatus.CONFLICT and "unrecognized image ID" not in str(error):
            raise
        return False
    return True


def _has(client: docker.DockerClient, name: str) -> bool:
    try:
        client.images.get(name)
    except docker.errors.ImageNotFound:
        return False
    return True


def _import(client: docker.DockerClient, root: bytes, name: str, *changes: str) -> None:
    repository, _, tag = name.partition(":")
    path = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    client.api.import_image_from_data(
        root, repository=repository, tag=tag, changes=[path, f"LABEL {BASE_LABEL}=base", *changes]
    )


def _python_root() -> bytes:
    """This machine's Debian Python with what it links to, and busybox as its shell, as a tar."""
    python = _PYTHON
    busybox = Path("/bin/busybox")
    if not (python.exists() and busybox.exists() and Path("/etc/debian_version").exists()):
        pytest.skip("no image python:3-slim, and no Debian Python and busybox-static to make it of")
    asked = "import sys, sysconfig; print(sysconfig.get_path('stdlib')); print(sys.version_info.minor)"
    answer = subprocess.run([python, "-I", "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    library, minor = Path(answer[0]), answer[1]
    program = Path(os.path.realpath(python))
    files = io.BytesIO()
    with tarfile.open(fileobj=files, mode="w") as tar:
        _folders(tar, "usr", "usr/bin", "usr/lib", "usr/lib64", "etc", "root", "tmp", "var")
        for folder in ("bin", "lib", "lib64"):
            _link(tar, folder, f"usr/{folder}")
        tar.add(program, f"usr/bin/python3.{minor}")
        _link(tar, "usr/bin/python3", f"python3.{minor}")
        _link(tar, "usr/bin/python", "python3")
        tar.add(busybox, "usr/bin/busybox")
        for applet in (
            "sh",
            "cat",
            "echo",
            "env",
            "ls",
            "sleep",
            "id",
            "true",
            "false",
            "mkdir",
            "touch",
            "kill",
            "ps",
        ):
            _link(tar, f"usr/bin/{applet}", "busybox")
        tar.add(library, str(library).lstrip("/"), filter=_needed)
        for path in sorted(linked_to([program, *library.glob("lib-dynload/*.so")])):
            name = f"usr/lib64/{path.name}" if path.name.startswith("ld-linux") else f"usr/lib/{path.name}"
            tar.add(os.path.realpath(path), name)
        _file(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    return files.getvalue()


def _add_waypoint(tar: tarfile.TarFile) -> None:
    """Sources, libraries, what those link to, and the two programs."""
    repository = Path(__file__).parents[1]
    lock = (repository / "requirements/run.txt").read_text()
    compiled: list[Path] = []
    for name in re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==", lock, re.MULTILINE):
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system
        for file in files:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                path = Path(str(file.locate()))
                tar.add(path, f"{_WAYPOINT}/packages/{file}".lstrip("/"))
                compiled += [path] if path.suffix == ".so" else []
    present = {Path(known).name for known in tar.getnames()}
    for path in sorted(linked_to(compiled)):
        if path.name not in present:
            tar.add(os.path.realpath(path), f"usr/lib/{path.name}")
    for source in sorted((repository / "src").rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            tar.add(source, f"{_WAYPOINT}/{source.relative_to(repository)}".lstrip("/"))
    for program, module in (("waypoint", "wp_cli"), ("waypoint-server", "wp_server")):
        script = f'#!/bin/sh\nexec python3 -m {module} "$@"\n'.encode()
        _file(tar, f"usr/local/bin/{program}", script, mode=0o755)


def _needed(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if set(Path(entry.name).parts) & _NOT_NEEDED else entry


def linked_to(programs: list[Path]) -> set[Path]:
    output = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    return {Path(found) for found in re.findall(r"(?:=> |^\s*)(/\S+) \(0x", output, re.MULTILINE)}


def _folders(tar: tarfile.TarFile, *names: str) -> None:
    for name in names:
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
        tar.addfile(entry)


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _file(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


@contextmanager
def _registry(folder: Path, auth: str = "") -> Iterator[str]:
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("no docker-registry program (Debian: docker-registry)")
    for _ in range(5):  # another program may take the free port first
        host = f"127.0.0.1:{free_port()}"
        configuration = folder / "config.yml"
        configuration.write_text(
            f"version: 0.1\nlog: {{level: warn}}\nstorage:\n  filesystem: {{rootdirectory: {folder}/images}}\n"
            f"http: {{addr: '{host}'}}\n{auth}"
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, "serve", configuration], stdout=log, stderr=log)
        try:
            if _answers(host, process):
                yield host
                return
        finally:
            process.terminate()
            process.wait()
    sys.stderr.write((folder / "log").read_text())
    raise RuntimeError("the image registry does not start")


def _answers(host: str, process: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + DEADLINE
    while process.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            connection.request("GET", "/v2/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return True
        finally:
            connection.close()
    return False
