"""`waypoint init -from-project`: folders, archives, addresses and repositories, and what must not be let in (CLI
specification 4.1)."""

from __future__ import annotations

import http.server
import io
import os
import shutil
import signal
import stat
import subprocess
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.git_servers import GitHttp
from tests.wp_cli.test_runner_agent import commit

from wp_cli.errors import CliError
from wp_cli.fetch import Origin, archive, download, fetch, origin_of

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

HCL = 'project = "p"\n'


def tar_of(path: Path, *members: tuple[str, bytes | tarfile.TarInfo], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in members:
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                tar.addfile(info)
    return path


def special(name: str, kind: bytes, link: str = "") -> tuple[str, tarfile.TarInfo]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return name, info


def content_of(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "shop"
    (place / "web").mkdir(parents=True)
    (place / "waypoint.hcl").write_text(HCL)
    (place / "web/run").write_text("x")
    (place / "web/run").chmod(0o755)
    (place / "out").symlink_to("/etc/passwd")
    return place


def test_a_folder_is_copied_without_its_links(cli: Cli, folder: Path) -> None:
    done = cli.run("init", "-from-project", str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Project fetched into 'shop'\n"
    assert f"Location: {folder}" in done.stderr
    assert "1 links were left out: out" in done.stderr
    copy = cli.folder / "shop"
    assert content_of(copy) == {"waypoint.hcl": HCL, "web/run": "x"}
    assert (copy / "web/run").stat().st_mode & stat.S_IXUSR
    assert not (cli.home / ".local").exists()
    assert "exists already" in cli.fails("init", "-from-project", str(folder))
    assert "exists already" in cli.fails("init", "-from-project", str(folder), "-into", str(folder))
    assert "Project fetched" in cli.ok("init", "-from-project", str(folder), "-into", "a/b/c")
    assert "inside of" in cli.fails("init", "-from-project", str(folder), "-into", str(folder / "in"))
    assert "-from-project" in cli.fails("init", "-into", "x")


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"])
def test_a_tar_archive(cli: Cli, tmp_path: Path, ending: str) -> None:
    mode = {"tar": "w", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}.get(ending, "w:gz")
    packed = tar_of(tmp_path / f"shop.{ending}", ("shop-1/waypoint.hcl", HCL.encode()), ("shop-1/a/b", b"c"), mode=mode)
    assert "into 'shop'" in cli.ok("init", "-from-project", str(packed))
    assert content_of(cli.folder / "shop") == {"waypoint.hcl": HCL, "a/b": "c"}


def test_a_zip_archive_with_programs_and_links(cli: Cli, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "shop.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("waypoint.hcl", HCL)
        packed.writestr("empty/", "")
        for name, mode in (("run", 0o100755), ("link", 0o120777)):
            item = zipfile.ZipInfo(name)
            item.external_attr = mode << 16
            packed.writestr(item, "/etc/passwd")
    done = cli.run("init", "-from-project", str(tmp_path / "shop.zip"), "-into", "x")
    assert "1 links were left out: link" in done.stderr
    assert content_of(cli.folder / "x") == {"waypoint.hcl": HCL, "run": "/etc/passwd"}
    assert (cli.folder / "x/run").stat().st_mode & 0o777 == 0o755
    assert (cli.folder / "x/waypoint.hcl").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "name", ["../evil", "/tmp/evil-absolute", "a/../../evil", "..\\evil", "C:\\evil", "a\\..\\..\\e"]
)
def test_an_archive_that_leaves_its_folder_is_refused_and_nothing_stays(tmp_path: Path, name: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    packed = tar_of(tmp_path / "a.tar.gz", ("good", b"x"), (name, b"x"))
    with pytest.raises(CliError, match="outside of its folder"):
        fetch(Origin("archive", str(packed)), work / "target")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        zipped.writestr("good", "x")
        zipped.writestr(name, "x")
    with pytest.raises(CliError, match="outside of its folder"):
        fetch(Origin("archive", str(tmp_path / "a.zip")), work / "target")
    assert os.listdir(work) == []
    assert sorted(os.listdir(tmp_path)) == ["a.tar.gz", "a.zip", "work"]


def test_a_link_in_an_archive_leads_nowhere(tmp_path: Path) -> None:
    packed = tar_of(
        tmp_path / "a.tar.gz",
        special("out", tarfile.SYMTYPE, str(tmp_path)),
        ("out/evil", b"x"),
        special("hard", tarfile.LNKTYPE, "out/evil"),
        special("pipe", tarfile.FIFOTYPE),
        special("disk", tarfile.BLKTYPE),
    )
    assert fetch(Origin("archive", str(packed)), tmp_path / "target") == ["disk", "hard", "out", "pipe"]
    assert content_of(tmp_path / "target") == {"evil": "x"}
    assert not (tmp_path / "evil").exists()


def test_an_archive_that_grows_too_large_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tar_of(tmp_path / "a.tar.gz", ("zeros", bytes(5 << 20)))
    assert packed.stat().st_size < 100_000
    monkeypatch.setattr(archive, "MAX_UNPACKED", 4 << 20)
    with pytest.raises(CliError, match="unpacks to more than 4 MB"):
        fetch(Origin("archive", str(packed)), tmp_path / "target")
    monkeypatch.setattr(archive, "MAX_ENTRIES", 2)
    packed = tar_of(tmp_path / "b.tar.gz", *((f"f{i}", b"") for i in range(3)))
    with pytest.raises(CliError, match="more than 2 files"):
        fetch(Origin("archive", str(packed)), tmp_path / "target")
    assert sorted(os.listdir(tmp_path)) == ["a.tar.gz", "b.tar.gz"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken", b"\x1f\x8b\x08broken"])
def test_what_is_no_archive_is_one_sentence(cli: Cli, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    said = cli.fails("init", "-from-project", str(tmp_path / "a.zip"))
    assert "a.zip is damaged or no archive" in said
    assert os.listdir(cli.folder) == []


class Site(http.server.BaseHTTPRequestHandler):
    """Serves an archive in all the ways it can go wrong."""

    archive = b""

    def do_HEAD(self) -> None:
        self.answer(head=True)

    def do_GET(self) -> None:
        self.answer(head=False)

    def answer(self, *, head: bool) -> None:
        path = self.path.partition("?")[0]
        if path == "/missing.zip":
            self.send_error(404)
        elif path == "/loop.zip":
            self.redirect("/loop.zip")
        elif path == "/moved.tgz":
            self.redirect("/shop.tgz")
        elif path == "/page":
            self.reply("text/html", b"<html>", head)
        elif path == "/cut.tgz":
            self.reply("application/gzip", self.archive, head, length=len(self.archive) + 10)
        elif path == "/large.tgz" and head:
            self.reply("application/gzip", b"", head, length=1 << 40)
        elif path == "/endless.tgz" and head:
            self.send_error(405)
        elif path == "/endless.tgz":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(1 << 16))
            except OSError:
                return
        else:
            self.reply("application/gzip", self.archive, head)

    def redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("location", where)
        self.end_headers()

    def reply(self, kind: str, body: bytes, head: bool, length: int = -1) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body) if length < 0 else length))
        self.end_headers()
        if not head:
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    Site.archive = tar_of(tmp_path / "shop.tgz", ("shop-main/waypoint.hcl", HCL.encode())).read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_archive_from_an_address(cli: Cli, site: str) -> None:
    address = site.replace("//", "//user:secret@")
    done = cli.run("init", "-from-project", f"{address}/shop.tgz?token=hidden")
    assert done.returncode == 0, done.stderr
    assert content_of(cli.folder / "shop") == {"waypoint.hcl": HCL}
    assert "secret" not in done.stderr
    assert "hidden" not in done.stderr
    assert "into 'moved'" in cli.ok("init", "-from-project", f"{site}/moved.tgz")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing.zip", "404"),
        ("/loop.zip", "redirected"),
        ("/page", "git::"),
        ("/large.tgz", "larger than 500 MB"),
        ("/cut.tgz", "cannot fetch"),
    ],
)
def test_an_address_that_gives_no_archive(cli: Cli, site: str, path: str, words: str) -> None:
    assert words in cli.fails("init", "-from-project", site + path)
    assert os.listdir(cli.folder) == []


def test_an_endless_answer_is_stopped(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_DOWNLOAD", 3 << 20)
    with pytest.raises(CliError, match="larger than 3 MB"):
        fetch(Origin("http", f"{site}/endless.tgz"), tmp_path / "target")
    assert sorted(os.listdir(tmp_path)) == ["shop.tgz"]


def test_no_server_and_no_answer(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "no connection" in cli.fails("init", "-from-project", "http://127.0.0.1:9/a.zip")
    monkeypatch.setattr(download, "HEAD_TIMEOUT", 0.2)
    with http.server.HTTPServer(("127.0.0.1", 0), Site) as silent, pytest.raises(CliError, match="in time"):
        fetch(Origin("http", f"http://127.0.0.1:{silent.server_port}/a.zip"), tmp_path / "target")


@pytest.fixture
def repository(tmp_path: Path) -> str:
    place = tmp_path / "shop.git"
    place.mkdir()

    def git(*words: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *identity, *words], cwd=place, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (place / "waypoint.hcl").write_text(HCL)
    (place / "api").mkdir()
    (place / "api/waypoint.hcl").write_text("# api\n")
    (place / "link").symlink_to("/etc/passwd")
    git("add", ".")
    git("commit", "-qm", "one")
    git("tag", "v1")
    (place / "waypoint.hcl").write_text("# two\n")
    git("commit", "-qam", "two")
    return f"file://{place}"


def test_a_repository_a_folder_of_it_and_a_ref(cli: Cli, repository: str) -> None:
    assert "into 'shop'" in cli.ok("init", "-from-project", f"git::{repository}")
    assert (cli.folder / "shop/waypoint.hcl").read_text() == "# two\n"
    assert not (cli.folder / "shop/link").is_symlink()
    assert "into 'api'" in cli.ok("init", "-from-project", f"{repository}//api")
    assert content_of(cli.folder / "api") == {"waypoint.hcl": "# api\n"}
    cli.ok("init", "-from-project", f"{repository}?ref=v1", "-into", "old")
    assert (cli.folder / "old/waypoint.hcl").read_text() == HCL
    assert "no-such-ref" in cli.fails("init", "-from-project", f"{repository}?ref=no-such-ref", "-into", "x")
    assert "has no folder" in cli.fails("init", "-from-project", f"{repository}//none", "-into", "x")
    assert "leads out" in cli.fails("init", "-from-project", f"{repository}//../..", "-into", "x")
    assert "cannot be fetched" in cli.fails("init", "-from-project", f"git::{repository}x", "-into", "x")
    assert sorted(os.listdir(cli.folder)) == ["api", "old", "shop"]


def test_what_is_written_is_understood_as_one_of_the_forms(tmp_path: Path) -> None:
    hosted = Origin("git", "https://github.com/hashicorp/waypoint-examples", "docker/go")
    assert origin_of("github.com/hashicorp/waypoint-examples//docker/go") == hosted
    assert hosted.name == "go"
    assert origin_of("https://github.com/a/b.git?ref=x") == Origin("git", "https://github.com/a/b.git", "", "x")
    assert origin_of("git@example.com:a/b.git") == Origin("git", "git@example.com:a/b.git")
    assert origin_of("git@example.com:a/b.git").name == "b"
    assert origin_of("git@example.com:b").name == "b"
    assert origin_of("https://example.com/x/shop.tar.gz?token=1").name == "shop"
    assert origin_of("https://example.com/x/shop.tar.gz").kind == "http"
    assert origin_of(str(tmp_path)) == Origin("folder", str(tmp_path))
    for wrong in ("nowhere", "ftp://example.com/a.zip", "git::--upload-pack=x", "http://"):
        with pytest.raises(CliError, match="there is no"):
            origin_of(wrong)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_download_leaves_nothing(cli: Cli, site: str, number: signal.Signals) -> None:
    command = [*cli.command, "init", "-from-project", f"{site}/endless.tgz"]
    child = subprocess.Popen(command, cwd=cli.folder, env=cli.environ, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(cli.folder.glob(".endless.*/endless.tgz")):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in said
    assert os.listdir(cli.folder) == []


def test_the_password_of_a_repository_is_in_no_argument_no_message_and_no_file(cli: Cli, tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    (work / "waypoint.hcl").write_text(HCL)
    commit(work, "first")
    subprocess.run(["git", "clone", "-q", "--bare", work, served / "shop.git"], check=True, capture_output=True)
    programs, arguments = tmp_path / "bin", tmp_path / "arguments"
    programs.mkdir()
    (programs / "git").write_text(f'#!/bin/sh\necho "$@" >> "{arguments}"\nexec {shutil.which("git")} "$@"\n')
    (programs / "git").chmod(0o755)
    server = GitHttp(served, "deploy", "sw0rdfish/+%")
    try:
        (cli.home / ".gitconfig").write_text(f'[http]\n  sslCAInfo = "{server.certificate}"\n')
        cli.environ |= {"PATH": f"{programs}:{cli.environ['PATH']}"}
        good = cli.run("init", "-from-project", "git::" + server.url("shop.git", "deploy:sw0rdfish%2F%2B%25@"))
        assert good.returncode == 0, good.stderr
        bad = cli.run("init", "-from-project", "git::" + server.url("shop.git", "deploy:hunter2@"), "-into", "other")
        assert bad.returncode == 1
        assert "cannot be fetched" in bad.stderr
    finally:
        server.close()
    kept = "".join(path.read_text(errors="replace") for path in cli.folder.rglob("*") if path.is_file())
    for text in (good.stdout, good.stderr, bad.stdout, bad.stderr, arguments.read_text(), kept):
        assert "sw0rdfish" not in text
        assert "hunter2" not in text
