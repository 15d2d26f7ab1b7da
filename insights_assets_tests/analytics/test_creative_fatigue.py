"""Creative fatigue on cases made by hand: fewer clicks and many views are both needed, and luck is none."""

import math

import polars as pl
import pytest

from insights_assets.analytics.creative_fatigue import creative_fatigue
from insights_assets_tests.analytics.ad_worlds import monday


def score(clicks, *, impressions=100_000, frequency=3.0, weeks=None):
    """Score of the last week of an ad with so many link clicks a week."""
    rows = pl.DataFrame(
        {
            "account_id": "act_1",
            "entity_id": "ad1",
            "week": [monday(w) for w in (weeks or range(len(clicks)))],
            "impressions": impressions,
            "inline_link_clicks": clicks,
            "frequency": frequency,
        }
    )
    return creative_fatigue(rows)["creative_fatigue_score"][-1]


def test_half_the_clicks_at_three_views_a_week_is_worn():
    # log(2) less the standard error of 500 clicks against 3,000, in units of log(2).
    error = math.sqrt(1 / 500.5 + 1 / 3000)
    exact = math.log(1000 / 500.5) - error
    assert score([1000, 1000, 1000, 500]) == pytest.approx(100 * math.sqrt(exact / math.log(2)))
    assert score([1000, 1000, 1000, 200]) == 100.0


def test_fewer_clicks_of_people_who_see_it_once_are_not_fatigue():
    assert score([1000, 1000, 1000, 500], frequency=1.0) == 0.0
    assert score([1000, 1000, 1000, 500], frequency=1.5) == pytest.approx(
        score([1000, 1000, 1000, 500], frequency=3.0) / 2
    )


def test_a_steady_or_rising_rate_is_fresh_however_often_it_is_seen():
    assert score([1000, 1000, 1000, 1000], frequency=6.0) == 0.0
    assert score([1000, 1100, 1200, 1500], frequency=6.0) == 0.0


def test_few_clicks_prove_little():
    assert score([20, 20, 20, 10]) < 0.8 * score([2000, 2000, 2000, 1000])


def test_slow_wear_is_measured_from_the_peak_and_not_from_last_month():
    slow = [1000 - 50 * n for n in range(11)]
    # Each week is only 5 to 10 % below the one before.
    assert score(slow) > 80


def test_what_was_clicked_more_than_eleven_weeks_ago_is_forgotten():
    weeks = [0, 1, 2, *range(20, 32)]
    assert score([5000] * 3 + [1000] * 12, weeks=weeks) == 0.0


@pytest.mark.parametrize(
    ("clicks", "weeks"), [([900, 900, 500], None), ([16, 16, 16, 9], None), ([900, 900, 900, 500], [0, 1, 3, 4])]
)
def test_without_three_weeks_in_a_row_and_fifty_clicks_there_is_no_peak(clicks, weeks):
    assert score(clicks, weeks=weeks) is None


def test_an_unknown_frequency_has_no_score():
    assert score([1000, 1000, 1000, 500], frequency=None) is None
