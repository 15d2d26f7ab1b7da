"""Sums, ratios of sums and changes against numbers computed by hand."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from insights_assets.serving.comparison import compare, shortened
from insights_assets.serving.digest import lines, markdown
from insights_assets.serving.editions import make_edition
from insights_assets.serving.periods import period
from insights_assets.serving.report import MOST, render
from insights_assets.serving.sheets import comparison_table, sheets
from insights_assets.serving.totals import Totals
from insights_assets_tests.serving import small_lake as small

TODAY = date(2026, 3, 11)
DAY = timedelta(days=1)


def totals(*rows):
    """Rows of (account, date, currency, family, spend, results); ten impressions a unit of spend."""
    frame = pl.DataFrame(
        rows, schema=["account_id", "date", "currency", "result_family", "spend", "results"], orient="row"
    ).with_columns(pl.col("spend", "results").cast(pl.Float64))
    delivery = frame.group_by("account_id", "date", "currency", maintain_order=True).agg(
        pl.col("spend").sum(),
        (10 * pl.col("spend").sum()).alias("impressions"),
        pl.col("results").sum().alias("inline_link_clicks"),
    )
    return Totals(delivery, frame)


def block(found, currency, family, account=None):
    blocks = found.accounts if account else found.totals
    (one,) = [b for b in blocks if (b.currency, b.family, b.account_id) == (currency, family, account)]
    return one


def test_a_day_beside_two_others():
    yesterday = TODAY - DAY
    found = compare(
        period("daily", TODAY),
        totals(
            ("act_1", yesterday, "EUR", "purchase", 100, 10),
            ("act_2", yesterday, "EUR", "purchase", 100, 2),
            ("act_1", yesterday - DAY, "EUR", "purchase", 80, 10),
            ("act_1", yesterday - 7 * DAY, "EUR", "purchase", 50, 0),
            ("act_3", yesterday, "JPY", "purchase", 9000, 3),
        ),
    )
    cost = block(found, "EUR", "purchase")["cpr"]
    assert cost.current == pytest.approx(200 / 12)  # the mean of 10 and 50 would be 30
    assert cost.against[0].value == pytest.approx(8)
    assert cost.against[0].change_pct == pytest.approx((200 / 12 / 8 - 1) * 100)
    # A week ago money was spent and nothing came of it: no cost, no change, and never the best day.
    assert (cost.against[1].value, cost.against[1].change_pct) == (None, None)
    results = block(found, "EUR", "purchase")["results"]
    assert [a.value for a in results.against] == [10, 0]
    assert results.against[1].change_pct is None
    spend = block(found, "EUR", None)["spend"]
    assert (spend.current, [a.change_pct for a in spend.against]) == (200, [pytest.approx(150), pytest.approx(300)])
    assert block(found, "EUR", None)["cpm"].current == pytest.approx(100)
    assert block(found, "EUR", None)["link_ctr"].current == pytest.approx(12 / 2000 * 100)
    assert block(found, "JPY", None)["spend"].current == 9000
    assert block(found, "JPY", None)["spend"].against[0].value == 0
    assert block(found, "EUR", "purchase", "act_2")["cpr"].current == 50


def test_families_and_currencies_are_never_added():
    found = compare(
        period("daily", TODAY),
        totals(
            ("act_1", TODAY - DAY, "EUR", "purchase", 10, 1),
            ("act_1", TODAY - DAY, "EUR", "click", 5, 50),
            ("act_2", TODAY - DAY, "JPY", "click", 7, 7),
        ),
    )
    told = {(b.currency, b.family): b["spend"].current for b in found.totals}
    assert told == {
        ("EUR", None): 15,
        ("JPY", None): 7,
        ("EUR", "purchase"): 10,
        ("EUR", "click"): 5,
        ("JPY", "click"): 7,
    }


def test_a_week_beside_the_median_of_four():
    monday = date(2026, 3, 2)
    weeks = [(120, 10), (60, 3), (100, 5), (90, 0), (70, 7)]  # this one, then one to four weeks before
    rows = [("act_1", monday - 7 * n * DAY, "EUR", "purchase", *w) for n, w in enumerate(weeks)]
    found = compare(period("weekly", TODAY), totals(*rows))
    family = block(found, "EUR", "purchase")
    assert family["spend"].against[1].value == 80  # of 60, 100, 90, 70
    assert family["results"].against[1].value == 4  # of 3, 5, 0, 7
    assert family["cpr"].against[1].value == 20  # of 20, 20, none and 10
    assert family["cpr"].against[1].change_pct == pytest.approx(-40)


def two_accounts(folder, finished_at):
    """Two accounts with delivery on 8 and 9 March; only the first has the 10th; the second was read at an instant."""
    days = [small.delivered(date(2026, 3, d), 100, 10, f"act_{a}") for d in (8, 9) for a in (1, 2)]
    days.append(small.delivered(date(2026, 3, 10), 50, 10))
    return small.build(
        folder,
        accounts=[small.account("act_1"), small.account("act_2")],
        insights_daily=[d for d, _ in days],
        results_daily=[r for _, r in days],
        sync_log=[
            small.step("ok", account_id="act_2", step="insights_daily", week=small.RUNNING, finished_at=finished_at)
        ],
    )


@pytest.mark.parametrize(
    ("finished_at", "behind", "spend"),
    [
        # Berlin's 10 March ends at 23:00 UTC.
        (datetime(2026, 3, 10, 22, 59, tzinfo=UTC), (("act_2", date(2026, 3, 9)),), (50, 100)),
        (datetime(2026, 3, 10, 23, 1, tzinfo=UTC), (), (50, 200)),
    ],
)
def test_an_account_not_read_to_the_end_is_named_and_left_out(tmp_path, finished_at, behind, spend):
    edition = make_edition(two_accounts(tmp_path, finished_at), "daily", now=small.NOW)
    assert edition.comparison.behind == behind
    metric = block(edition.comparison, "EUR", None)["spend"]
    assert (metric.current, metric.against[0].value) == spend
    assert ("Not read to the end of 10 Mar 2026" in render(edition)) == bool(behind)
    year = make_edition(two_accounts(tmp_path / "again", finished_at), "yearly", now=small.NOW)
    assert block(year.comparison, "EUR", None)["spend"].current == 450  # one day is nothing in a year


def test_results_that_are_not_computed_are_said(tmp_path):
    lake = small.build(
        tmp_path,
        accounts=[small.account("act_1")],
        insights_daily=[small.daily(date(2026, 3, 10), spend=10.0), small.daily(date(2026, 3, 9), spend=10.0)],
        results_daily=[small.outcome(date(2026, 3, 9), 10, 1)],
    )
    edition = make_edition(lake, "daily", now=small.NOW)
    assert edition.comparison.unanalysed == ("act_1",)
    assert "results are not computed for the whole day yet" in render(edition)


def test_only_the_family_an_ad_is_optimised_for_counts(tmp_path):
    day = date(2026, 3, 10)
    rows = [small.outcome(day, 10, 2), small.outcome(day, 10, 99, family="click", is_primary=False)]
    rows.append(small.outcome(day, 10, 2, ad="c", level="campaign"))
    lake = small.build(
        tmp_path, accounts=[small.account("act_1")], insights_daily=[small.daily(day, spend=10.0)], results_daily=rows
    )
    found = make_edition(lake, "daily", now=small.NOW).comparison
    assert [(b.family, b["spend"].current) for b in found.totals] == [(None, 10), ("purchase", 10)]


def test_the_table_beside_the_page_has_each_figure_with_its_baselines(tmp_path):
    edition = make_edition(two_accounts(tmp_path, small.NOW), "daily", now=small.NOW)
    table = comparison_table(edition)
    assert table.select("account_id", "result_family").rows() == [
        *((None, None), (None, "purchase")),
        *(("act_1", None), ("act_2", None), ("act_1", "purchase"), ("act_2", "purchase")),
    ]
    row = table.filter(pl.col("account_id") == "act_1", pl.col("result_family") == "purchase").row(0, named=True)
    assert (row["cpr"], row["cpr_day_before"], row["cpr_day_before_change_pct"]) == (5, 10, -50)
    assert not [c for c in table.columns if "reach" in c]
    assert set(sheets(edition)) == {"About", "Comparison"}


def test_a_fleet_gives_a_page_of_bounded_size(tmp_path):
    day = date(2026, 3, 10)
    names = [f"act_{n}" for n in range(1, 51)]
    days = [small.delivered(day, 1 + n, 1, name) for n, name in enumerate(names)]
    failed = {"error_type": "permission", "message": "Ask for ads_read."}
    lake = small.build(
        tmp_path,
        accounts=[small.account(n) for n in names],
        features_ad=[small.feature(1, account_id=n, ad=f"{n}-{k}") for n in names for k in range(2)],
        anomalies_ad=[small.finding(1, account_id=n, ad=f"{n}-{k}") for n in names for k in range(2)],
        insights_daily=[d for d, _ in days],
        results_daily=[r for _, r in days],
        sync_log=[small.step("failed", account_id=n, **failed) for n in names],
    )
    for kind in ("daily", "weekly"):
        page = render(make_edition(lake, kind, now=small.NOW))
        assert page.count("<tr>") < 20 + sum(MOST.values())
        assert "And 35 more: <code>insights sql" in page  # failed steps
    edition = make_edition(lake, "daily", now=small.NOW)
    assert comparison_table(edition).height == 2 + 100
    kept = {b.account_id for b in shortened(edition.comparison, 2).accounts}
    assert kept == {"act_50", "act_49"}


def test_the_summary_says_it_in_ten_lines_and_its_markdown_is_text(tmp_path):
    edition = make_edition(small.full(tmp_path), "weekly", now=small.NOW)
    told = lines(edition)
    # 2 to 8 March: 106 down to 100 in a week of seven values, whichever day it starts.
    assert told[0] == "EUR: spend 721.00 EUR (\u00b10\u00a0%) against week before."
    assert (
        told[1]
        == "EUR, purchase: results 70 (\u00b10\u00a0%), cost per result 10.30 EUR (\u00b10\u00a0%) against week before."
    )
    assert len(told) <= 16
    assert "<" not in markdown(edition)
    assert "&lt;script&gt;" in markdown(edition)
