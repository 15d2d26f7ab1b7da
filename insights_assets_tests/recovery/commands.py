"""The `insights` command as a process of its own, on a home and a sandbox of the test's."""

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from insights_assets.sandbox import World, running_sandbox

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
DATES = ["--since", "2026-11-02", "--until", "2026-11-15"]


@contextmanager
def sandbox():
    with running_sandbox(World(accounts=2, ads_per_account=(2, 3)), now=lambda: NOW, report_latency_s=0.1) as server:
        yield server


def start(home: Path, url: str, *arguments: str) -> subprocess.Popen:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INSIGHTS_", "META_", "DAGSTER"))}
    own = {"INSIGHTS_HOME": str(home), "INSIGHTS_NOW": NOW.isoformat(), "INSIGHTS_MODE": "sandbox"}
    command = [str(Path(sys.executable).parent / "insights"), *arguments]
    variables = {**kept, **own, "INSIGHTS_SANDBOX_URL": url}
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(home: Path, url: str, *arguments: str) -> tuple[int, str]:
    process = start(home, url, *arguments)
    said, _ = process.communicate(timeout=300)
    return process.returncode, said
