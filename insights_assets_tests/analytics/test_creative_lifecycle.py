"""Lives of creatives: ads that share one live one life; those that go on are censored."""

from datetime import timedelta

import numpy as np
import pytest

from insights_assets.analytics.ad_lifecycle import ad_lifecycle
from insights_assets.analytics.creative_lifecycle import creative_lifecycle
from insights_assets.tables.burnout_weeks import BURNOUT_WEEKS
from insights_assets.tables.creative_lifecycle import CREATIVE_LIFECYCLE
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(12)]


def weeks_of(ad, creative, results, *, first=0):
    return [
        valid_row(
            BURNOUT_WEEKS, ad_id=ad, creative_id=creative, week=WEEKS[first + n], spend=100.0, results=r,
            results_seen=r, result_family="purchase",
        )
        for n, r in enumerate(results)
    ]  # fmt: skip


def lives(*parts, weeks=(WEEKS[-1],)):
    rows = creative_lifecycle(frame_of(BURNOUT_WEEKS, *(r for p in parts for r in p)), list(weeks))
    assert CREATIVE_LIFECYCLE.split(rows).bad.rows() == []
    return rows


def test_an_ad_that_takes_over_a_creative_goes_on_with_its_life():
    first, second = weeks_of("1", "c", [20.0] * 6), weeks_of("2", "c", [20.0] * 4 + [4.0, 4.0], first=6)
    (row,) = lives(first, second).to_dicts()
    assert (row["creative_id"], row["age_weeks"], row["status"], row["good_cpr"]) == ("c", 11, "burned_out", 5.0)
    assert (row["burnt_lives"], row["censored_lives"], row["median_weeks_left"]) == (1, 0, None)


def test_ads_that_share_a_creative_are_added():
    together = [weeks_of(ad, "c", [10.0] * 12) for ad in "12"]
    (row,) = lives(*together).to_dicts()
    assert (row["good_cpr"], row["status"]) == (10.0, "healthy")
    # The newest weeks' results are expected to grow a little still.
    assert row["cost_ratio"] == pytest.approx(1.0, abs=0.02)
    assert (row["burnt_lives"], row["censored_lives"], row["survival"]) == (0, 1, 1.0)


def test_a_creative_of_one_ad_lives_as_the_ad_does():
    rows = [*weeks_of("1", "c", [20.0] * 10 + [9.0, 8.0]), *weeks_of("2", "d", [30.0] * 12)]
    creatives = lives(rows, weeks=WEEKS)
    ads = ad_lifecycle(frame_of(BURNOUT_WEEKS, *rows), WEEKS)
    for name in ("status", "cost_ratio", "age_weeks", "survival", "median_weeks_left"):
        assert creatives.sort("week", "creative_id")[name].to_list() == pytest.approx(
            ads.sort("week", "ad_id")[name].to_list(), nan_ok=True
        ), name


def test_ads_without_a_creative_are_left_out():
    assert lives(weeks_of("1", None, [10.0] * 12)).is_empty()


def test_ads_in_any_order_add_up_to_the_same_digits():
    spends = np.random.default_rng(3).lognormal(3, 2, (40, 12))
    together = [
        row | {"spend": float(spend)}
        for ad, of_ad in enumerate(spends)
        for spend, row in zip(of_ad, weeks_of(str(ad), "c", [10.0] * 12), strict=True)
    ]
    frame = frame_of(BURNOUT_WEEKS, *together)
    first = creative_lifecycle(frame, [WEEKS[-1]])
    shuffled = [frame.sample(fraction=1.0, shuffle=True, seed=seed) for seed in range(20)]
    assert all(creative_lifecycle(order, [WEEKS[-1]]).equals(first) for order in shuffled)
