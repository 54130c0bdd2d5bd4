"""What the entrypoint costs: start-up, memory, log throughput, against the real server over loopback TLS.

    python bench/entrypoint.py [--python /usr/bin/python3] [--rounds 20]

Prints medians next to starting the application directly, and to the Go entrypoint of Waypoint 0.11 as it was measured
on a 2-core machine of this kind. Start-up is counted from just before the exec of the interpreter to the application's
first instruction, which writes to a descriptor it inherits.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.wp_entrypoint.real_server import RealServer  # noqa: E402

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
GO = {"start": "577", "disabled": "48", "rss": "72", "burst": "8"}
LINES = 100_000


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


def start_to_first_instruction(argv: Sequence[str], environment: dict[str, str], rounds: int) -> tuple[float, float]:
    """Median and minimum, in milliseconds, over all rounds but two that warm up."""
    taken = []
    for _ in range(rounds + 2):
        read, write = os.pipe()
        os.set_inheritable(write, True)
        application = ["/bin/sh", "-c", f"printf R >&{write}"]
        null = os.open(os.devnull, os.O_WRONLY)
        began = time.perf_counter()
        pid = os.posix_spawn(
            (argv or application)[0],
            [*argv, *application],
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, null, 2)],
        )
        os.read(read, 1)
        taken.append((time.perf_counter() - began) * 1000)
        os.close(read)
        os.close(write)
        os.close(null)
        os.waitpid(pid, 0)
    return statistics.median(taken[2:]), min(taken[2:])


def memory(argv: Sequence[str], environment: dict[str, str], real: RealServer) -> tuple[float, float]:
    """Resident and anonymous megabytes while the application runs and its lines flow."""
    process = subprocess.Popen(
        [*argv, "/bin/sh", "-c", "while :; do echo counted; sleep 0.05; done"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        counted = (line for _, line in real.log_lines() if line == "counted")
        for _ in range(40):
            next(counted)
        status = Path(f"/proc/{process.pid}/status").read_text()
        values = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return int(values["VmRSS"].split()[0]) / 1024, int(values["RssAnon"].split()[0]) / 1024
    finally:
        process.terminate()
        process.wait()


def burst(argv: Sequence[str], environment: dict[str, str], real: RealServer) -> float:
    """Seconds from the start of a burst to its last line at a reader of the server's logs."""
    program = f"import sys; sys.stdout.write(''.join('%099d\\n' % n for n in range({LINES}))); sys.stdin.readline()"
    began = time.perf_counter()
    process = subprocess.Popen(
        [*argv, "/usr/bin/python3", "-c", program],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    last = f"{LINES - 1:099d}"
    try:
        next(line for _, line in real.log_lines() if line == last)
        return time.perf_counter() - began
    finally:
        process.communicate(b"\n")


def latency(argv: Sequence[str], environment: dict[str, str], real: RealServer) -> float:
    """Median milliseconds from the writing of a line by the application to its arrival at a reader."""
    program = "import time, sys\nfor _ in range(40):\n    print('at', time.time(), flush=True)\n    time.sleep(0.1)\n"
    process = subprocess.Popen(
        [*argv, "/usr/bin/python3", "-c", program],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    taken = []
    try:
        for _, line in real.log_lines():
            if line.startswith("at "):
                taken.append((time.time() - float(line[3:])) * 1000)
                if len(taken) == 30:
                    break
        return statistics.median(taken[5:])
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        argv = [options.python, "-I", "-S", str(pack(folder, options.python))]
        (folder / "server").mkdir()
        real = RealServer(folder / "server")
        try:
            real.set_config(GREETING="hello")
            connected = {"PATH": PATH, **real.environment()}
            bare = start_to_first_instruction([], {"PATH": PATH}, options.rounds)
            python = start_to_first_instruction(
                [options.python, "-I", "-S", "-c", "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"],
                {"PATH": PATH},
                options.rounds,
            )
            off = start_to_first_instruction(argv, {"PATH": PATH}, options.rounds)
            on = start_to_first_instruction(argv, connected, options.rounds)
            size = (folder / "waypoint-entrypoint").stat().st_size
            rows = [
                ("application started directly, ms", bare, ""),
                ("bare interpreter that execs it, ms", python, ""),
                ("disabled, to first instruction, ms", off, GO["disabled"]),
                ("with configuration over TLS, to first instruction, ms", on, GO["start"]),
                ("resident / anonymous memory, MB", memory(argv, connected, real), GO["rss"]),
                (f"burst of {LINES} lines at a reader, s", (burst(argv, connected, real),), f"{GO['burst']} % arrive"),
                ("line to a reader, ms", (latency(argv, connected, real),), "-"),
                ("archive, kB", (size / 1000,), "85000 (26000 gzipped)"),
            ]
        finally:
            real.stop()
    print(f"{'':56}{'median (min)':>20}   Go 0.11")
    for label, values, other in rows:
        shown = f"{values[0]:.1f}" + (f" ({values[1]:.1f})" if len(values) > 1 else "")
        print(f"{label:56}{shown:>20}   {other}")


if __name__ == "__main__":
    main()
