"""A backfill does what is missing, stale or red, and nothing else."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from insights_assets import planning, run_sizes
from insights_assets.backfill import GRAPH, Request, Stage
from insights_assets.definitions import DERIVED_ASSETS, PARTITIONED_ASSETS
from insights_assets.lineage import lineage_of
from insights_assets.planning import Block, Lineage
from insights_assets.run_sizes import LARGEST_BULKY_RUN, LARGEST_FLEETWIDE_RUN, LARGEST_RUN, accounts_a_run, rectangles
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


@pytest.mark.parametrize(
    ("judged_at", "is_finished"),
    [(None, False), (NOW - timedelta(days=1), False), (NOW, True), (NOW + timedelta(hours=1), True)],
)
def test_a_step_with_further_checks_is_finished_once_they_have_judged(
    *, judged_at: datetime | None, is_finished: bool
) -> None:
    log = _log(("ads", "act_1", WEEKS[1], "ok", NOW))
    verdicts = _verdict()
    if judged_at:
        verdicts = pl.concat([verdicts, _verdict(check_name="parents", passed=False, observed_at=judged_at)])
    found = planning.finished(log, verdicts, {"ads": ["parents", "coverage"]})
    assert (("ads", "act_1", WEEKS[1]) in found) == is_finished
    assert planning.finished(log, verdicts, {"adsets": ["parents"]}) == {("ads", "act_1", WEEKS[1]): NOW}


def _made(at: datetime, *steps: str) -> dict[tuple[str, str, date], datetime]:
    return {(s, "act_1", w): at for w in WEEKS for s in steps}


def test_a_newer_upstream_week_makes_the_weeks_that_look_back_on_it_stale() -> None:
    graph = Lineage({"features": (("insights", 2), ("adsets", 0))})
    done = _made(NOW - timedelta(hours=2), "insights", "adsets") | _made(NOW - timedelta(hours=1), "features")
    assert planning.stale_weeks("act_1", WEEKS, ["features"], done, graph, force=False) == []
    done["insights", "act_1", WEEKS[4]] = NOW
    assert planning.stale_weeks("act_1", WEEKS, ["features"], done, graph, force=False) == WEEKS[4:7]
    assert planning.stale_weeks("act_1", WEEKS, ["features"], done, graph, force=True) == WEEKS


def test_what_is_made_from_a_stale_week_is_stale_with_it() -> None:
    graph = Lineage({"features": (("insights", 1),), "anomalies": (("features", 2),)})
    done = _made(NOW - timedelta(hours=2), "insights") | _made(NOW - timedelta(hours=1), "features", "anomalies")
    done["insights", "act_1", WEEKS[3]] = NOW
    assert planning.stale_weeks("act_1", WEEKS, ["features", "anomalies"], done, graph, force=False) == WEEKS[3:7]
    # Features that are not asked for stay as they are, and so do the anomalies made from them.
    assert planning.stale_weeks("act_1", WEEKS, ["anomalies"], done, graph, force=False) == []


def test_the_plan_follows_the_graph() -> None:
    above = lineage_of(PARTITIONED_ASSETS).above
    order = list(above)
    assert set(order) == {a.key.path[-1] for a in PARTITIONED_ASSETS}
    assert all(order.index(source) < order.index(step) for step, sources in above.items() for source, _ in sources)
    features = {"insights_weekly_ad": 11, "results_weekly": 11, "insights_daily": 11, "results_daily": 4}
    assert dict(above["features_ad"]) == features
    assert dict(above["classifications_ad"]) == {"features_ad": 4}
    assert dict(above["results_daily"]) == {"insights_daily": 0, "adsets": 0}


def test_what_is_made_from_pooled_steps_is_pooled() -> None:
    pooled = lineage_of(PARTITIONED_ASSETS).pooled
    assert {"burnout_predictions", "forecasts_ad", "prediction_scores"} <= pooled
    assert not {"insights_daily", "results_weekly", "features_ad"} & pooled


def test_a_step_made_late_enough_is_made_for_good() -> None:
    graph = Lineage({"forecasts": (("results", 1),)}, final_after={"forecasts": timedelta(days=9)})
    week = WEEKS[3]
    final_at = datetime(week.year, week.month, week.day, tzinfo=UTC) + timedelta(days=9)
    for made_at, expected in ((final_at - timedelta(seconds=1), [week]), (final_at, [])):
        done = {("results", "act_1", week): NOW, ("forecasts", "act_1", week): made_at}
        assert planning.stale_weeks("act_1", [week], ["forecasts"], done, graph, force=False) == expected
        log = _log(("results", "act_1", week, "ok", NOW), ("forecasts", "act_1", week, "ok", made_at))
        assert planning.newer_inputs(log, ["forecasts"], [week], graph)["week"].to_list() == expected


def test_what_is_learnt_over_all_accounts_and_all_below_it_waits_for_them() -> None:
    steps = lineage_of(PARTITIONED_ASSETS).pooled
    levels = ("campaign", "adset", "ad")
    assert {f"{step}_{n}" for step in ("classifications", "recommendations") for n in levels} <= steps
    assert "recommendation_outcomes" in steps


def test_neighbours_with_equal_weeks_share_a_run_and_a_missing_account_splits_it() -> None:
    order = ["act_3", "act_1", "act_2", "act_4"]
    weeks = tuple(WEEKS[:2])
    blocks = [Block(a, weeks, ("features_ad",)) for a in ("act_3", "act_1", "act_4")]
    groups = rectangles(blocks, order, at_most=10)
    assert [[b.account_id for b in g] for g in groups] == [["act_3", "act_1"], ["act_4"]]
    assert [len(g) for g in rectangles(blocks, order, at_most=1)] == [1, 1, 1]


def test_pooled_steps_come_after_every_account_has_features() -> None:
    own, forecast = ("results_daily", "features_ad"), ("forecasts_ad", "prediction_scores")
    steps = [*own, *forecast, "recommendations_ad", "burnout_predictions"]
    request = Request(pl.DataFrame(), WEEKS, [], steps, [], Path(), workers=3)
    assert request.stages() == [
        Stage("analysis", own, LARGEST_RUN, 3),
        # What it learns it learns of all accounts, so workers do not share them.
        Stage("fleet", ("burnout_predictions",), LARGEST_FLEETWIDE_RUN, 1),
        Stage("predictions", ("recommendations_ad",), LARGEST_RUN, 3),
        Stage("forecasts", forecast, LARGEST_BULKY_RUN, 3),
    ]


def test_workers_share_the_accounts_of_a_stage_but_of_what_learns_from_all_of_them() -> None:
    names = [f"act_{n}" for n in range(6)]
    blocks = [Block(name, tuple(WEEKS), ()) for name in names]
    request = Request(pl.DataFrame(), WEEKS, [], ["features_ad", "burnout_predictions"], [], Path(), workers=3)
    analysis, fleet = request.stages()
    assert [len(group) for group in analysis.groups(blocks, names)] == [2, 2, 2]
    assert [len(group) for group in fleet.groups(blocks, names)] == [6]


def test_no_stage_reads_what_a_later_one_makes() -> None:
    assert {s for s in GRAPH.above if s.startswith("forecasts_")} < GRAPH.bulky
    assert {"burnout_predictions", "ad_lifecycle"} < GRAPH.fleetwide < GRAPH.pooled
    steps = [s for s in GRAPH.above if s in {a.key.path[-1] for a in DERIVED_ASSETS}]
    stages = Request(pl.DataFrame(), WEEKS, [], steps, [], Path()).stages()
    stage = {step: number for number, told in enumerate(stages) for step in told.steps}
    assert set(stage) == set(steps)
    for step in steps:
        assert all(stage.get(name, 0) <= stage[step] for name, _ in GRAPH.above[step])


def test_large_accounts_run_in_blocks_of_even_size_the_newest_first() -> None:
    blocks = [Block("act_1", tuple(WEEKS), ("ads",)), Block("act_2", tuple(WEEKS), ("ads",))]
    parts = run_sizes.sized(blocks, {"act_1": 400, "act_2": 50})
    assert [(b.account_id, len(b.weeks)) for b in parts] == [("act_1", 4), ("act_1", 4), ("act_1", 3), ("act_2", 11)]
    assert parts[0].weeks[-1] == WEEKS[-1]
    assert sorted(w for b in parts[:3] for w in b.weeks) == WEEKS


def test_an_account_whose_ads_are_not_known_is_read_in_short_blocks() -> None:
    weeks = tuple(WEEKS[0] + timedelta(weeks=n) for n in range(20))
    assert [len(b.weeks) for b in run_sizes.sized([Block("act_1", weeks, ("ads",))], {})] == [10, 10]


def test_forecasts_are_final_two_days_after_their_week() -> None:
    final = lineage_of(PARTITIONED_ASSETS).final_after
    assert final == {f"forecasts_{level}": timedelta(days=9) for level in ("account", "campaign", "adset", "ad")}


@pytest.mark.parametrize(
    ("accounts", "weeks", "workers", "most"),
    [(174, 52, 2, 20), (174, 5, 4, 44), (1_000, 5, 8, 125), (1_000, 5, 2, 208), (3, 52, 8, 1), (2, 2_000, 1, 1)],
)
def test_a_vectorised_run_is_shared_and_bounded(accounts: int, weeks: int, workers: int, most: int) -> None:
    mondays = tuple(WEEKS[0] + timedelta(weeks=n) for n in range(weeks))
    assert accounts_a_run([Block(f"act_{n}", mondays, ()) for n in range(accounts)], workers, LARGEST_RUN) == most


def test_workers_end_after_large_runs_only() -> None:
    weeks = tuple(WEEKS[0] + timedelta(weeks=n) for n in range(52))
    year, days = ([Block(f"act_{n}", span, ()) for n in range(8)] for span in (weeks, weeks[:5]))
    assert run_sizes.are_large([days, year])
    assert not run_sizes.are_large([days, year[:7]])
    assert not run_sizes.are_large([])


def test_nothing_to_do_needs_no_run() -> None:
    assert accounts_a_run([], 2, LARGEST_RUN) == 1
