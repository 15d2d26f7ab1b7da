"""What a command costs: seconds on the wall and of the processors, and the largest memory of all its processes.

Memory is the largest sum over all processes of the command, shared pages divided among them (PSS). CPU is that of all
processes, imports included.
"""

import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

SAMPLE_S = 1.0


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall and of the processors, largest memory (MB)."""

    wall: float
    cpu: float
    peak_mb: float


def watched(command: Sequence[str], variables: dict[str, str]) -> tuple[Cost, str]:
    """Run a command to its end: what it cost, and what it printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (
        subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process,  # noqa: S603
        largest_memory(process.pid) as peak,
    ):
        printed, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}: {printed}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - began, cpu, peak[0]), printed


@contextmanager
def largest_memory(pid: int) -> Iterator[list[float]]:
    """The largest sum of the memory (MB) of a process and its children while the block runs."""
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE_S):
            try:
                parent = psutil.Process(pid)
                family = [parent, *parent.children(recursive=True)]
                peak[0] = max(peak[0], sum(p.memory_full_info().pss for p in family) / 2**20)
            except psutil.Error:  # it has just ended
                continue

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def told(cost: Cost, count: int, what: str) -> None:
    """Print what something cost."""
    each = cost.cpu / count * 1000
    print(
        f"{what}: {cost.wall:.0f} s, {cost.cpu:.0f} s of CPU = {each:.2f} ms an asset-partition, "
        f"{cost.peak_mb:,.0f} MB at most",
        flush=True,
    )
