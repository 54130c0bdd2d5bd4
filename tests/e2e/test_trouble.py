"""What goes wrong for users, and what they are told: one sentence with what, where and what to do."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.e2e.test_hello import release_url
from tests.e2e.world import Waypoint, eventually, fetch
from tests.ports import free_port


@pytest.fixture
def hello(new_waypoint: Callable[[str], Waypoint]) -> Iterator[Waypoint]:
    waypoint = new_waypoint("hello")
    yield waypoint
    if (waypoint.home / "data").exists() and (waypoint.project / "waypoint.hcl").exists():
        waypoint.run("destroy", "-auto-approve")


def configure(waypoint: Waypoint, old: str, new: str) -> None:
    file = waypoint.project / "waypoint.hcl"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def failure(waypoint: Waypoint, *words: str) -> str:
    done = waypoint.run(*words, status=1)
    return done.stdout + done.stderr


BURST = """\
import threading

def burst():
    text = "".join(f"line {n:06}\\n" for n in range(100_000))
    threading.Thread(target=print, args=[text], kwargs={"end": "", "flush": True}).start()

"""


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"line (\d{6})", text)]


class TestConfiguration:
    """`init` finds it before anything is built, and points at the place."""

    def test_no_file(self, hello: Waypoint) -> None:
        (hello.project / "waypoint.hcl").unlink()
        assert "there is no waypoint.hcl here or in a folder above" in failure(hello, "up")

    def test_an_empty_file(self, hello: Waypoint) -> None:
        (hello.project / "waypoint.hcl").write_text("")
        shown = failure(hello, "init")
        assert "waypoint.hcl:1:1" in shown
        assert "The file must name the project" in shown
        (hello.project / "waypoint.hcl").unlink()

    @pytest.mark.parametrize(
        ("old", "new", "place", "told"),
        [
            pytest.param('app "web" {', 'app "web" {{', "waypoint.hcl:3", "", id="syntax"),
            pytest.param('use "files" {}', 'use "file" {}', "waypoint.hcl:6:9", '"files"', id="unknown plugin"),
            pytest.param("command = [", "comand = [", "waypoint.hcl:12:7", '"command"', id="unknown attribute"),
            pytest.param('      command = ["python3", "app.py"]\n', "", "waypoint.hcl:12:5", "command", id="missing"),
            pytest.param('["python3", "app.py"]', "{}", "waypoint.hcl:12", "command", id="wrong type"),
            pytest.param(
                'app "web" {', 'app "web" {\n  path = "../.."\n', "waypoint.hcl:4:10", "out of the project", id="path"
            ),
        ],
    )
    def test_mistakes(self, hello: Waypoint, old: str, new: str, place: str, told: str) -> None:
        configure(hello, old, new)
        shown = failure(hello, "init")
        assert place in shown
        assert told in shown
        assert "^" in shown
        configure(hello, new, old)

    def test_all_mistakes_at_once(self, hello: Waypoint) -> None:
        configure(hello, 'use "files" {}', 'use "file" {}')
        configure(hello, "command = [", "comand = [")
        shown = failure(hello, "init")
        assert '"file"' in shown
        assert '"comand"' in shown
        configure(hello, 'use "file" {}', 'use "files" {}')

    def test_an_operation_tells_all_mistakes_too_each_once(self, hello: Waypoint) -> None:
        """It stops at the first block that it cannot use; the others are told with it."""
        configure(hello, 'use "files" {}', 'usee "files" {}')
        configure(hello, "command = [", "comand = [")
        shown = failure(hello, "up")
        assert shown.count("Error: Missing use") == 1
        assert 'Did you mean "use"?' in shown
        assert 'Did you mean "command"?' in shown
        configure(hello, 'usee "files" {}', 'use "files" {}')

    def test_an_operation_tells_where_an_unknown_plugin_is_named_and_all_other_mistakes(self, hello: Waypoint) -> None:
        configure(hello, 'use "files" {}', 'use "fils" {}')
        configure(hello, "command = [", "comand = [")
        shown = failure(hello, "up")
        assert shown.count("Error: Unknown plugin") == 1
        assert re.search(r"on waypoint\.hcl:\d+:\d+, in app", shown)
        assert 'There is no plugin "fils". Did you mean "files"?' in shown
        assert 'Did you mean "command"?' in shown
        configure(hello, 'use "fils" {}', 'use "files" {}')

    def test_two_apps_of_one_name(self, hello: Waypoint) -> None:
        file = hello.project / "waypoint.hcl"
        text = file.read_text()
        file.write_text(text + text[text.index("app") :])
        assert re.search(r"waypoint\.hcl:\d+:\d+.*", failure(hello, "init"))
        file.write_text(text)


class TestServer:
    def test_unreachable(self, hello: Waypoint) -> None:
        hello.extra |= {"WAYPOINT_SERVER_ADDR": f"127.0.0.1:{free_port()}", "WAYPOINT_SERVER_TLS": "1"}
        shown = failure(hello, "status")
        address = re.escape(hello.extra["WAYPOINT_SERVER_ADDR"])
        assert re.search(
            rf"cannot reach the server at {address} \(from WAYPOINT_SERVER_ADDR\): .*\n.*Check that", shown
        )
        hello.extra.clear()

    def test_wrong_token(self, hello: Waypoint) -> None:
        hello.run("init")
        hello.extra["WAYPOINT_SERVER_TOKEN"] = "not-a-token"
        address = re.search(r"127\.0\.0\.1:\d+", hello.run("server", "status").stdout)
        assert address
        hello.extra |= {
            "WAYPOINT_SERVER_ADDR": address[0],
            "WAYPOINT_SERVER_TLS": "1",
            "WAYPOINT_SERVER_TLS_SKIP_VERIFY": "1",
        }
        assert "does not accept the token from WAYPOINT_SERVER_TOKEN" in failure(hello, "project", "list")
        hello.extra.clear()

    def test_certificate_mismatch(self, hello: Waypoint) -> None:
        hello.run("init")
        address = re.search(r"127\.0\.0\.1:\d+", hello.run("server", "status").stdout)
        assert address
        hello.extra |= {"WAYPOINT_SERVER_ADDR": address[0], "WAYPOINT_SERVER_TLS": "1"}
        shown = failure(hello, "project", "list")
        assert f"the certificate of the server at {address[0]} (from WAYPOINT_SERVER_ADDR) is not trusted" in shown
        hello.extra.clear()

    def test_a_killed_server_comes_back_with_its_data(self, hello: Waypoint) -> None:
        hello.run("init")
        (server,) = [pid for pid, line in hello.processes().items() if "server" in line]
        os.kill(server, signal.SIGKILL)
        eventually(lambda: server not in hello.processes())
        assert "hello" in hello.run("project", "list").stdout

    def test_two_commands_at_once_start_one_server(self, hello: Waypoint) -> None:
        commands = [hello.start("init") for _ in range(3)]
        assert [command.wait(60) for command in commands] == [0, 0, 0]
        for command in commands:
            command.communicate()
        assert len([line for line in hello.processes().values() if "server" in line]) == 1

    def test_a_damaged_state_file_is_named_and_kept(self, hello: Waypoint) -> None:
        hello.run("init")
        hello.run("server", "stop")
        (database,) = (hello.home / "data").rglob("*.db")
        content = database.read_bytes()
        for extra in database.parent.glob(database.name + "-*"):
            extra.unlink()
        database.write_bytes(b"not a database, but somebody's file" * 100)
        shown = failure(hello, "project", "list")
        assert str(database) in shown
        assert database.read_bytes().startswith(b"not a database")
        database.write_bytes(content)
        assert "hello" in hello.run("project", "list").stdout


class TestOperations:
    def test_deploy_before_build(self, hello: Waypoint) -> None:
        hello.run("init")
        shown = failure(hello, "deploy")
        assert re.search(r"no artifact of 'web' in workspace 'default' to deploy\s+Run `waypoint build` first", shown)

    def test_config_values_of_any_kind(self, hello: Waypoint) -> None:
        hello.run("up")
        hello.run("config", "set", "-app=web", input=f"BIG={'x' * 100_000}\nHUGE={'x' * (1 << 20)}\n")
        hello.run("config", "set", "-app=web", "LINES=one\ntwo")
        eventually(
            lambda: hello.run("exec", "sh", "-c", 'echo "${#BIG} ${#HUGE} $LINES"').stdout == "100000 0 one\ntwo\n"
        )
        # The kernel lets no process have a variable of 1 MiB; the user is told, and the application runs on.
        eventually(lambda: "HUGE has 1048576 bytes" in hello.run("logs", "-follow=false").stdout)

    def test_a_config_value_that_is_not_utf8_is_refused(self, hello: Waypoint) -> None:
        hello.run("init")
        command = hello.start("config", "set", "-app=web", os.fsdecode(b"A=\xff"))
        out, error = command.communicate(timeout=60)
        assert command.returncode == 1
        assert "the value of variable 'A' is not UTF-8 text" in out + error

    def test_interrupting_up_leaves_something_destroy_can_finish(self, hello: Waypoint) -> None:
        hello.run("init")
        (hello.project / "app.py").write_text("import time; print('thinking', flush=True); time.sleep(600)")
        command = hello.start("up")
        eventually(lambda: any("app.py" in line for line in hello.processes().values()))
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=60)
        assert command.returncode == 130
        eventually(lambda: not any("app.py" in line for line in hello.processes().values()))

    def test_kill_9_during_up_leaves_something_destroy_can_finish(self, hello: Waypoint) -> None:
        hello.run("init")
        (hello.project / "app.py").write_text("import time; print('thinking', flush=True); time.sleep(600)")
        command = hello.start("up")
        eventually(lambda: any("app.py" in line for line in hello.processes().values()))
        command.kill()
        command.communicate(timeout=60)
        hello.run("destroy", "-auto-approve")
        assert not any("app.py" in line for line in hello.processes().values())

    def test_the_second_up_waits_and_says_for_what(self, hello: Waypoint) -> None:
        configure(hello, "command = [", "start_timeout = 600\n      command = [")
        hello.run("init")
        app, go = hello.project / "app.py", hello.home / "go"
        waits = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)\n"
        app.write_text(waits + app.read_text())
        first = hello.start("up")
        eventually(lambda: any("app.py" in line for line in hello.processes().values()))
        second = hello.start("up")
        assert second.stderr is not None
        told = any(re.search(r"[Ww]aiting for .*job", line) for line in second.stderr)
        go.touch()
        for command in (second, first):
            command.communicate(timeout=120)
        assert (first.returncode, second.returncode) == (0, 0)
        assert told

    def test_a_hundred_thousand_lines_at_once_arrive_all_and_in_order(self, hello: Waypoint) -> None:
        """Of a reader that is there when they come; who comes later gets the newest ones."""
        app = hello.project / "app.py"
        text = app.read_text().replace(
            "do_GET(self):", "do_GET(self):\n        burst() if self.path == '/burst' else None"
        )
        # what requests write would stand in the middle of the burst's lines
        app.write_text(BURST + text.replace("print(self.address_string(), format % args, flush=True)", "pass"))
        url = release_url(hello.run("up").stdout)
        followed = hello.start("logs")
        assert followed.stdout is not None
        lines = followed.stdout
        assert any("listening on port" in line for line in lines)  # from here on nothing is missed
        arrived: list[str] = []

        def read() -> None:
            for line in lines:
                arrived.append(line)
                if "line 099999" in line:
                    return

        reader = threading.Thread(target=read)
        reader.start()
        fetch(f"{url}/burst")
        reader.join(120)
        followed.send_signal(signal.SIGINT)
        followed.communicate(timeout=60)
        assert [line for line in arrived if "skipped" in line or "not kept" in line] == []
        assert numbers("".join(arrived)) == list(range(100_000))
        newest = numbers(hello.run("logs", "-follow=false", "-tail=-1").stdout)
        assert newest == list(range(newest[0], 100_000))

    def test_exec_when_the_instance_has_gone(self, hello: Waypoint) -> None:
        url = re.search(r"Release URL: (\S+)", hello.run("up").stdout)
        assert url
        fetch(url[1])
        hello.run("destroy", "-auto-approve")
        shown = failure(hello, "exec", "true")
        assert "there is no successful deployment of 'web'" in shown
