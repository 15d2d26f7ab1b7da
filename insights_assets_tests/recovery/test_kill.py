"""`kill -9` of a backfill or of its worker processes, at any request: the same command run again completes the lake."""

import os
import shutil
import signal
import subprocess
import threading

import pytest

from insights_assets.lake.store import Lake
from insights_assets_tests.recovery.commands import DATES, run, sandbox, start
from insights_assets_tests.recovery.contents import contents

PAUSE = threading.Event()  # never set
pytestmark = pytest.mark.slow


def children(pid: int) -> list[int]:
    listed = subprocess.run(
        [shutil.which("ps") or "ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in listed.stdout.split()]


@pytest.mark.parametrize("at", [3, 11, 23])
@pytest.mark.parametrize("victim", ["backfill", "workers"])
def test_the_same_command_completes_what_a_killed_one_left(tmp_path, expected, victim, at):
    with sandbox() as server:
        assert run(tmp_path, server.url, "accounts", "discover")[0] == 0
        before = len(server.requests)
        process = start(tmp_path, server.url, "backfill", *DATES)
        while len(server.requests) < before + at and process.poll() is None:
            PAUSE.wait(0.002)
        assert process.poll() is None, "it ended before its time"
        for pid in [process.pid] if victim == "backfill" else children(process.pid):
            os.kill(pid, signal.SIGKILL)
        said, _ = process.communicate(timeout=300)
        # Dead workers are replaced; a dead backfill is started again by whoever sees that it is gone.
        assert process.returncode == (-signal.SIGKILL if victim == "backfill" else 0), said
        if victim == "backfill":
            assert "interrupted" in run(tmp_path, server.url, "status")[1]
            code, said = run(tmp_path, server.url, "backfill", *DATES)
            assert code == 0, said
        assert contents(Lake(str(tmp_path / "lake"))) == expected
        code, said = run(tmp_path, server.url, "backfill", *DATES)
        assert (code, "Nothing to do" in said) == (0, True)
