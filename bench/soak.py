"""One application under the entrypoint for a long time, against the real server that is restarted again and again.

    python bench/soak.py [--minutes 30] [--every 60] [--rate 200] [--python /usr/bin/python3]

The application writes numbered lines, with a burst now and then; a reader follows the deployment's log through all
restarts; a command is run beside the application every few seconds. The server is ended by TERM and by KILL in turn.
Prints what the issue asks for: how fast the entrypoint's memory grows, and the lines that were lost.

A server keeps its lines in memory. Those it had taken and nobody had read when it was killed are gone with it, which no
entrypoint can mend; the reader is told when a connection ends, so they are counted apart.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import grpc

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "bench")]

from entrypoint import pack  # noqa: E402
from tests.wp_entrypoint.real_server import RealServer  # noqa: E402

APPLICATION = """
import sys, time
rate, end = float(sys.argv[1]), time.monotonic() + float(sys.argv[2])
number, began = 0, time.monotonic()
while time.monotonic() < end:
    due = int((time.monotonic() - began) * rate)
    if number % 50000 < 200 and number:
        due += 5000
    for number in range(number, max(due, number)):
        sys.stdout.write("line %d of a text as long as lines of a log are, more or less, most of the time\\n" % number)
    number = max(due, number)
    sys.stdout.flush()
    time.sleep(0.02)
print("last", number, flush=True)
time.sleep(30)
"""
SAMPLE_EVERY = 2.0
EXEC_EVERY = 5.0
SETTLE = 60.0
"""Seconds in which memory reaches the height that is then watched."""


class Reader:
    """Follows the log; `seen` has the number of every line that came, `last` how many were written."""

    def __init__(self, real: RealServer) -> None:
        self._real = real
        self.seen: set[int] = set()
        self.repeated = 0
        self.last: int | None = None
        self.told: list[str] = []
        self.highest_at_break: list[int] = []
        self.stopped = False
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while not self.stopped:
            try:
                for _, line in self._real.log_lines(timeout=3600):
                    self._take(line)
            except (grpc.RpcError, ValueError):
                self.highest_at_break.append(max(self.seen, default=0))
            time.sleep(0.05)

    def _take(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "line":
            number = int(rest.partition(" ")[0])
            self.repeated += number in self.seen
            self.seen.add(number)
        elif word == "last":
            self.last = int(rest)
        elif "were not kept" in line or "refused by the server" in line:
            self.told.append(line)


def field(pid: int, name: str) -> int:
    """A number of /proc/PID/status, such as VmRSS in kB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Least squares: units per hour."""
    if len(samples) < 2:
        return 0.0
    fit = statistics.linear_regression([moment / 3600 for moment, _ in samples], [value for _, value in samples])
    return fit.slope


def ranges(numbers: set[int]) -> list[tuple[int, int]]:
    """The runs of consecutive numbers: first, how many."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][0] + found[-1][1] == number:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((number, 1))
    return found


def main() -> int:
    """Run it and print."""
    parser = argparse.ArgumentParser(description="Soak the entrypoint.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two ends of the server")
    parser.add_argument("--rate", type=float, default=200.0, help="lines per second")
    parser.add_argument("--python", default="/usr/bin/python3", help="the image's interpreter")
    parser.add_argument("--program", help="an executable entrypoint, instead of the archive on that interpreter")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="waypoint-soak-") as folder:
        return soak(arguments, Path(folder))


def soak(arguments: argparse.Namespace, folder: Path) -> int:
    (folder / "server").mkdir()
    real = RealServer(folder / "server")
    reader = Reader(real)
    seconds = arguments.minutes * 60
    if arguments.program:
        command = [arguments.program]
    else:
        command = [arguments.python, "-I", "-S", str(pack(folder, arguments.python))]
    process = subprocess.Popen(
        [*command, "/usr/bin/python3", "-c", APPLICATION, str(arguments.rate), str(seconds)],
        env=real.environment() | {"PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
        stderr=open(folder / "stderr", "wb"),  # noqa: SIM115
    )
    memory: list[tuple[float, float]] = []
    descriptors: list[int] = []
    back: list[float] = []
    execs = failed_execs = 0
    ends = {signal.SIGTERM: 0, signal.SIGKILL: 0}
    began = time.monotonic()
    next_end, next_exec = began + arguments.every, began + EXEC_EVERY
    try:
        while process.poll() is None and time.monotonic() - began < seconds:
            time.sleep(SAMPLE_EVERY)
            moment = time.monotonic()
            memory.append((moment - began, field(process.pid, "VmRSS")))
            descriptors.append(len(list(Path(f"/proc/{process.pid}/fd").iterdir())))
            if moment >= next_exec:
                next_exec = moment + EXEC_EVERY
                execs += 1
                try:
                    failed_execs += real.exec("sh", "-c", "echo here; exit 3", pty=execs % 2 == 0)[0] != 3
                except (grpc.RpcError, AssertionError):
                    failed_execs += 1
            if moment >= next_end and seconds - (moment - began) > 20:
                number = (signal.SIGTERM, signal.SIGKILL)[sum(ends.values()) % 2]
                ends[number] += 1
                real.stop(number)
                real.start()
                up = time.monotonic()
                while not connected(real):
                    time.sleep(0.05)
                back.append(time.monotonic() - up)
                next_end = moment + arguments.every
        deadline = time.monotonic() + 60
        while reader.last is None and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1)
        peak = field(process.pid, "VmHWM")
        alive = process.poll() is None
        report(arguments, reader, memory, descriptors, back, ends, execs, failed_execs, peak, alive)
        return 0 if alive and reader.last is not None and not missing(reader) else 1
    finally:
        reader.stopped = True
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        real.stop(signal.SIGKILL)


def connected(real: RealServer) -> bool:
    with contextlib.suppress(grpc.RpcError):
        return bool(real.instances())
    return False


def missing(reader: Reader) -> set[int]:
    return set(range(reader.last or 0)) - reader.seen


def report(
    arguments: argparse.Namespace,
    reader: Reader,
    memory: Sequence[tuple[float, float]],
    descriptors: Sequence[int],
    back: Sequence[float],
    ends: dict[signal.Signals, int],
    execs: int,
    failed_execs: int,
    peak: int,
    alive: bool,
) -> None:
    settled = [sample for sample in memory if sample[0] >= min(SETTLE, memory[-1][0] / 2)]
    lost = missing(reader)
    print(f"duration                {arguments.minutes:g} min, {reader.last} lines")
    print(f"server ended            {ends[signal.SIGTERM]} times by TERM, {ends[signal.SIGKILL]} times by KILL")
    if back:
        print(f"instance back after     {statistics.median(back):.2f} s (median), {max(back):.2f} s (longest)")
    print(f"application             {'untouched' if alive else 'ENDED'}")
    print(
        f"memory                  {settled[0][1] / 1024:.1f} MB after a minute, {settled[-1][1] / 1024:.1f} MB at the "
        f"end, peak {peak / 1024:.1f} MB, slope {slope(settled):+.0f} kB/h"
    )
    quarter = max(1, len(settled) // 4)
    medians = [statistics.median(value for _, value in settled[n * quarter : (n + 1) * quarter]) for n in range(4)]
    print(f"its four quarters       {', '.join(f'{median / 1024:.1f}' for median in medians)} MB (medians)")
    print(f"descriptors             {descriptors[len(descriptors) // 2]} half-way, {descriptors[-1]} at the end")
    print(f"exec sessions           {execs}, failed {failed_execs}")
    print(f"lines lost              {len(lost)}")
    print(f"lines that came twice   {reader.repeated}")
    print(f"losses that were told   {reader.told or 'none'}")
    for first, count in ranges(lost):
        place = min((abs(first - high) for high in reader.highest_at_break), default=-1)
        print(f"  missing {count} from {first}; the reader's nearest break was {place} lines away")


if __name__ == "__main__":
    raise SystemExit(main())
