"""Wear of creatives: proven falls are told, luck is not, and nothing later is used."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from insights_assets.analytics.creative_wear import creative_fatigue
from insights_assets.tables.creative_fatigue import CREATIVE_FATIGUE
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE, NO_CREATIVE
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

WEEKS = [WEEK + timedelta(weeks=n) for n in range(8)]
LAST = WEEKS[-1]


def shown(name, clicks, results, *, impressions=10_000, spend=100.0, **more):
    """A creative with these link clicks and results in each week, the last one in LAST; None: not shown."""
    first = len(WEEKS) - len(clicks)
    return [
        valid_row(
            CREATIVE_PERFORMANCE, creative_id=name, week=w, date=w, inline_link_clicks=c, results=float(r),
            impressions=impressions, spend=spend, **more,
        )
        for w, c, r in zip(WEEKS[first:], clicks, results, strict=True)
        if c is not None
    ]  # fmt: skip


def judged(*parts, weeks=(LAST,)):
    rows = creative_fatigue(frame_of(CREATIVE_PERFORMANCE, *(r for p in parts for r in p)), list(weeks))
    assert CREATIVE_FATIGUE.split(rows).bad.rows() == []
    return rows


def test_a_proven_fall_by_hand():
    (row,) = judged(shown("c", [200, 200, 200, 150, 100, 100], [20, 20, 20, 15, 8, 8])).to_dicts()
    assert (row["fatigue"], row["weeks_shown"]) == ("fatigued", 6)
    assert (row["early_link_ctr"], row["recent_link_ctr"], row["link_ctr_change_pct"]) == (2.0, 1.0, -50.0)
    assert (row["early_cpr"], row["recent_cpr"], row["cpr_change_pct"]) == (5.0, 12.5, 150.0)
    assert row["link_ctr_q"] < 0.01
    assert row["cpr_q"] < 0.05


@pytest.mark.parametrize(
    ("clicks", "results", "word"),
    [
        ([200] * 6, [20] * 6, "fresh"),
        ([200, 200, 200, 200, 100, 100], [20] * 6, "tiring"),
        ([200] * 6, [20, 20, 20, 20, 4, 4], "tiring"),
        ([200] * 6, [20, 20, 20, 20, 0, 0], "tiring"),
        ([200, 100], [20, 2], "too_early"),
        # Half the clicks, but of four: luck.
        ([4, 4, 4, 4, 2, 2], [0] * 6, "fresh"),
        ([1, 2, 1, 1, 0, 0], [0] * 6, "too_early"),
        # Surely fewer, but 10 % are no reason for another creative.
        ([9000, 9000, 9000, 9000, 8100, 8100], [0] * 6, "fresh"),
    ],
)
def test_words(clicks, results, word):
    rows = judged(shown("c", clicks, results, impressions=10_000 if max(clicks) < 5000 else 900_000))
    assert rows["fatigue"].to_list() == [word]


def test_several_families_have_no_common_cost():
    (row,) = judged(shown("c", [200] * 6, [20, 20, 20, 20, 1, 1], result_family=None)).to_dicts()
    assert (row["fatigue"], row["early_cpr"], row["cpr_q"]) == ("fresh", None, None)


def test_ads_without_a_known_creative_are_no_creative_that_wears_out():
    unknown = shown(NO_CREATIVE, [200, 200, 200, 150, 100, 100], [20, 20, 20, 15, 8, 8], creative_type=NO_CREATIVE)
    known = shown("c", [200] * 6, [20] * 6)
    assert judged(unknown, known)["creative_id"].to_list() == ["c"]
    assert judged(unknown).is_empty()


def test_a_creative_is_judged_only_in_weeks_in_which_it_was_shown():
    assert judged(shown("c", [200, 200, 200, None], [20, 20, 20, 0])).is_empty()


def test_nothing_later_is_used():
    rows = shown("c", [200, 200, 200, 190, 180, 120, 60], [20] * 7)
    alone = judged(rows[:-1], weeks=[WEEKS[-2]])
    assert judged(rows, weeks=WEEKS).filter(week=WEEKS[-2]).equals(alone)


def test_luck_alone_seldom_wears_anything_out():
    rng = np.random.default_rng(3)
    parts = [shown(f"c{n}", rng.poisson(60, 7).tolist(), rng.poisson(12, 7).tolist()) for n in range(150)]
    worn = judged(*parts).filter(pl.col("fatigue").is_in(["tiring", "fatigued"]))
    assert worn.height <= 3


def test_a_creative_that_lost_half_its_clicks_is_found_among_many():
    rng = np.random.default_rng(4)
    worn = [shown(f"w{n}", [*rng.poisson(120, 5), *rng.poisson(60, 2)], [10] * 7) for n in range(10)]
    well = [shown(f"c{n}", rng.poisson(120, 7).tolist(), [10] * 7) for n in range(60)]
    found = judged(*worn, *well).filter(pl.col("fatigue") != "fresh")["creative_id"].to_list()
    assert sum(name.startswith("w") for name in found) >= 9
    assert sum(name.startswith("c") for name in found) <= 2


def test_days_in_any_order_add_up_to_the_same_digits():
    spends = [107.69, 106.53, 156.5, 53.26, 109.15, 85.18, 44.26]
    days = [
        row | {"date": row["week"] + timedelta(days=n), "spend": spend}
        for row in shown("c", [200] * 6, [20] * 6)
        for n, spend in enumerate(spends)
    ]
    frame = frame_of(CREATIVE_PERFORMANCE, *days)
    first = creative_fatigue(frame, [LAST])
    assert first["recent_cpr"].item() == pytest.approx(sum(spends) / (7 * 20))
    shuffled = [frame.sample(fraction=1.0, shuffle=True, seed=seed) for seed in range(20)]
    assert all(creative_fatigue(order, [LAST]).equals(first) for order in shuffled)
