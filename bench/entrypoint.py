"""What the entrypoint costs: start-up, memory, log throughput, against the real server over loopback TLS.

    python bench/entrypoint.py [--standalone dist/waypoint-entrypoint-linux-amd64] [--python /usr/bin/python3]

Prints both natures of the entrypoint, the standalone executable and the zipapp on the machine's Python, beside starting
the application directly, beside `tini`, and beside the Go entrypoint of Waypoint 0.11 as it was measured on a 2-core
machine of this kind. Start-up is counted from just before the entrypoint's own exec to the application's first
instruction, which writes to a descriptor it inherits; what is compared runs in turn. Medians, and minima in brackets.
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
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.wp_entrypoint.real_server import RealServer  # noqa: E402

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COLUMNS = ("directly", "tini", "standalone", "zipapp", "Go 0.11")
GO = {"off": "48", "on": "577", "rss": "72", "burst": "8 % arrive", "layer": "26.0", "file": "85"}
LINES = 100_000
RUNS = itertools.count()
"""Marks the lines of each run: a reader is shown those of earlier ones too."""
WARMING = 2
"""Rounds that do not count."""

Command = tuple[list[str], Mapping[str, str]]
"""What stands before the application, and its environment."""


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


def starts(commands: Mapping[str, Command], rounds: int) -> dict[str, str]:
    """Median and minimum of each, taken in turn so that a busy moment meets all of them."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + WARMING):
        for name, command in commands.items():
            taken[name].append(first_instruction(command))
    shown = {name: values[WARMING:] for name, values in taken.items()}
    return {name: f"{statistics.median(values):.1f} ({min(values):.1f})" for name, values in shown.items()}


def memory(argv: Sequence[str], environment: Mapping[str, str], real: RealServer) -> str:
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
        return f"{int(values['VmRSS'].split()[0]) / 1024:.1f} ({int(values['RssAnon'].split()[0]) / 1024:.1f})"
    finally:
        process.terminate()
        process.wait()


def burst(argv: Sequence[str], environment: Mapping[str, str], real: RealServer) -> float:
    """Seconds from the start of a burst to its last line at a reader of the server's logs."""
    first = next(RUNS) * LINES
    numbers = f"range({first}, {first + LINES})"
    program = f"import sys; sys.stdout.write(''.join('%099d\\n' % n for n in {numbers})); sys.stdin.readline()"
    began = time.perf_counter()
    process = subprocess.Popen(
        [*argv, "/usr/bin/python3", "-c", program],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    last = f"{first + LINES - 1:099d}"
    try:
        next(line for _, line in real.log_lines() if line == last)
        return time.perf_counter() - began
    finally:
        process.communicate(b"\n")


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
        others: dict[str, Command] = {"directly": ([], {"PATH": PATH})}
        if tini := shutil.which("tini"):
            others["tini"] = ([tini, "-s", "--"], {"PATH": PATH})
        (folder / "server").mkdir()
        real = RealServer(folder / "server")
        try:
            real.set_config(GREETING="hello")
            connected = {"PATH": PATH, **real.environment()}
            off = {"PATH": PATH}
            rows = {
                "switched off, to the first instruction, ms": starts(
                    {**others, **{each: (argv, off) for each, argv in natures.items()}}, options.rounds
                )
                | {"Go 0.11": GO["off"]},
                "configured over TLS, to the first instruction, ms": starts(
                    {each: (argv, connected) for each, argv in natures.items()}, options.rounds
                )
                | {"Go 0.11": GO["on"]},
                "resident (anonymous) memory, MB": {
                    each: memory(argv, connected, real) for each, argv in natures.items()
                }
                | {"Go 0.11": GO["rss"]},
                f"burst of {LINES} lines at a reader, s": {
                    each: f"{burst(argv, connected, real):.1f}" for each, argv in natures.items()
                }
                | {"Go 0.11": GO["burst"]},
                "line to a reader, ms": {
                    each: f"{latency(argv, connected, real):.1f}" for each, argv in natures.items()
                },
                "file, MB": {each: f"{path.stat().st_size / 1e6:.1f}" for each, path in files.items()}
                | {"Go 0.11": GO["file"]},
                "layer, gzipped, MB": {
                    each: f"{len(gzip.compress(path.read_bytes(), 9)) / 1e6:.1f}" for each, path in files.items()
                }
                | {"Go 0.11": GO["layer"]},
            }
        finally:
            real.stop()
    print(f"load of this machine: {os.getloadavg()[0]:.1f}")
    print(f"{'':52}" + "".join(f"{column:>14}" for column in COLUMNS))
    for label, cells in rows.items():
        print(f"{label:52}" + "".join(f"{cells.get(column, '-'):>14}" for column in COLUMNS))


if __name__ == "__main__":
    main()
