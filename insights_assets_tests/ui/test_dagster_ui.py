"""A user's morning in the Dagster UI, by mouse in chromium: a partition, a range, a check that turns red and green."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from insights_assets.sandbox import World, fault, running_sandbox
from insights_assets_tests.recovery.commands import NOW, run
from insights_assets_tests.ui.dagster_pages import DagsterUi

pytestmark = pytest.mark.slow
PAUSE = threading.Event()  # never set
DEADLINE_S = 240
WEEK = date(2026, 10, 5)  # settled, so a gap is an error and not a warning
WEEKS = "[2026-09-28...2026-10-05]"
WORLD = {"accounts": 2, "ads_per_account": (2, 3)}
RUNS = "{ runsOrError { ... on Runs { results { status } } } }"
UNDER_WAY = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "MANAGED"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextmanager
def dagster_ui(home: Path, sandbox_url: str):
    """`insights dev` on a free port, with everything that it starts, until the block ends."""
    port = free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INSIGHTS_", "META_", "DAGSTER"))}
    own = {"INSIGHTS_HOME": str(home), "INSIGHTS_NOW": NOW.isoformat(), "INSIGHTS_MODE": "sandbox"}
    command = [str(Path(sys.executable).parent / "insights"), "dev", "--port", str(port)]
    with (home / "dev.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env={**kept, **own, "INSIGHTS_SANDBOX_URL": sandbox_url},
            stdout=log,
            stderr=log,
        )
        base = f"http://127.0.0.1:{port}"
        try:
            until(lambda: process.poll() is not None or answers(base), (home / "dev.log").read_text)
            assert process.poll() is None, (home / "dev.log").read_text()
            yield base
        finally:
            process.terminate()
            process.wait(timeout=60)


def statuses(base: str) -> list[str]:
    """States of all runs, the newest first."""
    answer = httpx.post(f"{base}/graphql", json={"query": RUNS}, timeout=30)
    return [r["status"] for r in answer.json()["data"]["runsOrError"]["results"]]


def until(holds: Callable[[], bool], told: Callable[[], object]) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: it does not, and `told` says what is instead.
    """
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end, told()
        PAUSE.wait(0.5)


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/server_info", timeout=30).is_success
    except httpx.TransportError:
        return False


def await_runs(base: str, count: int) -> list[str]:
    """States once there are so many runs and all have ended."""
    until(lambda: len(statuses(base)) >= count and not UNDER_WAY & set(statuses(base)), lambda: statuses(base))
    return statuses(base)


@pytest.fixture
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "This test needs a browser: install Debian's package chromium."
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


def test_a_check_turns_red_on_bad_data_and_green_after_the_repair(tmp_path, browser):
    port = free_port()
    account = World(**WORLD).accounts[0].id
    planted = fault("parent_mismatch", account=account, week=WEEK, factor=1.5)
    with running_sandbox(World(**WORLD), port=port, now=lambda: NOW, faults=[planted]) as sandbox:
        assert run(tmp_path, sandbox.url, "accounts", "discover")[0] == 0
    with dagster_ui(tmp_path, f"http://127.0.0.1:{port}") as base:
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        ui = DagsterUi(page, base)
        with running_sandbox(World(**WORLD), port=port, now=lambda: NOW, faults=[planted]):
            assert ui.materialize("raw/insights_weekly_campaign", WEEKS) == "Launch backfill"
            assert await_runs(base, 1) == ["SUCCESS"] * len(statuses(base))
            ui.sees_partitions("raw/insights_weekly_campaign", "Materialized (4)")
            before = len(statuses(base))
            assert ui.materialize("raw/insights_daily", str(WEEK), [account]) == "Launch 1 run"
            assert await_runs(base, before + 1)[0] == "SUCCESS"
            ui.sees_check("raw/insights_daily", "parent_totals", "1 of 1 partitions", f"{account}|{WEEK}", "Failed")
            page.screenshot(path=tmp_path / "red.png")
        with running_sandbox(World(**WORLD), port=port, now=lambda: NOW):
            for asset in ("raw/insights_weekly_campaign", "raw/insights_daily"):
                before = len(statuses(base))
                ui.materialize(asset, str(WEEK), [account])
                assert await_runs(base, before + 1)[0] == "SUCCESS"
            ui.sees_check("raw/insights_daily", "parent_totals", "0 of 1 partitions", f"{account}|{WEEK}", "Passed")
            page.screenshot(path=tmp_path / "green.png")
