"""Patterns by hand: seasons, what moved before, what foretells; chance alone is not significant, later weeks unused."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from insights_assets.analytics.anomaly_patterns import anomaly_patterns, month_ends
from insights_assets.analytics.deviations import SIGNIFICANT_PCT
from insights_assets.analytics.lead_lag import METRICS
from insights_assets.analytics.shares import with_interval
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets.tables.anomaly_patterns import ANOMALY_PATTERNS
from insights_assets_tests.tables.rows import valid_row

FIRST = date(2025, 3, 3)
WEEKS = [FIRST + timedelta(weeks=w) for w in range(56)]
LAST = date(2026, 2, 23)


def world(*, effect=1.0, ads=40, seed=1):
    """Ads whose click rate falls at random; two weeks after a fall results are dearer by `effect`; findings in June."""
    rng = np.random.default_rng(seed)
    rows, found = [], []
    for a in range(ads):
        fall = rng.normal(0, 20, len(WEEKS))
        for w, week in enumerate(WEEKS):
            row = dict.fromkeys((*METRICS, *(f"{m}_delta_pct" for m in SIGNIFICANT_PCT)), 0.0)
            dear = effect if w > 1 and fall[w - 2] < -20 else 1.0
            row |= {m: float(rng.normal()) for m in METRICS}
            row |= {
                "account_id": "act_1", "entity_id": f"ad{a}", "week": week, "level": "ad", "is_complete": True,
                "result_family": "purchase", "spend": 100.0, "baseline_weeks": 4, "cpr_baseline_pooled": 1.0,
                "results": float(rng.poisson(100 / dear)), "ctr_delta_pct": float(fall[w]),
            }  # fmt: skip
            rows.append(row)
            dearer = dear > 1 and week.month == 6
            if dearer or rng.random() < 0.02:
                key = {"entity_id": f"ad{a}", "week": week, "finding_id": f"{a * 100 + w:016x}", "status": "new"}
                found.append(valid_row(ANOMALIES_AD, **key))
    return pl.DataFrame(rows), pl.DataFrame(found, schema=ANOMALIES_AD.schema, orient="row")


def figures(made, *weeks):
    out = anomaly_patterns(*made, list(weeks or [LAST]))
    assert ANOMALY_PATTERNS.split(out).bad.is_empty()
    return out


@pytest.fixture(scope="module")
def moved():
    return world(effect=1.6)


def test_only_the_last_week_of_a_month_has_patterns():
    assert month_ends(WEEKS[:6]) == [date(2025, 3, 31)]
    assert anomaly_patterns(*world(ads=2), [date(2026, 2, 16)]).is_empty()


def test_a_season_and_a_precursor_stand_out(moved):
    out = figures(moved)
    june = out.filter(kind="month", detail="6").row(0, named=True)
    assert june["is_significant"]
    assert june["lo_95"] > june["baseline"]
    assert out.filter(kind="month", is_significant=True)["value"].max() == june["value"]
    before = out.filter(kind="precursor", subject="ctr").row(0, named=True)
    assert before["value"] > before["baseline"]


def test_what_foretells_is_found_at_its_lead(moved):
    out = figures(moved).filter(subject="ctr_delta_pct")
    two = out.filter(kind="correlation", lead_weeks=2).row(0, named=True)
    assert two["is_significant"]
    assert two["hi_95"] < 0
    quartile = out.filter(kind="lead_lag_quartile", lead_weeks=2, detail="1").row(0, named=True)
    assert quartile["is_significant"]
    assert quartile["value"] > 2 * quartile["baseline"]
    assert not out.filter(kind="correlation", lead_weeks=1)["is_significant"][0]


def test_chance_alone_is_hardly_ever_significant():
    out = figures(world(effect=1.0, seed=5)).filter(pl.col("kind").is_in(["correlation", "lead_lag_quartile"]))
    assert out["is_significant"].sum() == 0


def test_later_weeks_change_nothing(moved):
    features, found = moved
    early = pl.col("week") <= date(2025, 10, 27)
    then = anomaly_patterns(features.filter(early), found.filter(early), [date(2025, 10, 27)])
    assert then.height
    assert anomaly_patterns(features, found, [date(2025, 10, 27)]).equals(then)


def test_dismissed_findings_and_days_do_not_count(moved):
    features, found = moved
    whole = figures(moved).filter(kind="account")["cases"][0]
    half = found.with_columns(
        pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("false_positive")).otherwise("status").alias("status")
    )
    assert figures((features, half)).filter(kind="account")["cases"][0] < whole
    by_day = found.with_columns(pl.lit("day").alias("granularity"))
    assert figures((features, by_day)).filter(kind="account")["cases"][0] == 0


def test_an_interval_and_a_p_value_by_hand():
    counts = pl.DataFrame(
        {
            **{c: ["x"] for c in ("account_id", "level", "kind", "subject", "detail")},
            "lead_weeks": [0], "cases": [8], "base": [10], "baseline": [0.5],
        }
    )  # fmt: skip
    row = with_interval(counts).row(0, named=True)
    # P(X >= 8 of 10 at one half) = 56 / 1024.
    assert row["p_value"] == pytest.approx(2 * 56 / 1024)
    assert (row["lo_95"], row["hi_95"]) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
