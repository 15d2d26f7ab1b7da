"""The best creatives: those that spent enough, in the right order; the view says the same for a week."""

from datetime import timedelta

import polars as pl
import pytest

from insights_assets.analytics.top_creatives import METRICS, top_creatives
from insights_assets.lake.catalog import query
from insights_assets.lake.store import Lake
from insights_assets.tables.creative_performance import CREATIVE_PERFORMANCE, NO_CREATIVE
from insights_assets_tests.tables.rows import WEEK, frame_of, valid_row

SUNDAY = WEEK + timedelta(days=6)


def day(name, spend, clicks=10, results=5.0, revenue=10.0, **more):
    return valid_row(
        CREATIVE_PERFORMANCE, creative_id=name, date=WEEK, spend=spend, clicks=clicks, impressions=1000,
        results=results, orders=results, revenue=revenue, **more,
    )  # fmt: skip


ROWS = frame_of(
    CREATIVE_PERFORMANCE,
    day("big", 600.0, clicks=20, results=60.0, revenue=1200.0),
    day("good", 300.0, clicks=30, results=50.0, revenue=900.0),
    day("leads", 95.0, clicks=10, results=5.0, revenue=0.0, result_family="leadgen_form"),
    day("lucky", 5.0, clicks=500, results=5.0, revenue=500.0),
)


def names(*arguments, **options):
    return top_creatives(ROWS, *arguments, WEEK, SUNDAY, **options)["creative_id"].to_list()


def test_a_lucky_one_with_hardly_any_spend_does_not_lead():
    assert names("roas") == ["good", "big", "leads"]
    assert names("roas", min_spend=0) == ["lucky", "good", "big", "leads"]
    assert names("roas", min_spend=400) == ["big"]


def test_less_is_better_for_costs_and_worst_first_on_request():
    assert names("cost_per_order") == ["good", "big", "leads"]
    assert names("ctr", best=False) == ["leads", "big", "good"]
    assert names("spend", limit=2) == ["big", "good"]


def test_results_are_ranked_within_their_family():
    rows = top_creatives(ROWS, "cpr", WEEK, SUNDAY)
    assert rows.select("result_family", "rank", "creative_id", "value").rows() == [
        ("leadgen_form", 1, "leads", 19.0),
        ("purchase", 1, "good", 6.0),
        ("purchase", 2, "big", 10.0),
    ]


def test_an_unknown_metric_is_named():
    with pytest.raises(ValueError, match="no metric 'luck'; there are roas, revenue"):
        names("luck")


def test_the_view_ranks_alike(tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    lake.replace(CREATIVE_PERFORMANCE, ROWS, [("act_1", WEEK)])
    # The lucky one has 0.5 % of the spend.
    for metric in ("roas", "ctr", "cost_per_order", "cpr"):
        viewed = query(lake, "FROM top_creatives WHERE metric = ? ORDER BY result_family, rank", [metric])
        told = top_creatives(ROWS, metric, WEEK, SUNDAY)
        assert viewed["creative_id"].to_list() == told["creative_id"].to_list(), metric
        assert viewed["value"].to_list() == pytest.approx(told["value"].to_list())
    assert set(query(lake, "SELECT DISTINCT metric FROM top_creatives")["metric"]) <= set(METRICS)


def test_ads_without_a_known_creative_count_for_the_account_and_are_not_ranked(tmp_path):
    lump = day(NO_CREATIVE, 9000.0, clicks=900, results=9000.0, revenue=90_000.0)
    rows = pl.concat([ROWS, frame_of(CREATIVE_PERFORMANCE, lump)])
    lake = Lake(str(tmp_path / "lake"))
    lake.replace(CREATIVE_PERFORMANCE, rows, [("act_1", WEEK)])
    told = top_creatives(rows, "roas", WEEK, SUNDAY)["creative_id"].to_list()
    assert told == ["good", "big"]  # of 10,000 spent the others are below a hundredth
    viewed = query(lake, "SELECT creative_id FROM top_creatives WHERE metric = 'roas' ORDER BY rank")
    assert viewed["creative_id"].to_list() == told
