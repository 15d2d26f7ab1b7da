"""Daily findings: planted days are found once, weekdays and quiet accounts are no news, nothing looks ahead."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from insights_assets.analytics.daily_anomalies import daily_anomalies
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.results import RESULTS_DAILY
from insights_assets_tests.analytics.ad_worlds import monday

WEEKS = 12
WEEKDAY_SPEND = np.array([1.0, 1.1, 1.2, 1.0, 0.9, 0.6, 0.5])
WEEKDAY_RATE = np.array([1.0, 1.0, 1.0, 1.0, 1.2, 1.5, 1.6])
DAY = ["account_id", "entity_id", "date"]


def world(*plants, ads=12, seed=3, results=60.0):
    """(days, results_daily, features): ads with weekday patterns; plants are (ad, first day, days, figure, factor)."""
    rng = np.random.default_rng(seed)
    rows = []
    for a in range(ads):
        for d in range(WEEKS * 7):
            hit = {name: f for ad, first, n, name, f in plants if ad == a and first <= d < first + n}
            spend = 100 * WEEKDAY_SPEND[d % 7] * np.exp(rng.normal(0, 0.08)) * hit.get("spend", 1)
            impressions = int(spend * 100 / hit.get("cpm", 1))
            clicks = int(rng.poisson(impressions * 0.015 * hit.get("ctr", 1)))
            mean = results * spend / 100 * WEEKDAY_RATE[d % 7] * hit.get("rate", 1)
            rows.append(
                {
                    "account_id": "act_1",
                    "entity_id": f"ad{a}",
                    "date": monday(0) + timedelta(days=d),
                    "spend": spend,
                    "impressions": impressions,
                    "clicks": clicks,
                    "frequency": 1.2 * np.exp(rng.normal(0, 0.03)) * hit.get("frequency", 1),
                    "results": float(rng.poisson(mean)),
                    "is_settled": True,
                }
            )
    frame = pl.DataFrame(rows).with_columns(pl.col("date").dt.truncate("1w").alias("week"))
    found = frame.select("account_id", "week", "date", "entity_id", "results", "spend").with_columns(
        pl.lit("ad").alias("level"),
        pl.lit("purchase").alias("result_family"),
        pl.lit(None, dtype=pl.Float64).alias("result_value"),
        (pl.col("spend") / pl.col("results")).alias("cpr"),
        pl.lit(value=True).alias("is_primary"),
        pl.lit(value=True).alias("is_settled"),
    )
    return frame.drop("results"), found.select(list(RESULTS_DAILY.schema)), features(frame)


def features(frame):
    known = frame.group_by("account_id", "entity_id", "week").agg(pl.lit("purchase").alias("result_family"))
    empty = [pl.lit(None, dtype=t).alias(c) for c, t in FEATURES_AD.schema.items() if c not in known.columns]
    return known.with_columns(empty).select(list(FEATURES_AD.schema))


def judge(made, *weeks, **more):
    days, found, known = made
    out = daily_anomalies(days, found, known, [monday(w) for w in weeks], level="ad", **more)
    assert ANOMALIES_AD.split(out).bad.is_empty()
    return out


def told(out):
    rows = out.sort("date").select("entity_id", "date", "anomaly_type", "metric").rows()
    return [(entity, (on - monday(0)).days, kind, metric) for entity, on, kind, metric in rows]


def test_weekdays_and_noise_are_no_news():
    # 12 ads x 49 days x 9 tests; the control allows 0.06 a week.
    assert judge(world(), *range(5, WEEKS)).height <= 1


@pytest.mark.parametrize(
    ("name", "factor", "kind", "metric"),
    [
        ("rate", 0.35, "cpr_spike", "cpr"),
        ("rate", 3.0, "cpr_drop", "cpr"),
        ("rate", 0.0, "zero_results", "results"),
        ("ctr", 0.4, "ctr_drop", "ctr"),
        ("ctr", 2.5, "ctr_spike", "ctr"),
        ("spend", 2.5, "spend_spike", "spend"),
        ("spend", 0.3, "spend_drop", "spend"),
        ("frequency", 2.0, "frequency_high", "frequency"),
    ],
)
def test_one_day_out_of_line_is_found_as_what_it_is(name, factor, kind, metric):
    assert (("ad4", 60, kind, metric)) in told(judge(world((4, 60, 1, name, factor)), 8))


def test_an_episode_is_told_once_and_a_lasting_one_as_a_shift():
    out = told(judge(world((4, 57, 9, "rate", 0.4)), 8, 9))
    assert ("ad4", 57, "cpr_spike", "cpr") in out
    assert [row for row in out if row[2] == "cpr_spike"] == [("ad4", 57, "cpr_spike", "cpr")]
    assert [(ad, kind) for ad, _, kind, metric in out if metric == "cpr" and kind == "level_shift"] == [
        ("ad4", "level_shift")
    ]


def test_an_episode_that_began_in_the_week_before_is_no_news():
    made = world((4, 55, 4, "rate", 0.2))
    assert ("ad4", 55, "cpr_spike", "cpr") in told(judge(made, 7))
    assert [row for row in told(judge(made, 8)) if row[2] == "cpr_spike"] == []


def test_a_week_alone_is_the_same_as_in_a_range_and_later_days_change_nothing():
    made = world((4, 58, 1, "rate", 0.35), (2, 64, 2, "spend", 2.5))
    together = judge(made, *range(5, WEEKS)).filter(pl.col("week") == monday(8))
    assert together.height
    assert judge(made, 8).equals(together)
    then = tuple(frame.filter(pl.col("week") <= monday(8)) for frame in made)
    assert judge(then, 8).equals(together)


def test_late_results_of_the_whole_account_are_no_anomaly_of_each():
    days, found, known = world()
    young = pl.col("date") == monday(8) + timedelta(days=6)
    late = found.with_columns(pl.when(young).then((pl.col("results") * 0.3).floor()).otherwise("results"))
    unsettled = days.with_columns((~young).alias("is_settled"))
    assert judge((unsettled, late, known), 8).filter(pl.col("metric") == "cpr").is_empty()
    told_so = days.with_columns(pl.when(young).then(0.3).otherwise(1.0).alias("completeness"))
    assert judge((told_so, late, known), 8).filter(pl.col("metric") == "cpr").is_empty()
    # Settled, six ads have nobody to share it with.
    days, found, known = world(ads=6)
    late = found.with_columns(pl.when(young).then((pl.col("results") * 0.3).floor()).otherwise("results"))
    assert judge((days, late, known), 8).filter(pl.col("metric") == "cpr").height > 3


def test_a_day_that_all_ads_share_is_no_news_of_each():
    holiday = [(a, 60, 1, name, f) for a in range(12) for name, f in (("spend", 0.55), ("rate", 0.5))]
    assert judge(world(*holiday), 8).is_empty()
    # Campaigns and small accounts have nobody to share it with: there it is told.
    assert judge(world(*holiday, ads=6), 8).height >= 3
    # What an ad does beside the others is told on such a day, too.
    assert ("ad4", 60, "spend_spike", "spend") in told(
        judge(world(*holiday[2:8], *holiday[10:], (4, 60, 1, "spend", 2)), 8)
    )


def test_another_budget_explains_another_spend():
    made = world((4, 56, 7, "spend", 2.0))
    assert ("ad4", 56, "spend_spike", "spend") in told(judge(made, 8))
    doubled = pl.DataFrame(
        {
            "account_id": "act_1",
            "entity_id": "ad4",
            "week": [monday(w) for w in range(WEEKS)],
            "daily_budget": [100.0] * 8 + [200.0] * 4,
        }
    )
    assert [r for r in told(judge(made, 8, budgets=doubled)) if r[3] == "spend"] == []


def test_only_weeks_before_that_of_the_day_precede_a_finding():
    days, found, known = world((4, 60, 1, "ctr", 0.4))
    moved = known.with_columns(pl.when(pl.col("week") >= monday(7)).then(-60.0).alias("ctr_delta_pct"))
    (listed,) = judge((days, found, moved), 8)["preceding_deviations"].to_list()
    assert [(d["week_offset"], d["metric"], d["delta_pct"]) for d in listed] == [(-1, "ctr", -60.0)]
