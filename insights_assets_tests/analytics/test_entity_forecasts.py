"""Forecasts of entities: rows for every day and week ahead, and nothing from later, elsewhere or of a dead entity."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from insights_assets.analytics.completeness_factors import pooled_factors
from insights_assets.analytics.entity_forecasts import level_forecasts
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets.tables.forecasts import FORECASTS
from insights_assets_tests.analytics.result_facts import FIRST, day, facts, monday, origins, unread

ORIGIN = monday(11)


def history(account="act_1", seed=1, weeks=14, ads=3):
    """Two ad sets of ads that spend every day; the last ad gets nothing and ends after week 9."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(7 * weeks):
        when = FIRST + timedelta(days=n)
        total = {}
        for ad in range(ads):
            dead = ad == ads - 1
            if dead and n >= 63:
                continue
            spend = 20 * (ad + 1) * float(np.exp(0.1 * rng.standard_normal()))
            results = 0 if dead else int(rng.poisson(4))
            parent = f"s{ad % 2}"
            rows.append(day(f"{account}a{ad}", when, spend, results, account=account, parent=parent))
            old = total.get(parent, (0, 0))
            total[parent] = (old[0] + spend, old[1] + results)
        rows += [day(s, when, *v, level="adset", account=account, parent="c") for s, v in total.items()]
    return rows


def told(rows, *weeks, account="act_1"):
    return level_forecasts("ad", facts(("ad", "adset"), rows), origins(*weeks, account=account), unread(), NONE)


NONE = pooled_factors(COMPLETENESS.empty())
ROWS = history()


def test_every_living_ad_has_seven_days_and_four_weeks_of_each_metric():
    rows = told(ROWS, ORIGIN)
    table = FORECASTS["ad"]
    assert table.split(rows).bad.to_dicts() == []
    assert rows["week"].unique().to_list() == [ORIGIN]
    counted = rows.group_by("entity_id", "metric", "grain").len().sort(pl.all())
    assert counted["len"].to_list() == [7, 4] * 9
    days = rows.filter(entity_id="act_1a0", metric="spend", grain="day")
    assert days.select("horizon", "ds").rows() == [(h, ORIGIN + timedelta(days=6 + h)) for h in range(1, 8)]
    weeks = rows.filter(entity_id="act_1a0", metric="spend", grain="week")
    assert weeks["ds"].to_list() == [monday(11 + h) for h in range(1, 5)]


def test_naive_forecasts_and_scale_stand_beside_it():
    values = [row["spend"] for row in ROWS if row["entity_id"] == "act_1a0"][: 7 * 12]
    days = told(ROWS, ORIGIN).filter(entity_id="act_1a0", metric="spend", grain="day")
    assert days["naive"].to_list() == pytest.approx([values[-1]] * 7, rel=1e-5)
    assert days["seasonal_naive"].to_list() == pytest.approx(values[-7:], rel=1e-5)
    assert days["scale"][0] == pytest.approx(np.abs(np.diff(values)).mean(), rel=1e-5)
    assert days["points"][0] == 84


def test_an_ad_without_results_costs_nothing_that_is_known_and_a_dead_one_is_forecast_to_stay():
    rows = told(ROWS, ORIGIN).filter(entity_id="act_1a2", grain="week")
    assert rows.filter(metric="cpr")["mean"].to_list() == [None] * 4
    assert rows.filter(metric="spend")["mean"].to_list() == [0.0] * 4


def test_nothing_later_and_no_other_account_changes_a_forecast():
    alone = told(ROWS, ORIGIN)
    known = [row for row in ROWS if row["date"] <= ORIGIN + timedelta(days=6)]
    assert alone.equals(told(known, ORIGIN))
    both = facts(("ad", "adset"), [*ROWS, *history("act_2", seed=9, ads=5)])
    wanted = pl.concat([origins(ORIGIN, monday(12)), origins(ORIGIN, account="act_2")])
    together = level_forecasts("ad", both, wanted, unread(), NONE)
    assert_frame_equal(together.filter(account_id="act_1", week=ORIGIN), alone, rel_tol=1e-4)
    assert together.select("account_id", "week").unique().height == 3


def test_nothing_alive_gives_no_rows():
    assert told(ROWS, monday(30)).equals(FORECASTS["ad"].empty())
