"""Status by hand, survival against statsmodels and by hand, and nothing that looks ahead."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from insights_assets.analytics.ad_lifecycle import ad_lifecycle
from insights_assets.analytics.survival import kaplan_meier
from insights_assets.tables.ad_lifecycle import AD_LIFECYCLE
from insights_assets.tables.burnout_weeks import BURNOUT_WEEKS
from insights_assets_tests.analytics.burnout_worlds import FIRST_WEEK, world


def week(n):
    return FIRST_WEEK + timedelta(weeks=n)


def ad(costs, name="1", *, results=1000.0):
    """An ad of these weekly costs; None is a week without delivery, inf one without results."""
    rows = [
        {"account_id": "act_1", "week": week(n), "ad_id": name, "result_family": "purchase", "creative_id": None}
        | {"spend": results if np.isinf(c) else c * results, "impressions": 1000, "reach": 800, "link_clicks": 50}
        | {"results": 0.0 if np.isinf(c) else results, "results_seen": None}
        for n, c in enumerate(costs)
        if c is not None
    ]
    return pl.DataFrame(rows, schema=BURNOUT_WEEKS.schema)


def test_status_by_hand():
    # Two-week costs over the good cost 10: 1, then (10 + 30) / 2 / 10 = 2, 3, 2; below 1.5 it recovers for four weeks.
    costs = [10, 10, 10, 10, 10, 10, 30, 30, 10, 12, 10, 10, 12.5, 12.5]
    rows = ad_lifecycle(ad(costs), [week(n) for n in range(20)]).sort("week")
    assert AD_LIFECYCLE.split(rows).bad.is_empty()
    assert rows["cost_ratio"].to_list()[:9] == [None] * 5 + [1, 2, 3, 2]
    expected = ["healthy"] * 6 + ["burned_out"] * 3 + ["recovering"] * 4 + ["degraded"]
    assert rows["status"].to_list() == expected
    assert rows["weeks_in_status"].to_list() == [1, 2, 3, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 1]
    assert rows["age_weeks"].to_list() == list(range(14))


def test_spend_without_results_is_burnt_out_and_a_pause_is_not():
    rows = ad_lifecycle(ad([10] * 6 + [None, None, 10, np.inf, np.inf]), [week(n) for n in (8, 10)])
    assert rows.sort("week")["status"].to_list() == ["healthy", "burned_out"]


def test_survival_by_hand():
    # Deaths at 2 and 3 of 5 and 3 at risk (one leaves at 2): 4/5, then 4/5 x 2/3.
    curve = kaplan_meier(np.array([2, 2, 3, 6, 6]), np.array([True, False, True, False, False]))
    assert curve.share.tolist() == pytest.approx([1, 1, 0.8, 0.8 * 2 / 3, 0.8 * 2 / 3, 0.8 * 2 / 3, 0.8 * 2 / 3])
    assert (curve.deaths, curve.censored) == (2, 3)
    # Half of what lives at 0 is 0.5: never reached. An average over the dead alone would say 2.5 weeks.
    assert np.isnan(curve.median_left(np.array([0, 3]))).all()
    sooner = kaplan_meier(np.array([1, 2, 3, 4]), np.ones(4, dtype=bool))
    assert sooner.median_left(np.array([0, 2])).tolist() == [2, 1]


def test_survival_agrees_with_statsmodels():
    rng = np.random.default_rng(5)
    age, died = rng.integers(0, 40, 300), rng.random(300) < 0.6
    theirs = SurvfuncRight(age.astype(float) + 1e-9, died.astype(int))
    ours = kaplan_meier(age, died)
    assert ours.at(np.floor(theirs.surv_times).astype(int)) == pytest.approx(theirs.surv_prob)


def test_a_way_back_is_the_share_that_went_it():
    # Eighteen ads burnt out and stayed so, one came back after two weeks; the twentieth one burns now.
    frames = [ad([10] * 6 + [30] * 8, f"{k}") for k in range(18)]
    frames += [ad([10] * 6 + [30] * 2 + [10] * 6, "back"), ad([10] * 12 + [30, 30], "now")]
    rows = ad_lifecycle(pl.concat(frames), [week(13)])
    told = dict(rows.select("ad_id", "recovery_probability").iter_rows())
    # Weeks 6 to 9 of the 18 and 6 to 8 of the one (its two-week costs: 2, 3, 2, then 1) have their four weeks behind
    # them, three of them with a good cost; shrunk by 20 at one half.
    assert told["now"] == pytest.approx((3 + 10) / (18 * 4 + 3 + 20))
    one = rows.filter(ad_id="now")
    assert (one["burnt_lives"].item(), one["censored_lives"].item()) == (20, 0)
    assert one["median_weeks_left"].item() is None


def test_what_comes_later_changes_nothing():
    made = world(9, accounts=3, weeks=50, slots=4)
    rows = made.with_columns(result_family=pl.lit("purchase")).select(
        pl.col(c).cast(t) for c, t in BURNOUT_WEEKS.schema.items()
    )
    asked = [week(30), week(40)]
    whole = ad_lifecycle(rows, asked)
    assert set(whole["status"]) == {"healthy", "degraded", "burned_out", "recovering"}
    cut = ad_lifecycle(rows.filter(pl.col("week") <= week(40)), asked)
    assert whole.equals(cut)
    assert ad_lifecycle(rows.filter(pl.col("week") <= week(30)), asked).equals(whole.filter(week=week(30)))
