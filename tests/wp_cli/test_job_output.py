"""What a user sees of a job's terminal events.

On a terminal (read back through a terminal emulator), on a pipe, as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.wp_cli.terminal import Terminal

if TYPE_CHECKING:
    from tests.wp_cli.conftest import Cli

DRAW = str(Path(__file__).with_name("draw.py"))

BUILD = [
    {"line": {"msg": "Building web...", "style": "header"}},
    {"stepGroup": {}},
    {"step": {"id": 0, "msg": "Initializing Docker client..."}},
    {"step": {"id": 0, "close": True}},
    {"step": {"id": 1, "msg": "Building image..."}},
    {"step": {"id": 1, "output": "Step 1/2 : FROM scratch\nStep 2/2 : CO"}},
]
BUILT = [
    {"step": {"id": 1, "output": "PY app /\n"}},
    {"step": {"id": 1, "close": True, "status": "ok"}},
    {"line": {"msg": "Docker image pushed: localhost/web:1"}},
]


def write_script(cli: Cli, *entries: dict[str, object]) -> str:
    path = cli.folder / "events.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return str(path)


def terminal(cli: Cli, *entries: dict[str, object], columns: int = 100, **environ: str) -> Terminal:
    script = write_script(cli, *entries)
    return Terminal([sys.executable, DRAW, script], cli.environ | environ, str(cli.folder), columns)


def piped(cli: Cli, *entries: dict[str, object], option: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, DRAW, write_script(cli, *entries), *([option] if option else [])]
    return subprocess.run(command, env=cli.environ | environ, capture_output=True, text=True, check=True, timeout=60)


def test_a_running_step_shows_its_output_below_it_and_a_finished_one_only_its_mark(cli: Cli) -> None:
    with terminal(cli, *BUILD, {"pause": 1}, *BUILT, {"finish": True}) as seen:
        seen.wait_for("│ Step 2/2 : CO")
        lines = [line for line in seen.screen if line]
        assert lines[0] == "» Building web..."
        assert lines[1] == "✓ Initializing Docker client..."
        assert lines[2].endswith(" Building image...")
        assert lines[2][0] not in "✓ "
        assert lines[3:] == [" │ Step 1/2 : FROM scratch", " │ Step 2/2 : CO"]
        assert seen.cursor_hidden
        seen.send(b"\n")
        assert seen.finish() == 0
        assert [line for line in seen.screen if line.strip()] == [
            "» Building web...",
            "✓ Initializing Docker client...",
            "✓ Building image...",
            "Docker image pushed: localhost/web:1",
        ]
        assert not seen.cursor_hidden


def test_steps_that_run_side_by_side_are_frozen_in_the_order_of_their_beginning(cli: Cli) -> None:
    entries = [
        {"step": {"id": 0, "msg": "first"}},
        {"step": {"id": 1, "msg": "second"}},
        {"step": {"id": 1, "close": True}},
        {"pause": 1},
        {"step": {"id": 0, "status": "warn", "close": True}},
        {"finish": True},
    ]
    with terminal(cli, *entries) as seen:
        seen.wait_for("✓ second")
        assert any(line.endswith(" first") and not line.startswith("✓") for line in seen.screen)
        seen.send(b"\n")
        seen.finish()
        lines = [line for line in seen.screen if line.strip()]
        assert lines[0].startswith("⚠")  # pyte drops the variation selector
        assert lines[0].endswith("first")
        assert lines[1] == "✓ second"


def test_a_failed_step_shows_all_of_its_output(cli: Cli) -> None:
    output = "".join(f"line {number}\n" for number in range(50))
    entries = [
        {"step": {"id": 0, "msg": "Building image..."}},
        {"step": {"id": 0, "output": output}},
        {"pause": 1},
        {"finish": False},
    ]
    with terminal(cli, *entries) as seen:
        seen.wait_for("│ line 49")
        assert not any("line 39" in line for line in seen.screen)  # the window has ten lines
        seen.send(b"\n")
        seen.finish()
        assert "❌ Building image...\n" in seen.history.replace("❌  ", "❌ ")
        assert " │ line 0\n" in seen.history
        assert " │ line 49" in seen.history


def test_data_is_neither_markup_nor_format_nor_escape_sequence(cli: Cli) -> None:
    entries = [
        {"line": {"msg": "100% [bold]x[/bold] %s {0} :smile: \x1b[2J\x1b]0;title\x07end"}},
        {"step": {"id": 0, "msg": "[red]step[/red] 50%"}},
        {"step": {"id": 0, "output": "\x1b[31mred\x1b[0m [link]\r\n"}},
        {"pause": 1},
        {"finish": False},
    ]
    with terminal(cli, *entries) as seen:
        seen.wait_for("red [link]")
        seen.send(b"\n")
        seen.finish()
        assert "100% [bold]x[/bold] %s {0} :smile: end" in seen.screen
        assert any("[red]step[/red] 50%" in line for line in seen.screen)
        assert b"title" not in seen.raw


def test_long_lines_wrap_and_are_never_cut(cli: Cli) -> None:
    text = " ".join(f"word{number}" for number in range(60))
    with terminal(cli, {"line": {"msg": text}}, {"finish": True}, columns=60) as seen:
        seen.finish()
        assert "".join(line.ljust(60) for line in seen.screen).rstrip() == text


def test_a_carriage_return_in_output_draws_over_the_line(cli: Cli) -> None:
    entries = [
        {"step": {"id": 0, "msg": "Pulling..."}},
        {"step": {"id": 0, "output": "10%\r20%\r30%"}},
        {"pause": 1},
        {"step": {"id": 0, "output": "\rdone\n"}},
        {"finish": False},
    ]
    with terminal(cli, *entries) as seen:
        seen.wait_for("│ 30%")
        assert not any("10%" in line for line in seen.screen)
        seen.send(b"\n")
        seen.finish()
        assert " │ done" in seen.screen


def test_no_color_and_an_ascii_locale_are_honoured_on_a_terminal(cli: Cli) -> None:
    environ = {"NO_COLOR": "1", "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with terminal(cli, *BUILD, *BUILT, {"finish": True}, **environ) as seen:
        seen.finish()
        shown = [line for line in seen.screen if line.strip()]
        assert shown[:2] == ["==> Building web...", " + Initializing Docker client..."]
        assert b"\x1b[3" not in seen.raw
        assert b"\x1b[9" not in seen.raw


def test_a_pipe_gets_one_line_each_with_the_final_state_and_no_control_characters(cli: Cli) -> None:
    done = piped(cli, *BUILD, *BUILT, {"finish": True})
    assert done.stdout == ""
    assert done.stderr.split("\n") == [
        "",
        "» Building web...",
        "-> Initializing Docker client...",
        "ok: Initializing Docker client...",
        "-> Building image...",
        "   Step 1/2 : FROM scratch",
        "   Step 2/2 : COPY app /",
        "ok: Building image...",
        "Docker image pushed: localhost/web:1",
        "",
    ]


def test_a_pipe_sees_how_open_and_failed_steps_ended(cli: Cli) -> None:
    entries = [
        {"step": {"id": 0, "msg": "one"}},
        {"step": {"id": 0, "status": "warn", "close": True}},
        {"step": {"id": 1, "msg": "two"}},
        {"step": {"id": 1, "output": "no newline \x1b[31mred\x1b[0m \x07"}},
        {"status": {"msg": "three"}},
        {"status": {"status": "timeout", "msg": "four", "step": True}},
        {"line": {"msg": "careful\nplease", "style": "warning"}},
        {"line": {"msg": "bad\nnews", "style": "error"}},
        {"line": {"msg": "by the way\nsomething", "style": "info"}},
        {"finish": False},
    ]
    assert piped(cli, *entries).stderr.splitlines() == [
        "-> one",
        "warning: one",
        "-> two",
        "-> three",
        "timeout: four",
        "warning: careful",
        "please",
        "! bad",
        "  news",
        "  by the way",
        "  something",
        "   no newline red ",
        "failed: two",
    ]


def test_tables_and_named_values_are_aligned_on_a_pipe(cli: Cli) -> None:
    entries = [
        {"table": {"headers": ["Name", "Age"], "rows": [{"entries": [{"value": "worker"}, {"value": "1"}]}]}},
        {"namedValues": {"values": [{"name": "A", "value": "1"}, {"name": "Long", "value": "x"}, {"name": "No"}]}},
        {"finish": True},
    ]
    assert piped(cli, *entries).stderr.splitlines() == ["NAME    AGE", "worker  1", "     A: 1", "  Long: x"]


def test_an_ascii_pipe_gets_escapes_instead_of_a_failure(cli: Cli) -> None:
    environ = {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    done = piped(cli, {"line": {"msg": "naïve ✓"}}, {"finish": True}, **environ)
    assert done.stderr == "na\\xefve \\u2713\n"


def test_json_has_one_object_per_event(cli: Cli) -> None:
    done = piped(cli, *BUILD, *BUILT, {"raw": {"data": "\xff", "stderr": True}}, {"finish": True}, option="-json")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stderr == ""
    assert all(entry["app"] == "web" for entry in objects)
    assert [entry["event"] for entry in objects] == [
        "line",
        "step",
        "step",
        "step",
        "step",
        "step",
        "step",
        "line",
        "raw",
    ]
    assert objects[4]["output"] == "Step 1/2 : FROM scratch\nStep 2/2 : CO"
    assert objects[6] | {"time": ""} == {
        "time": "",
        "app": "web",
        "event": "step",
        "id": 1,
        "closed": True,
        "status": "ok",
    }
    assert objects[8]["output_base64"] == "/w=="
