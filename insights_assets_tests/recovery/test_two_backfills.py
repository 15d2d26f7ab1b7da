"""Two `insights backfill` commands at once: neither loses a row, doubles one, or waits for the other for ever."""

import threading

import pytest

from insights_assets.backfill import GRAPH
from insights_assets.lake.store import Lake
from insights_assets.sandbox import World
from insights_assets_tests.recovery.commands import DATES, run, sandbox, start
from insights_assets_tests.recovery.contents import contents

PAUSE = threading.Event()  # never set
pytestmark = pytest.mark.slow


def at_work(server, home, *arguments):
    """Start a backfill and come back once it asks the API for its accounts' data."""
    before = len(server.requests)
    process = start(home, server.url, "backfill", *DATES, *arguments)
    while len(server.requests) < before + 3 and process.poll() is None:
        PAUSE.wait(0.002)
    assert process.poll() is None, process.communicate()[0]
    return process


def test_on_the_same_accounts_the_second_refuses_and_the_first_completes(tmp_path, expected):
    with sandbox() as server:
        assert run(tmp_path, server.url, "accounts", "discover")[0] == 0
        first = at_work(server, tmp_path)
        code, said = run(tmp_path, server.url, "backfill", *DATES)
        assert code == 3
        assert "Another backfill works on this account" in " ".join(said.split())
        told, _ = first.communicate(timeout=300)
        assert first.returncode == 0, told
        assert contents(Lake(str(tmp_path / "lake"))) == expected
        # The one that was refused has nothing left to do now.
        code, said = run(tmp_path, server.url, "backfill", *DATES)
        assert (code, "Nothing to do" in said) == (0, True)


def test_on_different_accounts_both_complete(tmp_path, expected):
    one, other = (a.id for a in World(accounts=2, ads_per_account=(2, 3)).accounts)
    with sandbox() as server:
        assert run(tmp_path, server.url, "accounts", "discover")[0] == 0
        first = at_work(server, tmp_path, "--accounts", one)
        code, said = run(tmp_path, server.url, "backfill", *DATES, "--accounts", other)
        assert code == 0, said
        told, _ = first.communicate(timeout=300)
        assert first.returncode == 0, told
    found = contents(Lake(str(tmp_path / "lake")))
    # What is learnt over the fleet knows the accounts that were there when it was learnt: it may differ.
    pooled = {*GRAPH.pooled, "burnout_models"}
    assert {n: rows for n, rows in found.items() if n not in pooled} == {
        n: rows for n, rows in expected.items() if n not in pooled
    }
    assert {row[0] for row in found["ad_lifecycle"]} == {one, other}
