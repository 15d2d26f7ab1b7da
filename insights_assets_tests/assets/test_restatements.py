"""Two syncs of the same weeks, at two instants: the ledger holds what the world said at both, and no more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from insights_assets.analytics.restatements import as_of, measured, seen_at_close
from insights_assets.assets.completeness import completeness
from insights_assets.assets.insights import insights_daily
from insights_assets.assets.results import results_daily
from insights_assets.partitions import today_in, weeks_covering
from insights_assets.sandbox import World
from insights_assets.tables.restatements import DAILY_METRICS
from insights_assets_tests.assets.pipeline import Pipeline, pipeline

FIRST = datetime(2026, 3, 30, 3, tzinfo=UTC)  # Monday in Berlin, still Sunday in New York
SECOND = FIRST + timedelta(days=5)
SETTLED = FIRST + timedelta(days=41)
WEEKS = weeks_covering(date(2026, 2, 23), date(2026, 3, 29))
CELL = ["account_id", "date", "ad_id", "metric"]


@dataclass
class Read:
    """A pipeline after three syncs, and what completeness said after the second."""

    made: Pipeline
    after_second: pl.DataFrame


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    """Two accounts in two time zones, read at three instants, the second one twice by Berlin."""
    clock = {"now": FIRST}
    world = World(accounts=2, ads_per_account=(4, 6))
    with pipeline(tmp_path_factory.mktemp("restated"), world, FIRST, clock=lambda: clock["now"]) as made:
        new_york, berlin = made.accounts
        known = {}
        for now, accounts in ((FIRST, [new_york, berlin]), (SECOND, [new_york, berlin, berlin]), (SETTLED, [berlin])):
            made.now = clock["now"] = now
            for account_id in accounts:
                made.run([insights_daily], account_id, WEEKS)
            if now > FIRST:
                made.run([results_daily, completeness], berlin, weeks_covering(WEEKS[0], now.date()))
                known[now] = made.rows("completeness")
        yield Read(made, known[SECOND])


@pytest.fixture(scope="module")
def made(read: Read) -> Pipeline:
    return read.made


def truth(made: Pipeline, now: datetime) -> pl.DataFrame:
    """What the world says at an instant of the days that were over then: one row a metric."""
    parts = []
    for account in made.sandbox.world.accounts:
        yesterday = min(today_in(account.market.zone, now) - timedelta(days=1), WEEKS[-1] + timedelta(days=6))
        parts.append(made.sandbox.world.truth_daily(account.id, WEEKS[0], yesterday, now))
    wide = pl.concat(parts)
    named = pl.concat_str(pl.lit("results:"), "result_family").alias("metric")
    results = wide.filter(pl.col("results") > 0).select(
        *CELL[:3], named, pl.col("results").cast(pl.Float64).alias("value")
    )
    long = wide.select(*CELL[:3], *[pl.col(m).cast(pl.Float64) for m in DAILY_METRICS]).unpivot(
        on=list(DAILY_METRICS), index=CELL[:3], variable_name="metric", value_name="value"
    )
    return pl.concat([long, results]).with_columns(pl.col("value").round(2))


def stored(made: Pipeline, instant: datetime) -> pl.DataFrame:
    """The lake's values as of an instant; only the primary family's results are in the world's table."""
    daily = made.rows("insights_daily")
    moment = pl.lit(instant).cast(pl.Datetime("us", "UTC")).alias("instant")
    instants = daily.select("account_id", "week").unique().with_columns(moment)
    told = as_of(measured(daily), made.rows("restatements"), instants)
    return told.select(*CELL, pl.col("value").round(2))


@pytest.mark.parametrize("now", [FIRST, SECOND, SETTLED])
def test_every_state_the_lake_was_in_equals_the_world_of_that_instant(made, now):
    read = pl.col("account_id").is_in(made.accounts[1:] if now == SETTLED else made.accounts)
    expected, found = truth(made, now).filter(read), stored(made, now).filter(read)
    joined = expected.join(found, on=CELL, how="left", suffix="_found")
    assert joined.filter(pl.col("value").ne_missing(pl.col("value_found"))).is_empty()
    base = pl.col("metric").is_in(DAILY_METRICS)
    assert found.filter(base).height == expected.filter(base).height


def test_each_entry_has_the_worlds_old_and_new_value(made):
    worlds = {now: truth(made, now) for now in (FIRST, SECOND, SETTLED)}
    for before, after, accounts in ((FIRST, SECOND, made.accounts), (SECOND, SETTLED, made.accounts[1:])):
        pairs = worlds[before].join(worlds[after], on=CELL, how="inner", suffix="_new")
        expected = pairs.filter(pl.col("value") != pl.col("value_new"), pl.col("account_id").is_in(accounts)).sort(CELL)
        entries = made.rows("restatements").filter(pl.col("observed_at") == after)
        found = expected.join(entries, on=CELL, how="left")
        assert expected.height >= (30 if before == FIRST else 5)
        assert (found["value"] - found["old_value"]).abs().max() < 0.005
        assert (found["value_new"] - found["new_value"]).abs().max() < 0.005
        assert found["old_value"].null_count() == found["new_value"].null_count() == 0
        assert entries.join(expected, on=CELL, how="semi").height == expected.height


def test_a_sync_that_finds_nothing_new_adds_nothing_and_the_ages_are_the_accounts(made):
    entries = made.rows("restatements")
    assert set(entries["observed_at"]) == {SECOND, SETTLED}
    for account in made.sandbox.world.accounts:
        rows = entries.filter(account_id=account.id, observed_at=SECOND)
        today = today_in(account.market.zone, SECOND)
        assert rows.height
        assert [(today - day).days for day in rows["date"]] == rows["age_days"].to_list()
        assert rows["age_days"].max() <= 28, "the sandbox restates no longer"


def test_the_checks_of_both_accounts_are_green(made):
    verdicts = made.rows("check_results").filter(table_name="insights_daily")
    assert {"schema", "ledger", "tail_restatement", "action_types"} <= set(verdicts["check_name"])
    assert verdicts.filter(~pl.col("passed")).to_dicts() == []


def test_the_run_tells_how_many_values_it_restated(made):
    record = made.instance.get_latest_materialization_event(insights_daily.key)
    assert record.asset_materialization.metadata["restated_values"].value > 0


def test_the_last_closed_week_is_remembered_as_it_closed(made):
    account = made.sandbox.world.accounts[1]  # Berlin: the week closed five hours before the first sync
    zones = {account.id: account.market.zone}
    daily, entries = (made.rows(n, account.id) for n in ("insights_daily", "restatements"))
    seen = seen_at_close(daily, entries, zones).filter(week=WEEKS[-1], metric="spend")
    expected = (
        truth(made, FIRST)
        .filter(account_id=account.id, metric="spend")
        .filter(pl.col("date") >= WEEKS[-1])
        .group_by("ad_id")
        .agg(pl.col("value").sum())
        .sort("ad_id")
    )
    assert seen["ad_id"].to_list() == expected["ad_id"].to_list()
    assert seen["value"].to_list() == pytest.approx(expected["value"].to_list())
    assert seen_at_close(daily, entries, zones).filter(week=WEEKS[0]).is_empty(), "it was first read weeks after"


def test_completeness_is_the_worlds_own_ratio_of_sums_at_the_age_that_was_read(made):
    berlin = made.accounts[1]
    week = weeks_covering(SETTLED.date(), SETTLED.date())[0]
    rows = made.rows("completeness", week=week).filter(account_id=berlin, metric="spend")
    yesterdays = {i: today_in("Europe/Berlin", i) - timedelta(days=1) for i in (FIRST, SECOND)}
    assert yesterdays[SECOND] > WEEKS[-1] + timedelta(days=6), "the second sync reads no day that young again"
    day = pl.col("date") == yesterdays[FIRST]
    (one,) = rows.filter(age_days=1).to_dicts()
    seen, final = (
        truth(made, i).filter(day, account_id=berlin, metric="spend")["value"].sum() for i in (FIRST, SETTLED)
    )
    assert (one["seen"], one["final"], one["days"]) == (pytest.approx(seen), pytest.approx(final), 1)
    assert one["ratio"] < 1


def test_what_a_week_knew_is_not_changed_by_what_came_later(read):
    closed = pl.col("week") < weeks_covering(SECOND.date(), SECOND.date())[0]
    now = read.made.rows("completeness")
    assert now.filter(closed).equals(read.after_second.filter(closed))
    assert now.height > read.after_second.height
