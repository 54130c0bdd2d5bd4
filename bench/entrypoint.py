"""What the entrypoint costs: start-up, memory, log throughput, against the real server over loopback TLS.

    python bench/entrypoint.py [--standalone dist/waypoint-entrypoint-linux-amd64] [--python /usr/bin/python3]

Prints both natures of the entrypoint, the standalone executable and the zipapp on the machine's Python, beside starting
the application directly, beside `tini`, and beside the Go entrypoint on the same server, where `make go-waypoint` has
built it; else beside what was recorded of it. The last column is by how much the standalone one is better than that.
Start-up is counted from just before the entrypoint's own exec to the application's first instruction, which writes to a
descriptor it inherits; what is compared runs in turn. Medians, and minima in brackets.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from go_programs import GO, NAME  # noqa: E402
from tests.wp_entrypoint.real_server import RealServer  # noqa: E402

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COLUMNS = ("directly", "tini", "standalone", "zipapp", NAME)
BURST = 100_000
"""Lines."""
FLOWS = {
    "2 000 lines/s": (2_000, 10_000, 100),
    "10 000 lines/s": (10_000, 50_000, 34),
    f"burst of {BURST} lines": (0, BURST, 8),
}
"""Lines per second, 0 for as fast as it can, how many, and the share of them that was recorded of the Go entrypoint."""
RUNS = itertools.count()
"""Marks the lines of each run: a reader is shown those of earlier ones too."""
WARMING = 2
"""Rounds that do not count."""

WRITER = """
import sys, time
run, rate, lines = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
began, written = time.monotonic(), 0
while written < lines:
    due = min(lines, int((time.monotonic() - began) * rate)) if rate else lines
    sys.stdout.write("".join("%s%099d\\n" % (run, number) for number in range(written, due)))
    sys.stdout.flush()
    written = due
    time.sleep(0.01)
while True:
    time.sleep(0.5)
    print(run + "over", flush=True)
"""
"""Writes lines of 100 bytes and more, then says that this was all, as often as it takes: that may be lost, too."""

Command = tuple[list[str], Mapping[str, str]]
"""What stands before the application, and its environment."""


@dataclass(frozen=True)
class Cell:
    """A figure, and another one in brackets."""

    value: float
    other: float | None = None

    def __str__(self) -> str:
        return f"{self.value:.1f}" + (f" ({self.other:.1f})" if self.other is not None else "")


@dataclass(frozen=True)
class Row:
    """A figure of everything that has it, and what was recorded of the Go entrypoint. `most`: less is better."""

    label: str
    cells: Mapping[str, Cell]
    recorded: float | None = None
    most: bool = True

    def __str__(self) -> str:
        cells = dict(self.cells)
        if GO is None and self.recorded is not None:
            cells[NAME] = Cell(self.recorded)
        text = f"{self.label:52}" + "".join(f"{cells.get(column, '-')!s:>14}" for column in COLUMNS)
        if "standalone" in cells and NAME in cells:
            ours, theirs = cells["standalone"].value, cells[NAME].value
            text += f"{(theirs / ours if self.most else ours / theirs):>10.1f} x"
        return text


def pack(folder: Path, python: str) -> Path:
    """The archive with bytecode for the measured interpreter, as releases carry it."""
    target = folder / "waypoint-entrypoint"
    source = str(ROOT / "src")
    program = (
        f"import sys; sys.path.insert(0, {source!r}); from pathlib import Path; from wp_entrypoint import archive; "
        f"archive.write(Path({str(target)!r}), sys.version_info[:2])"
    )
    subprocess.run([python, "-c", program], check=True)
    return target


def first_instruction(command: Command) -> float:
    """Milliseconds from just before the exec to the application's first instruction."""
    argv, environment = command
    read, write = os.pipe()
    os.set_inheritable(write, True)
    null = os.open(os.devnull, os.O_WRONLY)
    whole = [*argv, "/bin/sh", "-c", f"printf R >&{write}"]
    began = time.perf_counter()
    pid = os.posix_spawn(whole[0], whole, environment, file_actions=[(os.POSIX_SPAWN_DUP2, null, 2)])
    os.read(read, 1)
    taken = (time.perf_counter() - began) * 1000
    for descriptor in (read, write, null):
        os.close(descriptor)
    os.waitpid(pid, 0)
    return taken


def starts(commands: Mapping[str, Command], rounds: int) -> dict[str, Cell]:
    """Median and minimum of each, taken in turn so that a busy moment meets all of them."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + WARMING):
        for name, command in commands.items():
            taken[name].append(first_instruction(command))
    shown = {name: values[WARMING:] for name, values in taken.items()}
    return {name: Cell(statistics.median(values), min(values)) for name, values in shown.items()}


def memory(argv: Sequence[str], environment: Mapping[str, str], real: RealServer) -> Cell:
    """Resident and anonymous megabytes while the application runs and its lines flow."""
    mark = f"counted {next(RUNS)}"
    process = subprocess.Popen(
        [*argv, "/bin/sh", "-c", f"while :; do echo {mark}; sleep 0.05; done"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        counted = (line for _, line in real.log_lines() if line == mark)
        for _ in range(40):
            next(counted)
        status = Path(f"/proc/{process.pid}/status").read_text()
        values = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return Cell(*(int(values[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon")))
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class Arrived:
    """What a reader of the server's logs got of many lines: how many per cent, and seconds until the last."""

    share: float
    seconds: float


def arrived(argv: Sequence[str], environment: Mapping[str, str], real: RealServer, rate: int, lines: int) -> Arrived:
    """Counts lines from the start of an entrypoint to those the application says, again and again, at its end."""
    run = f"run {next(RUNS)} "
    process = subprocess.Popen(
        [*argv, "/usr/bin/python3", "-c", WRITER, run, str(rate), str(lines)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    began = last = time.perf_counter()
    counted = 0
    try:
        for _, line in real.log_lines(timeout=120):
            if line == f"{run}over":
                break
            if line.startswith(run):
                counted, last = counted + 1, time.perf_counter()
        return Arrived(100 * counted / lines, last - began)
    finally:
        process.terminate()
        process.communicate()


def latency(argv: Sequence[str], environment: Mapping[str, str], real: RealServer) -> float:
    """Median milliseconds from the writing of a line by the application to its arrival at a reader."""
    mark = f"run {next(RUNS)} "
    program = (
        f"import time\nfor _ in range(40):\n    print('{mark}%f' % time.time(), flush=True)\n    time.sleep(0.1)\n"
    )
    process = subprocess.Popen(
        [*argv, "/usr/bin/python3", "-c", program],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    taken = []
    try:
        for _, line in real.log_lines():
            if line.startswith(mark):
                taken.append((time.time() - float(line.removeprefix(mark))) * 1000)
                if len(taken) == 30:
                    break
        return statistics.median(taken[5:])
    finally:
        process.terminate()
        process.wait()


def throughput(natures: Mapping[str, list[str]], environment: Mapping[str, str], real: RealServer) -> Iterator[Row]:
    """What arrives of the lines of an application, and when the last of a burst does."""
    for name, (rate, lines, recorded) in FLOWS.items():
        found = {each: arrived(argv, environment, real, rate, lines) for each, argv in natures.items()}
        shares = {each: Cell(one.share) for each, one in found.items()}
        yield Row(f"{name}: arrive, %", shares, recorded, most=False)
    whole = {each: Cell(one.seconds) for each, one in found.items() if one.share == 100}
    yield Row(f"{name}: all arrive after, s", whole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--standalone", type=Path, default=ROOT / "dist/waypoint-entrypoint-linux-amd64")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zipapp = pack(folder, options.python)
        files = {"zipapp": zipapp}
        natures = {"zipapp": [options.python, "-I", "-S", str(zipapp)]}
        if options.standalone.exists():
            files["standalone"] = options.standalone
            natures["standalone"] = [str(options.standalone.resolve())]
        else:
            print(f"{options.standalone} is not there (make zipapps): only the zipapp is measured", file=sys.stderr)
        if GO:
            files[NAME] = GO.entrypoint
            natures[NAME] = [str(GO.entrypoint)]
        others: dict[str, Command] = {"directly": ([], {"PATH": PATH})}
        if tini := shutil.which("tini"):
            others["tini"] = ([tini, "-s", "--"], {"PATH": PATH})
        (folder / "server").mkdir()
        real = RealServer(folder / "server")
        try:
            real.set_config(GREETING="hello")
            connected = {"PATH": PATH, **real.environment()}
            off = {"PATH": PATH}
            rows = [
                Row(
                    "switched off, to the first instruction, ms",
                    starts({**others, **{each: (argv, off) for each, argv in natures.items()}}, options.rounds),
                    recorded=48,
                ),
                Row(
                    "configured over TLS, to the first instruction, ms",
                    starts({each: (argv, connected) for each, argv in natures.items()}, options.rounds),
                    recorded=577,
                ),
                Row(
                    "resident (anonymous) memory, MB",
                    {each: memory(argv, connected, real) for each, argv in natures.items()},
                    recorded=72,
                ),
                *throughput(natures, connected, real),
                Row(
                    "line to a reader, ms",
                    {each: Cell(latency(argv, connected, real)) for each, argv in natures.items()},
                ),
                Row("file, MB", {each: Cell(path.stat().st_size / 1e6) for each, path in files.items()}, recorded=85),
                Row(
                    "layer, gzipped, MB",
                    {each: Cell(len(gzip.compress(path.read_bytes(), 9)) / 1e6) for each, path in files.items()},
                    recorded=26.0,
                ),
            ]
        finally:
            real.stop()
    print(f"load of this machine: {os.getloadavg()[0]:.1f}")
    print(f"{'':52}" + "".join(f"{column:>14}" for column in COLUMNS) + f"{'better by':>12}")
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
