"""Numbers of a report against numbers computed by hand."""

from datetime import date, timedelta

import pytest

from insights_assets.serving.findings import collect
from insights_assets.serving.words import limits, number, spend_by_currency, summary
from insights_assets_tests.serving import small_lake as small

SINCE, UNTIL = small.weeks_ago(5), small.RUNNING + timedelta(days=6)


def report(lake, since=SINCE, **how):
    return collect(lake, since=since, until=UNTIL, now=small.NOW, **how)


def only(tmp_path, features, **tables):
    data = report(small.build(tmp_path, accounts=[small.account("act_1")], features_ad=features, **tables))
    return data.accounts[0]


def test_cost_is_a_ratio_of_sums_not_a_mean_of_ratios(tmp_path):
    rows = [small.feature(1, spend=100, results=10), small.feature(1, ad="2", spend=100, results=2)]
    rows += [small.feature(n, spend=60, results=n) for n in (2, 3, 4, 5)]
    got = only(tmp_path, rows)
    main = got.main
    assert got.week == small.NEWEST
    assert main.week_cpr == pytest.approx(200 / 12)  # the mean of ratios would be 30
    assert main.before_cpr == pytest.approx(240 / 14)
    assert main.change_pct == pytest.approx((200 / 12) / (240 / 14) * 100 - 100)
    assert got.spend == pytest.approx(440)
    assert main.cpr == pytest.approx(440 / 26)


def test_the_four_weeks_before_reach_behind_the_period_and_no_further(tmp_path):
    rows = [small.feature(1, spend=50, results=5), small.feature(5, spend=80, results=4), small.feature(6, spend=999)]
    lake = small.build(tmp_path, accounts=[small.account("act_1")], features_ad=rows)
    got = report(lake, since=small.NEWEST).accounts[0]
    assert got.main.before_cpr == pytest.approx(20)
    assert got.spend == pytest.approx(50)


def test_families_are_never_added(tmp_path):
    rows = [small.feature(1, spend=90, results=3), small.feature(1, ad="2", spend=10, result_family="click")]
    families = only(tmp_path, rows).families
    assert [(f.family, f.week_cpr) for f in families] == [("purchase", 30), ("click", 1)]


def test_no_results_means_no_cost(tmp_path):
    main = only(tmp_path, [small.feature(1, spend=70, results=0), small.feature(2)]).main
    assert (main.week_results, main.week_cpr, main.change_pct) == (0, None, None)


def test_a_week_read_while_it_ran_is_not_complete(tmp_path):
    got = only(tmp_path, [small.feature(0), small.feature(1, is_complete=False), small.feature(2, spend=33)])
    assert got.week == small.weeks_ago(2)
    assert got.week_spend == 33


def test_currencies_are_never_added(tmp_path):
    lake = small.build(
        tmp_path,
        accounts=[small.account("act_1"), small.account("act_2", "JPY")],
        features_ad=[small.feature(1), small.feature(1, account_id="act_2", spend=5000, currency="JPY")],
    )
    data = report(lake)
    assert spend_by_currency(data.accounts) == ["100.00 EUR", "5,000 JPY"]
    assert [a.account_id for a in report(lake, accounts=["act_2"]).accounts] == ["act_2"]


def test_findings_newest_complete_week_first_and_only_open_ones(tmp_path):
    rows = [
        small.finding(3, score=0.99),
        small.finding(1, ad="a", score=0.3),
        small.finding(1, ad="b", score=0.8),
        small.finding(0, score=0.95),
        small.finding(1, ad="c", status="withdrawn"),
        small.finding(1, ad="d", status="false_positive"),
    ]
    lake = small.build(
        tmp_path,
        accounts=[small.account("act_1")],
        features_ad=[small.feature(n) for n in range(4)],
        anomalies_ad=rows,
        ads=[small.ad(1, "then", "b"), small.ad(0, "renamed", "b")],
    )
    data = report(lake)
    assert [(f.ad_id, f.when) for f in data.findings] == [
        ("b", "newest"),
        ("a", "newest"),
        ("1", "running"),
        ("1", "earlier"),
    ]
    assert data.findings[0].ad_name == "then"
    assert data.findings[1].ad_name == "a"
    assert data.accounts[0].findings == (("cpr_spike", 4),)


def test_trust_names_what_failed_and_forgets_what_was_mended(tmp_path):
    earlier = small.NOW - timedelta(hours=1)
    failed = {"error_type": "permission", "message": "Ask for ads_read."}
    lake = small.build(
        tmp_path,
        accounts=[small.account("act_1")],
        features_ad=[small.feature(n) for n in range(8)],
        sync_log=[
            small.step("failed", at=earlier, **failed),
            small.step("ok"),
            small.step("failed", step="creatives", **failed),
        ],
        check_results=[small.check(passed=True), small.check(passed=False, table_name="creatives")],
        quarantine=[small.refused()],
        insights_daily=[small.daily(date(2026, 3, 5))],
    )
    data = report(lake)
    (bad_step,) = data.trust.failed_steps
    assert (bad_step.step, bad_step.error_type, bad_step.message) == ("creatives", "permission", "Ask for ads_read.")
    (bad_check,) = data.trust.failed_checks
    assert (bad_check.table_name, bad_check.failing_rows) == ("creatives", 3)
    assert data.trust.quarantined == (("ads", 1),)
    assert data.trust.running_weeks == (small.RUNNING,)
    assert data.trust.unsettled_since == small.weeks_ago(5)
    got = data.accounts[0]
    assert (got.newest_day, got.is_stale, got.failed_checks, got.failed_steps) == (date(2026, 3, 5), True, 1, 1)
    assert any("1 of 2 checks are red" in line for line in limits(data.trust))


def test_risks_come_from_the_newest_complete_week(tmp_path):
    lake = small.build(
        tmp_path,
        accounts=[small.account("act_1")],
        features_ad=[small.feature(n) for n in range(3)],
        burnout_predictions=[
            small.prediction(0, risk=0.9, level="critical"),
            small.prediction(1, risk=0.3, level="medium"),
            small.prediction(1, horizon=2, risk=0.55),
            small.prediction(1, ad="2", risk=0.1, level="low"),
        ],
    )
    data = report(lake)
    assert [(r.ad_id, r.in_1_week, r.in_2_weeks, r.level) for r in data.risks] == [
        ("1", 0.3, 0.55, "high"),
        ("2", 0.1, None, "low"),
    ]
    assert data.accounts[0].high_risk_ads == 1


def test_summary_says_it_with_numbers(tmp_path):
    data = collect(small.full(tmp_path), since=small.weeks_ago(11), until=UNTIL, now=small.NOW)
    lines = "\n".join(summary(data))
    assert "Findings: 3 open, 2 up, 1 down" in lines
    assert "cost per purchase result up 100 %: 20.00 EUR, baseline 10.00 EUR" in lines
    assert "0 critical, 1 high" in lines
    assert "1 red of 2" in lines
    assert len(summary(data)) <= 12


def test_an_empty_lake_is_no_error(tmp_path):
    data = report(small.build(tmp_path))
    assert (data.accounts, data.findings, data.risks, data.rows, data.weeks) == ((), (), (), 0, 0)
    assert summary(data)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "n/a"), (0.0, "0"), (41_055.002, "41,055"), (9.96, "10"), (1_234.56, "1,234.6"), (-3.0, "-3")],
)
def test_a_number_has_a_decimal_only_where_one_is_seen(value, shown):
    assert number(value) == shown
