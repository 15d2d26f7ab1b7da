"""A backfill does what is missing, stale or red, and nothing else."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from insights_assets import planning
from insights_assets.backfill import Request
from insights_assets.planning import Block, rectangles
from insights_assets.tables.operations import CHECK_RESULTS, SYNC_LOG

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
WEEKS = [date(2026, 9, 7) + timedelta(weeks=n) for n in range(11)]
ZONES = {"act_1": "America/New_York", "act_2": "Pacific/Auckland"}


def _log(*rows: tuple[str, str, date, str, datetime]) -> pl.DataFrame:
    base = {"error_type": None, "error_code": None, "error_subcode": None, "message": None, "attempts": 1}
    base |= {"requests": 1, "duration_s": 1.0, "rows": 1, "retry_after": None, "run_id": "r"}
    lines = [
        {"step": s, "account_id": a, "week": w, "status": status, "finished_at": at, **base}
        for s, a, w, status, at in rows
    ]
    return pl.DataFrame(lines, schema=SYNC_LOG.schema)


def _blocks(done: planning.Finished, **options: object) -> list[Block]:
    settings = {"now": NOW, "refresh_after_h": 20.0, "force": False, **options}
    return planning.raw_blocks(ZONES, WEEKS, ["ads", "insights_daily"], done, **settings)


def test_an_empty_log_asks_for_everything_in_one_block_an_account() -> None:
    blocks = _blocks({})
    assert [(b.account_id, len(b.weeks), b.steps) for b in blocks] == [
        ("act_1", 11, ("ads", "insights_daily")),
        ("act_2", 11, ("ads", "insights_daily")),
    ]


def test_a_week_synced_after_it_settled_is_done_and_one_synced_before_is_not() -> None:
    week = WEEKS[0]  # ends 13 September; settles 28 days later, at midnight of the account's 12 October
    settled = datetime(2026, 10, 12, 4, tzinfo=UTC)  # New York is UTC-4 then
    kwargs = {"zone": "America/New_York", "now": NOW, "refresh_after_h": 20.0}
    assert planning.is_done(week, settled, **kwargs)
    assert not planning.is_done(week, settled - timedelta(seconds=1), **kwargs)
    assert not planning.is_done(week, None, **kwargs)


def test_an_unsettled_week_is_fresh_for_twenty_hours() -> None:
    kwargs = {"zone": "Europe/Berlin", "now": NOW, "refresh_after_h": 20.0}
    assert planning.is_done(WEEKS[-1], NOW - timedelta(hours=19), **kwargs)
    assert not planning.is_done(WEEKS[-1], NOW - timedelta(hours=20), **kwargs)


def test_only_what_is_missing_is_planned_and_a_gap_splits_the_block() -> None:
    done = {(s, a, w): NOW for a in ZONES for w in WEEKS for s in ("ads", "insights_daily")}
    del done["ads", "act_2", WEEKS[2]]
    del done["insights_daily", "act_2", WEEKS[5]]
    assert _blocks(done) == [
        Block("act_2", (WEEKS[2],), ("ads",)),
        Block("act_2", (WEEKS[5],), ("insights_daily",)),
    ]
    assert sum(len(b.weeks) for b in _blocks(done, force=True)) == 22


def _verdict(**changes: object) -> pl.DataFrame:
    row = {
        "account_id": "act_1", "week": WEEKS[1], "table_name": "ads", "check_name": "schema",
        "passed": True, "severity": "ERROR", "failing_rows": 1, "reason": "x", "observed_at": NOW,
    }  # fmt: skip
    return pl.DataFrame([{**row, **changes}], schema=CHECK_RESULTS.schema)


@pytest.mark.parametrize(
    "verdicts",
    [
        pytest.param(_verdict(passed=False), id="red"),
        pytest.param(CHECK_RESULTS.empty(), id="died before its check"),
        pytest.param(_verdict(observed_at=NOW - timedelta(days=1)), id="written again, not judged since"),
        pytest.param(_verdict(check_name="freshness"), id="judged by another check only"),
    ],
)
def test_a_step_without_a_good_verdict_is_not_finished(verdicts: pl.DataFrame) -> None:
    log = _log(("ads", "act_1", WEEKS[0], "failed", NOW), ("ads", "act_1", WEEKS[1], "ok", NOW))
    assert planning.finished(log, verdicts) == {}


def test_a_judged_step_is_finished_whatever_other_checks_say() -> None:
    log = _log(("ads", "act_1", WEEKS[0], "failed", NOW), ("ads", "act_1", WEEKS[1], "ok", NOW))
    verdicts = pl.concat([_verdict(), _verdict(check_name="parents", passed=False)])
    assert planning.finished(log, verdicts) == {("ads", "act_1", WEEKS[1]): NOW}


def test_a_newer_upstream_week_makes_the_weeks_that_look_back_on_it_stale() -> None:
    steps = list(planning.UPSTREAM)
    earlier, later = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    done = {(s, "act_1", w): earlier for w in WEEKS for s in ("insights_daily", "adsets", "insights_weekly_ad")}
    done |= {(s, "act_1", w): NOW - timedelta(hours=1, minutes=30) for w in WEEKS for s in steps}
    assert planning.stale_weeks("act_1", WEEKS, steps, done, force=False) == []
    done["insights_weekly_ad", "act_1", WEEKS[8]] = later
    assert planning.stale_weeks("act_1", WEEKS, steps, done, force=False) == WEEKS[8:]


def test_neighbours_with_equal_weeks_share_a_run_and_a_missing_account_splits_it() -> None:
    order = ["act_3", "act_1", "act_2", "act_4"]
    weeks = tuple(WEEKS[:2])
    blocks = [Block(a, weeks, ("features_ad",)) for a in ("act_3", "act_1", "act_4")]
    groups = rectangles(blocks, order, at_most=10)
    assert [[b.account_id for b in g] for g in groups] == [["act_3", "act_1"], ["act_4"]]
    assert [len(g) for g in rectangles(blocks, order, at_most=1)] == [1, 1, 1]


def test_pooled_steps_come_after_every_account_has_features() -> None:
    request = Request(pl.DataFrame(), WEEKS, [], ["results_daily", "features_ad", "burnout_predictions"], [], Path())
    assert request.stages() == [("features", ["results_daily", "features_ad"]), ("findings", ["burnout_predictions"])]


def test_large_accounts_run_in_blocks_of_even_size_the_newest_first() -> None:
    blocks = [Block("act_1", tuple(WEEKS), ("ads",)), Block("act_2", tuple(WEEKS), ("ads",))]
    parts = planning.sized(blocks, {"act_1": 400, "act_2": 50})
    assert [(b.account_id, len(b.weeks)) for b in parts] == [("act_1", 4), ("act_1", 4), ("act_1", 3), ("act_2", 11)]
    assert parts[0].weeks[-1] == WEEKS[-1]
    assert sorted(w for b in parts[:3] for w in b.weeks) == WEEKS


def test_an_account_whose_ads_are_not_known_is_read_in_short_blocks() -> None:
    weeks = tuple(WEEKS[0] + timedelta(weeks=n) for n in range(20))
    assert [len(b.weeks) for b in planning.sized([Block("act_1", weeks, ("ads",))], {})] == [10, 10]


def test_a_forecast_made_two_days_after_its_week_stays_and_an_earlier_one_does_not() -> None:
    week = WEEKS[0]
    steps = ("forecasts_ad",)
    at = datetime.combine(week, datetime.min.time(), UTC)
    done = {("results_daily", "act_1", week): at + timedelta(days=20)}
    for days, stale in ((8, [week]), (9, [])):
        done["forecasts_ad", "act_1", week] = at + timedelta(days=days)
        assert planning.stale_weeks("act_1", [week], steps, done, force=False) == stale
    assert planning.stale_weeks("act_1", [week], steps, done, force=True) == [week]
