"""A run that dies at any commit, before or after it, is finished by the next one, as if nothing had happened."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights_assets import backfill, planning
from insights_assets.commands.backfill import DERIVED_STEPS, RAW_STEPS
from insights_assets.definitions import PARTITIONED_ASSETS
from insights_assets.lake.store import Lake
from insights_assets.partitions import weeks_covering
from insights_assets.sandbox import World
from insights_assets.settings import load_settings
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets_tests.assets.pipeline import Pipeline, pipeline
from insights_assets_tests.recovery.contents import contents

NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
WEEKS = weeks_covering(date(2026, 3, 9), date(2026, 3, 15))


class CrashError(Exception):
    """The process died here."""


@dataclass(frozen=True)
class MortalLake(Lake):
    """A lake whose process dies at the n-th commit: `fate` is [commits left, die before the write or after it]."""

    fate: list[Any] = field(default_factory=lambda: [None, "before"])

    def _commit(self, table: Any, rows: Any, **how: Any) -> None:
        left, side = self.fate
        if left is not None:
            self.fate[0] = left - 1
        if left == 0 and side == "before":
            raise CrashError
        super()._commit(table, rows, **how)
        if left == 0:
            raise CrashError


class Clean:
    """An undisturbed run; no dataclass, whose fields hypothesis would print, a hundred kilobytes of them."""

    def __init__(self, contents: dict[str, Any], commits: int) -> None:
        self.contents = contents
        self.commits = commits


def request(made: Pipeline) -> backfill.Request:
    return backfill.Request(
        made.lake.read(ACCOUNTS), WEEKS, RAW_STEPS, DERIVED_STEPS, made.accounts, Path(made.lake.root)
    )


def materialize(made: Pipeline, *, raise_on_error: bool) -> int:
    """Run what is missing, as a backfill does, in this process; return how many blocks that were.

    An account whose raw steps failed is left out of the derived ones, as in `backfill.execute`.
    """
    asked, by_name = request(made), {a.key.path[-1]: a for a in PARTITIONED_ASSETS}
    options = load_settings({"INSIGHTS_HOME": made.lake.root, "INSIGHTS_NOW": NOW.isoformat()})
    failed: set[str] = set()

    def run(blocks: list[planning.Block]) -> int:
        for block in blocks:
            steps = [by_name[s] for s in block.steps]
            if not made.run(steps, block.account_id, block.weeks, raise_on_error=raise_on_error).success:
                failed.add(block.account_id)
        return len(blocks)

    return run(backfill.plan_raw(options, made.lake, asked)) + run(
        backfill.plan_derived(made.lake, asked, excluded=failed)
    )


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """What the lake holds after an undisturbed run, and how many commits that took."""
    world = World(accounts=1, ads_per_account=(2, 2))
    with pipeline(tmp_path_factory.mktemp("clean"), world, NOW) as made:
        made.lake = MortalLake(made.lake.root, fate=[10_000, "before"])
        made.__post_init__()
        assert materialize(made, raise_on_error=True) > 0
        return Clean(contents(made.lake), 10_000 - made.lake.fate[0])


def assert_recovers(folder: Path, clean: Clean, share: float, side: str) -> None:
    """Die at this share of the commits, run again, and compare."""
    world = World(accounts=1, ads_per_account=(2, 2))
    with pipeline(folder, world, NOW) as made:
        made.lake = MortalLake(made.lake.root, fate=[int(share * (clean.commits - 1)), side])
        made.__post_init__()
        materialize(made, raise_on_error=False)
        assert made.lake.fate[0] < 0, "the crash was planted outside the run"
        made.lake.fate[0] = None
        materialize(made, raise_on_error=True)
        assert contents(made.lake) == clean.contents
        assert materialize(made, raise_on_error=True) == 0


@pytest.mark.slow  # half a minute; CI runs it with the fault campaign
def test_a_run_that_died_is_finished_by_the_next(tmp_path, clean):
    assert_recovers(tmp_path, clean, 0.3, "after")


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(share=st.floats(0, 1), side=st.sampled_from(["before", "after"]))
def test_a_run_that_died_at_any_commit_is_finished_by_the_next(tmp_path_factory, clean, share, side):
    assert_recovers(tmp_path_factory.mktemp("crash"), clean, share, side)
