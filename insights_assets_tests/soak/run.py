"""Half an hour of refreshes with faults: memory, open files, sockets and threads must not grow.

One process refreshes a few accounts again and again (all assets and checks, over HTTP, amid faults), ticks every
sensor as a code server does, and maintains the lake; beside it the read API answers. The clock runs 60 times as fast,
so that numbers are restated and a block of five minutes is waited for five seconds. Exit code 1 when a figure grows or
a step fails, 2 when there were too few rounds to tell.

    python -m insights_assets_tests.soak.run --minutes 30
"""

import argparse
import gc
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection

import dagster as dg
import httpx
import psutil

from insights_assets import registry
from insights_assets.api.keys import KeyStore
from insights_assets.automation.maintenance import maintain
from insights_assets.commands.home import Home, open_home
from insights_assets.commands.serve import SMALL_FRAMES
from insights_assets.connection import Gateway
from insights_assets.definitions import DERIVED_ASSETS, RAW_ASSETS, build_defs
from insights_assets.instance.quiet_runs import QUIET
from insights_assets.partitions import ACCOUNT, range_tags, weeks_covering
from insights_assets.sandbox import World, running_sandbox
from insights_assets.settings import load_settings
from insights_assets.tables.registry import TABLES
from insights_assets_tests.soak.growth import grows, trend

START = datetime(2026, 3, 30, 3, tzinfo=UTC)
HASTE = 60
MAINTAIN_EVERY = 5
QUESTIONS = ("/overview", "/accounts", "/accounts/{0}/ads", "/accounts/{0}/anomalies", "/accounts/{0}/features")
# What may surely be added over the judged rounds: MB, and pieces.
ALLOWED = {"USS MB": 10.0, "files": 2.0, "sockets": 2.0, "threads": 2.0}
# The storm is one that retries outlive, so neither may ever be counted.
WRONG = ("failed steps", "problems of the lake")
Sample = dict[str, float]
Soaked = tuple[dict[str, list[Sample]], Counter[str]]


def clock(began: float) -> datetime:
    """The instant that counts as now, the same in every process."""
    return START + timedelta(seconds=(time.time() - began) * HASTE)


def hurried() -> float:
    """Seconds that only go forward, as fast as the clock."""
    return time.monotonic() * HASTE


def sleep(seconds: float) -> None:
    """Wait for seconds of the clock."""
    time.sleep(seconds / HASTE)


def measure(process: psutil.Process) -> Sample:
    """What a process holds."""
    return {
        "USS MB": process.memory_full_info().uss / 1e6,  # of its own: shared pages count more when another process ends
        "files": process.num_fds(),
        "sockets": len(process.net_connections(kind="inet")),
        "threads": process.num_threads(),
    }


def simulate(pipe: Connection, accounts: int, ads: int, began: float) -> None:
    """Serve the simulator until the pipe closes."""
    world = World(accounts=accounts, ads_per_account=ads)
    options = {"scenario": "storm", "report_latency_s": 6.0, "monotonic": hurried}
    with running_sandbox(world, now=lambda: clock(began), **options) as server:
        pipe.send((server.url, server.token))
        while not pipe.poll(1):
            if pipe.closed:
                return
        pipe.send(Counter(played.fault for played in server.played))


@contextmanager
def sandbox(accounts: int, ads: int, began: float) -> Iterator[tuple[str, Connection]]:
    """The simulator as a process of its own; its URL, and a pipe that gives its played faults when asked."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=simulate, args=(theirs, accounts, ads, began), daemon=True)
    process.start()
    try:
        url, _ = ours.recv()
        yield url, ours
    finally:
        process.terminate()
        process.join()


@contextmanager
def read_api(home: Home) -> Iterator[tuple[psutil.Process, httpx.Client]]:
    """The read API as a process, and a client with a key."""
    _, secret = KeyStore(home.settings.home).add("soak", "viewer", None, START, requests_per_minute=1_000_000)
    port = 20_000 + os.getpid() % 20_000
    command = [sys.executable, "-m", "insights_assets.api.server", "127.0.0.1", str(port)]
    variables = {**os.environ, **home.environment, **SMALL_FRAMES}
    with (
        subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": secret}, timeout=60) as client,
    ):
        try:
            _await(client)
            yield psutil.Process(server.pid), client
        finally:
            server.terminate()


def _await(client: httpx.Client) -> None:
    for _ in range(120):
        try:
            client.get("/overview")
        except httpx.TransportError:
            time.sleep(1)
        else:
            return
    raise RuntimeError("The read API did not start.")


class Refreshing:
    """The code location on a home, with the clock that hurries."""

    def __init__(self, home: Home, began: float) -> None:
        self.home, self.began = home, began
        times = {"sleep": sleep, "clock": hurried, "instant": lambda: clock(began).timestamp()}
        gateway = Gateway(home.settings, None, **times)
        self.defs = build_defs(home.settings, overrides={"clock": lambda: clock(began), "gateway": gateway})
        self.job = self.defs.resolve_implicit_global_asset_job_def()
        self.weeks = weeks_covering((START - timedelta(days=28)).date(), START.date())
        with gateway.client() as client:
            rows = registry.to_rows(client.ad_accounts(), "sandbox", START)
        registry.save(home.lake, home.instance, rows)
        self.accounts = [*home.instance.get_dynamic_partitions(ACCOUNT)]  # a range goes by this order
        self.told: Counter[str] = Counter()

    def round(self, number: int) -> None:
        """Refresh every account, tick every sensor, and now and then maintain the lake."""
        for account in self.accounts:
            self._run(RAW_ASSETS, [account])
        self._run(DERIVED_ASSETS, self.accounts)
        self._tick()
        if number % MAINTAIN_EVERY == 0:
            settings = self.home.settings.maintenance
            found = maintain(self.home.lake, TABLES.values(), self.home.instance, settings, clock(self.began))
            self.told["problems of the lake"] += len(found.problems)
        gc.collect()

    def _run(self, assets: tuple[dg.AssetsDefinition, ...], accounts: list[str]) -> None:
        subset = self.job.get_subset(asset_selection={a.key for a in assets})
        tags = range_tags(accounts, self.weeks)
        result = subset.execute_in_process(
            instance=self.home.instance, tags=tags, raise_on_error=False, run_config=QUIET
        )
        self.told["runs"] += 1
        self.told["steps"] += sum(e.is_step_success for e in result.all_events)
        self.told["failed steps"] += sum(e.is_step_failure for e in result.all_events)

    def _tick(self) -> None:
        repository = self.defs.get_repository_def()
        for sensor in repository.sensor_defs:
            if sensor.sensor_type.name == "STANDARD":
                with dg.build_sensor_context(instance=self.home.instance, repository_def=repository) as context:
                    sensor.evaluate_tick(context)
                self.told["ticks"] += 1


def soak(minutes: float, accounts: int, ads: int, folder: str, tell: Callable[[str], None]) -> Soaked:
    """Refresh for some minutes; samples of each process after each round, and what was counted."""
    began = time.time()
    samples: dict[str, list[Sample]] = {"refreshing": [], "read API": []}
    with sandbox(accounts, ads, began) as (url, pipe):
        names = {"INSIGHTS_HOME": folder, "INSIGHTS_MODE": "sandbox", "INSIGHTS_SANDBOX_URL": url}
        home = open_home(load_settings({**names, "INSIGHTS_NOW": START.isoformat()}))
        work, own = Refreshing(home, began), psutil.Process()
        with read_api(home) as (server, client):
            number, started = 0, time.time()
            tell(f"started after {started - began:.0f} s")
            while time.time() - started < minutes * 60:
                number += 1
                work.round(number)
                for question in QUESTIONS * 5:
                    work.told[f"HTTP {client.get(question.format(work.accounts[0])).status_code}"] += 1
                samples["refreshing"].append(measure(own))
                samples["read API"].append(measure(server))
                tell(f"{(time.time() - started) / 60:5.1f} min  round {number:3d}  {shown(samples)}")
        pipe.send("end")
        faults = pipe.recv()
    tell(f"faults played: {sum(faults.values())} of {len(faults)} kinds; {dict(work.told)}")
    return samples, work.told


def shown(samples: dict[str, list[Sample]]) -> str:
    """The newest sample of each process in a line."""
    return "; ".join(f"{who}: " + ", ".join(f"{v:.0f} {k}" for k, v in s[-1].items()) for who, s in samples.items())


def judge(samples: dict[str, list[Sample]]) -> bool:
    """Print each trend; whether one grows beyond what is allowed."""
    leaking = False
    for who, taken in samples.items():
        for what, allowed in ALLOWED.items():
            found = trend([s[what] for s in taken])
            bad = grows(found, allowed)
            leaking |= bad
            limits = f"{found.slope:+.3f} a round ({found.low:+.3f} to {found.high:+.3f}, {found.rounds} rounds)"
            print(f"{who}, {what}: from {found.level:.1f}, {limits}{'  GROWS' if bad else ''}")
    return leaking


def main() -> int:
    """Exit code 0 when nothing grows or fails, 1 when something does, 2 when that cannot be told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--accounts", type=int, default=2)
    parser.add_argument("--ads", type=int, default=6)
    options = parser.parse_args()
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        samples, told = soak(options.minutes, options.accounts, options.ads, folder, partial(print, flush=True))
    wrong = {what: told[what] for what in WRONG if told[what]}
    if wrong:
        print(f"WRONG: {wrong}")
    try:
        return int(judge(samples) or bool(wrong))
    except ValueError as few:
        print(few)
        return 2


if __name__ == "__main__":
    sys.exit(main())
