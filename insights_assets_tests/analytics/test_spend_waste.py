"""Waste: proven against the peers, by hand and against luck."""

from datetime import timedelta

import numpy as np
import pytest

from insights_assets.analytics.spend_waste import spend_waste
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.spend_waste import SPEND_WASTE
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

LAST = WEEK + timedelta(weeks=3)


def ad(name, spend, results, **more):
    """Four weeks with so much spend and results together."""
    return [
        valid_row(
            FEATURES_AD, entity_id=name, week=WEEK + timedelta(weeks=n), spend=spend / 4, results=results / 4, **more
        )
        for n in range(4)
    ]


def wasted(*ads, weeks=(LAST,)):
    rows = spend_waste(frame_of(FEATURES_AD, *(row for one in ads for row in one)), list(weeks))
    assert SPEND_WASTE.split(rows).bad.rows() == []
    return rows


def test_no_results_where_many_were_to_be_expected():
    (row,) = wasted(ad("1", 400.0, 0.0), ad("2", 400.0, 40.0), ad("3", 400.0, 40.0)).to_dicts()
    assert (row["ad_id"], row["kind"], row["spend"], row["spend_28d"]) == ("1", "zero_results", 100.0, 400.0)
    # The peers' 80 results for 800 come to 10 each; with none seen, 3.0 may still have been due to luck.
    assert (row["peers_cpr"], row["expected_28d"], row["wasted_28d"]) == (10.0, 40.0, 400.0)
    assert row["wasted_least_28d"] == pytest.approx(400 - 10 * 2.9957, abs=0.01)


def test_dear_results_waste_what_peers_would_have_needed_less():
    (row,) = wasted(ad("1", 800.0, 20.0), ad("2", 800.0, 80.0), ad("3", 800.0, 80.0)).to_dicts()
    assert (row["kind"], row["wasted_28d"]) == ("dear_results", 600.0)
    assert 0 < row["wasted_least_28d"] < 600


@pytest.mark.parametrize(
    "ads",
    [
        [ad("1", 20.0, 0.0), ad("2", 400.0, 40.0)],  # two results were due: none is luck
        [ad("1", 4000.0, 330.0), ad("2", 4000.0, 400.0)],  # surely dearer, but by a fifth
        [ad("1", 400.0, 0.0), ad("2", 400.0, 2.0)],  # the peers themselves have hardly any
        [ad("1", 400.0, 0.0), ad("2", 400.0, 40.0, result_family="messages")],  # not its peers
        [ad("1", 400.0, 0.0), ad("2", 400.0, 40.0, account_id="act_2")],
        [ad("1", 400.0, 0.0)],
    ],
)
def test_what_is_no_waste(ads):
    assert wasted(*ads).is_empty()


def test_an_ad_that_stopped_is_told_no_more():
    gone = ad("1", 400.0, 0.0)[:3]
    assert wasted(gone, ad("2", 400.0, 40.0)).is_empty()
    assert wasted(gone, ad("2", 400.0, 40.0), weeks=[LAST - timedelta(weeks=1)])["ad_id"].to_list() == ["1"]


def test_equal_ads_are_seldom_accused():
    rng = np.random.default_rng(5)
    ads = [ad(f"a{n}", 400.0, float(4 * (rng.poisson(12) // 4))) for n in range(200)]
    assert wasted(*ads).height <= 2


def test_what_the_peers_pay_does_not_depend_on_the_order_in_which_ads_come():
    """Of these seven peers, the sum has another last digit in another order."""
    spends = [41.51, 15.62, 181.08, 114.32, 60.38, 8.94, 80.3]
    # The whole spend in the last week: a quarter of each would add up to other digits.
    rows = [
        valid_row(FEATURES_AD, entity_id=f"e{n}", week=LAST, spend=spend, results=20.0 if n else 0.0)
        for n, spend in enumerate([400.0, *spends])
    ]
    frame = frame_of(FEATURES_AD, *rows)
    first = spend_waste(frame, [LAST])
    assert first.height
    # Groups come in an order of their own each time: two tries found a sum in no order once in five runs.
    shuffled = [frame.sample(fraction=1.0, shuffle=True, seed=seed) for seed in range(20)]
    assert all(spend_waste(order, [LAST]).equals(first) for order in shuffled)
