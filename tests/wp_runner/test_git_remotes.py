"""Git over https and ssh, with real servers: who is let in, whose key is trusted, and where secrets never show."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.git_servers import GitHttp, Sshd, running_sshd
from tests.wp_runner.test_git_source import git, git_job

from wp_proto.waypoint import api as pb
from wp_runner.errors import OperationFailed
from wp_runner.git_access import HostKeys
from wp_runner.git_mirrors import Mirrors
from wp_runner.git_source import GitSource
from wp_sdk.context import Context
from wp_sdk.errors import Cancelled
from wp_sdk.terminal import UI, RecordingSink

USER, PASSWORD = "deploy@example.org", "sw0rdfish/+%"
DEADLINE = 60.0


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """Two repositories: `app.git` has a sub-folder and `lib.git` as a submodule."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name in ("lib", "app"):
        work = tmp_path / name
        git(tmp_path, "init", "-q", "-b", "main", name)
        (work / "sub").mkdir()
        (work / "sub" / "text").write_text(name)
        if name == "app":
            git(work, "submodule", "--quiet", "add", "../served/lib.git", "lib")
            git(work, "config", "-f", ".gitmodules", "submodule.lib.url", "../lib.git")
        git(work, "add", ".")
        git(work, "commit", "-q", "-m", name)
        git(tmp_path, "clone", "-q", "--bare", str(work), f"served/{name}.git")
    return folder


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the arguments of every git and ssh that is started; the programs are the real ones."""
    folder, file = tmp_path / "bin", tmp_path / "arguments"
    folder.mkdir()
    for name in ("git", "ssh"):
        real = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
        program = folder / name
        program.write_text(f'#!/bin/sh\nprintf "%s " {name} "$@" >> "{file}"; echo >> "{file}"\nexec {real} "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return file


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of the runner's user."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


class Fetching:
    """One job's fetch, and all that was said meanwhile."""

    def __init__(self, source: GitSource, job: pb.Job) -> None:
        self.sink = RecordingSink()
        self.found: list[str] = []
        self.failure = ""
        try:
            with source(job, Context(), UI(self.sink)) as found:
                self.found = sorted(str(path.relative_to(found.directory)) for path in found.directory.rglob("text"))
                self.config = (found.directory / ".git" / "config").read_text() if not job.data_source.git.path else ""
        except OperationFailed as error:
            self.failure = str(error)

    @property
    def said(self) -> str:
        return f"{self.sink.events} {self.failure}"


class TestHttps:
    @pytest.fixture
    def server(self, served: Path, home: Path) -> Iterator[GitHttp]:
        server = GitHttp(served, USER, PASSWORD)
        (home / ".gitconfig").write_text(f'[http]\n  sslCAInfo = "{server.certificate}"\n')
        yield server
        server.close()

    @pytest.fixture
    def source(self, tmp_path: Path) -> GitSource:
        return GitSource(Mirrors(tmp_path / "cache", 2**30))

    @pytest.mark.parametrize("way", ["settings", "address"])
    def test_user_and_password_open_it_with_its_submodules_and_show_nowhere(
        self, server: GitHttp, source: GitSource, recorded: Path, tmp_path: Path, way: str
    ) -> None:
        if way == "settings":
            job = git_job(server.url("app.git"), recurse_submodules=1)
            job.data_source.git.basic.CopyFrom(pb.Job.Git.Basic(username=USER, password=PASSWORD))
        else:
            userinfo = "deploy%40example.org:sw0rdfish%2F%2B%25@"
            job = git_job(server.url("app.git", userinfo), recurse_submodules=1)
        for _ in range(2):
            fetching = Fetching(source, job)
            assert fetching.found == ["lib/sub/text", "sub/text"], fetching.failure
            for text in (fetching.said, fetching.config, recorded.read_text()):
                assert "sw0rdfish" not in text
        kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
        assert b"sw0rdfish" not in kept

    def test_a_sub_path(self, server: GitHttp, source: GitSource) -> None:
        job = git_job(server.url("app.git"), path="sub")
        job.data_source.git.basic.CopyFrom(pb.Job.Git.Basic(username=USER, password=PASSWORD))
        assert Fetching(source, job).found == ["text"]

    def test_a_wrong_password_is_refused_though_the_mirror_has_it_all(
        self, server: GitHttp, source: GitSource, served: Path
    ) -> None:
        job = git_job(server.url("app.git"))
        job.data_source.git.basic.CopyFrom(pb.Job.Git.Basic(username=USER, password=PASSWORD))
        assert Fetching(source, job).found
        job.data_source.git.basic.password = "hunter2"
        for ref in ("", "main", git(served / "app.git", "rev-parse", "main").strip()):
            job.data_source.git.ref = ref
            refused = Fetching(source, job)
            assert refused.found == []
            assert "Authentication failed" in refused.failure
            assert "hunter2" not in refused.said

    def test_a_token_as_user_name_is_a_secret_too(self, server: GitHttp, source: GitSource, recorded: Path) -> None:
        refused = Fetching(source, git_job(server.url("app.git", "gh-t0ken@")))
        assert "Authentication failed" in refused.failure
        assert "gh-t0ken" not in refused.said + recorded.read_text()
        assert any(given for _, given in server.requests), "it was sent"

    def test_another_host_is_not_told_the_password(self, server: GitHttp, source: GitSource, tmp_path: Path) -> None:
        """Here the other host is another name of the same machine."""
        git(
            tmp_path / "app", "config", "-f", ".gitmodules", "submodule.lib.url", server.url("lib.git", "", "127.0.0.1")
        )
        git(tmp_path / "app", "commit", "-q", "-a", "-m", "Move the library")
        git(tmp_path / "app", "push", "-q", str(server.folder / "app.git"), "main")
        job = git_job(server.url("app.git"), recurse_submodules=1)
        job.data_source.git.basic.CopyFrom(pb.Job.Git.Basic(username=USER, password=PASSWORD))
        refused = Fetching(source, job)
        assert "could not read Username" in refused.failure
        assert {given for path, given in server.requests if "lib.git" in path} == {""}

    def test_passwords_are_not_given_to_what_keeps_passwords(
        self, server: GitHttp, source: GitSource, home: Path
    ) -> None:
        with (home / ".gitconfig").open("a") as file:
            file.write("[credential]\n  helper = store\n")
        job = git_job(server.url("app.git"))
        job.data_source.git.basic.CopyFrom(pb.Job.Git.Basic(username=USER, password=PASSWORD))
        assert Fetching(source, job).found
        assert not (home / ".git-credentials").exists()


class TestSsh:
    @pytest.fixture
    def server(self, tmp_path: Path, home: Path) -> Iterator[Sshd]:
        (tmp_path / "sshd").mkdir()
        with running_sshd(tmp_path / "sshd") as server:
            yield server

    @pytest.fixture
    def learned(self, tmp_path: Path) -> Path:
        return tmp_path / "a folder" / "known%hosts"

    def job(self, server: Sshd, served: Path, key: Path | None = None, **settings: object) -> pb.Job:
        job = git_job(server.url(served / "app.git"), **settings)
        ssh = pb.Job.Git.SSH(private_key_pem=(key or server.key).read_bytes(), user=server.user)
        job.data_source.git.ssh.CopyFrom(ssh)
        return job

    def test_a_key_opens_it_with_its_submodules(
        self, server: Sshd, served: Path, learned: Path, tmp_path: Path, recorded: Path
    ) -> None:
        source = GitSource(Mirrors(tmp_path / "cache", 2**30), HostKeys(learned=learned))
        for _ in range(2):
            fetching = Fetching(source, self.job(server, served, recurse_submodules=1))
            assert fetching.found == ["lib/sub/text", "sub/text"], fetching.failure
        assert Fetching(source, self.job(server, served, path="sub")).found == ["text"]
        assert "PRIVATE KEY" not in recorded.read_text()
        assert list(tmp_path.glob("**/private/key")) == []

    def test_a_key_with_a_passphrase(self, server: Sshd, served: Path, learned: Path, recorded: Path) -> None:
        source = GitSource(host_keys=HostKeys(learned=learned))
        job = self.job(server, served, server.locked_key)
        job.data_source.git.ssh.password = "open sesame"
        fetching = Fetching(source, job)
        assert fetching.found == ["sub/text"], fetching.failure
        job.data_source.git.ssh.password = "open barley"
        refused = Fetching(source, job)
        assert "Permission denied" in refused.failure
        for text in (fetching.said, refused.said, recorded.read_text()):
            assert "sesame" not in text
            assert "barley" not in text

    def test_the_first_key_of_a_host_is_remembered_and_another_one_refused(
        self, server: Sshd, served: Path, learned: Path
    ) -> None:
        source = GitSource(host_keys=HostKeys(learned=learned))
        assert Fetching(source, self.job(server, served)).found
        assert server.known_hosts().split()[2] in learned.read_text()
        server.new_host_key()
        refused = Fetching(source, self.job(server, served))
        assert refused.found == []
        assert "shows another key than the one that is known" in refused.failure
        assert str(learned) in refused.failure

    def test_only_the_given_host_keys_are_trusted(self, server: Sshd, served: Path, tmp_path: Path) -> None:
        given = tmp_path / "known"
        given.write_text("")
        source = GitSource(host_keys=HostKeys(given))
        refused = Fetching(source, self.job(server, served))
        assert "key is not known to this runner" in refused.failure
        assert f"Add it to {given}" in refused.failure
        given.write_text(server.known_hosts())
        assert Fetching(source, self.job(server, served)).found
        server.new_host_key()
        assert "another key" in Fetching(source, self.job(server, served)).failure

    def test_a_user_name_is_no_command(self, server: Sshd, served: Path, learned: Path, tmp_path: Path) -> None:
        job = self.job(server, served)
        job.data_source.git.ssh.user = f"x'; touch {tmp_path / 'made'}; '"
        assert Fetching(GitSource(host_keys=HostKeys(learned=learned)), job).failure
        assert not (tmp_path / "made").exists()


class TestMirrors:
    def test_a_job_fetches_what_is_new_and_no_more(self, served: Path, tmp_path: Path) -> None:
        big = tmp_path / "app" / "big"
        big.write_bytes(os.urandom(3_000_000))
        source = GitSource(Mirrors(tmp_path / "cache", 2**30))
        job = git_job((served / "app.git").as_uri())

        def push(message: str) -> None:
            git(tmp_path / "app", "add", ".")
            git(tmp_path / "app", "commit", "-q", "-m", message)
            git(tmp_path / "app", "push", "-q", str(served / "app.git"), "main")

        push("Grow")
        assert Fetching(source, job).found
        (mirror,) = (tmp_path / "cache").glob("*.git")
        before = {path: path.stat().st_size for path in mirror.rglob("objects/**/*") if path.is_file()}
        (tmp_path / "app" / "small").write_text("small")
        push("Add")
        assert Fetching(source, job).found
        added = [path for path in mirror.rglob("objects/**/*") if path.is_file() and path not in before]
        assert added
        assert sum(path.stat().st_size for path in added) < 100_000
        assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700

    def test_jobs_at_once_share_one_mirror(self, served: Path, tmp_path: Path) -> None:
        sources = [GitSource(Mirrors(tmp_path / "cache", 2**30)) for _ in range(2)]
        results: list[Fetching] = []
        refs = ["", "main", git(served / "app.git", "rev-parse", "main").strip()]
        jobs = [git_job((served / "app.git").as_uri(), ref=ref) for ref in refs * 2]
        threads = [
            threading.Thread(target=lambda n=n, job=job: results.append(Fetching(sources[n % 2], job)))
            for n, job in enumerate(jobs)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        assert [one.found for one in results] == [["sub/text"]] * len(jobs), [one.failure for one in results]
        assert len(list((tmp_path / "cache").glob("*.git"))) == 1

    def test_waiting_for_another_job_can_be_cancelled(self, tmp_path: Path) -> None:
        mirrors, context = Mirrors(tmp_path / "cache", 2**30), Context()
        with mirrors.of("x", Context()):
            threading.Timer(0.3, context.cancel).start()
            with pytest.raises(Cancelled), mirrors.of("x", context):
                raise AssertionError("must not be reached")
            with mirrors.of("y", Context()):
                pass

    def test_what_was_not_used_for_the_longest_time_goes_when_it_is_too_much(self, tmp_path: Path) -> None:
        mirrors = Mirrors(tmp_path / "cache", 2_500)

        def use(url: str, size: int) -> set[str]:
            with mirrors.of(url, Context()) as mirror:
                (mirror / "content").write_bytes(b"x" * size)
            return {path.name for path in (tmp_path / "cache").iterdir()}

        first = use("a", 1_000)
        second = use("b", 1_000) - first
        use("a", 1_000)
        third = use("c", 1_000) - first - second
        left = {path.name for path in (tmp_path / "cache").iterdir()}
        assert left == first | third
        with mirrors.of("a", Context()):  # in use, so it stays
            use("d", 2_000)
        assert (tmp_path / "cache" / next(name for name in first if name.endswith(".git"))).exists()
        assert use("huge", 10_000) <= {name for name in left if name.endswith(".lock")} | {
            path.name for path in (tmp_path / "cache").glob("*.lock")
        }

    def test_what_a_killed_job_left_is_in_nobodys_way(self, served: Path, tmp_path: Path) -> None:
        source = GitSource(Mirrors(tmp_path / "cache", 2**30))
        job = git_job((served / "app.git").as_uri())
        assert Fetching(source, job).found
        (mirror,) = (tmp_path / "cache").glob("*.git")
        for name in ("shallow.lock", "HEAD.lock", "packed-refs.lock", "objects/pack/tmp_pack_x", "gc.pid"):
            (mirror / name).parent.mkdir(exist_ok=True)
            (mirror / name).write_text("left")
        (tmp_path / "app" / "sub" / "text").write_text("new")
        git(tmp_path / "app", "commit", "-q", "-a", "-m", "Change")
        git(tmp_path / "app", "push", "-q", str(served / "app.git"), "main")
        assert Fetching(source, job).found
        assert not list(mirror.rglob("*.lock"))
        assert not (mirror / "objects/pack/tmp_pack_x").exists()

    @pytest.mark.parametrize("damage", ["objects", "HEAD", "everything"])
    def test_a_damaged_mirror_is_made_anew(self, served: Path, tmp_path: Path, damage: str) -> None:
        source = GitSource(Mirrors(tmp_path / "cache", 2**30))
        job = git_job((served / "app.git").as_uri())
        assert Fetching(source, job).found
        (mirror,) = (tmp_path / "cache").glob("*.git")
        for path in [path for path in mirror.rglob("*") if path.is_file()]:
            if damage == "everything" or damage in path.parts[len(mirror.parts) :]:
                path.chmod(0o600)
                path.write_bytes(b"\xa5" * 20)
        for _ in range(2):
            fetching = Fetching(source, job)
            assert fetching.found == ["sub/text"], fetching.failure

    def test_without_a_place_for_the_cache_jobs_still_run(
        self, served: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        source = GitSource(Mirrors(tmp_path / "file" / "cache", 2**30))
        assert Fetching(source, git_job((served / "app.git").as_uri())).found
        assert "cache of repositories" in caplog.text
