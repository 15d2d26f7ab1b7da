"""Quiet accounts stay quiet, planted changes are found, and what people said about a finding survives."""

import hashlib

import polars as pl
import pytest

from insights_assets.analytics.findings import carry_status
from insights_assets.analytics.weekly_anomalies import weekly_anomalies
from insights_assets.tables.anomalies import ANOMALIES_AD
from insights_assets_tests.analytics.ad_worlds import ad_features, ad_week, monday, no_days, quiet_world, weekly_inputs

# Results scatter by 14 % from week to week beyond counting: doubled costs drown among 40 ads now and then (53 results
# for 91 is p = 0.02), tripled ones never.
PLANTS = ((3, 20, 3.0), (11, 22, 3.0), (17, 24, 3.0), (25, 26, 0.4), (30, 27, 1e6))


def all_features(insights, results):
    return ad_features(insights, results, no_days(), insights["week"].unique().to_list())


@pytest.fixture(scope="module")
def quiet():
    return all_features(*quiet_world(seed=11))


@pytest.fixture(scope="module")
def planted():
    return all_features(*quiet_world(seed=12, results=150, plants=PLANTS))


def test_a_quiet_account_yields_almost_nothing(quiet):
    out = weekly_anomalies(quiet, quiet)
    # 40 ads x 30 weeks: thousands of tests. The false-discovery control allows 0.05 a family of tests and week.
    assert out.height <= 0.1 * 30


def test_planted_changes_are_found_with_their_direction(planted):
    out = weekly_anomalies(planted, planted)
    assert ANOMALIES_AD.split(out).bad.is_empty()
    found = {(e, w): (t, d) for e, w, t, d in out.select("entity_id", "week", "anomaly_type", "direction").rows()}
    for ad, week, factor in PLANTS:
        expected = (
            ("cpr_spike", "up") if 2 < factor < 10 else ("cpr_drop", "down") if factor < 1 else ("zero_results", "down")
        )
        assert found[f"ad{ad}", monday(week)] == expected
    assert out.height <= len(PLANTS) + 0.1 * 30


def test_good_news_is_never_severe(planted):
    out = weekly_anomalies(planted, planted)
    cheaper = out.filter(pl.col("anomaly_type") == "cpr_drop")
    assert (cheaper["anomaly_score"] >= 0.25).any()  # which is medium where it is bad
    assert set(cheaper["severity"]) == {"low"}
    assert set(out.filter(pl.col("anomaly_type") == "cpr_spike")["severity"]) <= {"medium", "high", "critical"}


def test_later_weeks_and_row_order_change_nothing(planted):
    weeks = pl.col("week") <= monday(24)
    then = weekly_anomalies(planted.filter(weeks), planted.filter(weeks))
    later = weekly_anomalies(planted, planted).filter(weeks)
    assert then.equals(later)
    one = planted.filter(pl.col("week") == monday(20))
    alone = weekly_anomalies(one.reverse(), planted.sample(fraction=1, shuffle=True, seed=2))
    assert alone.drop("p_value", "anomaly_score", "confidence").equals(
        later.filter(pl.col("week") == monday(20)).drop("p_value", "anomaly_score", "confidence")
    )


def test_a_running_week_is_not_compared_with_whole_ones(planted):
    running = planted.with_columns(pl.lit(value=False).alias("is_complete"))
    assert weekly_anomalies(running, planted).filter(pl.col("metric").is_in(["cpr", "results", "spend"])).is_empty()


def test_a_finding_names_triggers_and_what_came_before():
    rows = [ad_week(w, spend=400, results=80) for w in range(8)]
    rows[6] = ad_week(6, spend=400, results=80, clicks=70)
    rows.append(ad_week(8, spend=400, results=20, clicks=40, reach=3000))
    frame = all_features(*weekly_inputs(rows))
    out = weekly_anomalies(frame.filter(pl.col("week") == monday(8)), frame)
    spike = out.filter(pl.col("anomaly_type") == "cpr_spike").row(0, named=True)
    # Half a result is added to each count before its logarithm is taken: 400 / 80.5.
    assert (spike["current_value"], spike["baseline_value"]) == (20.0, pytest.approx(400 / 80.5))
    assert spike["delta_pct"] == pytest.approx((20 / (400 / 80.5) - 1) * 100)
    assert spike["severity"] == "critical"
    assert spike["likely_triggers"] == ["frequency +66.7 %", "ctr -60.0 %"]
    listed = {(d["week_offset"], d["metric"]): (d["delta_pct"], d["direction"]) for d in spike["preceding_deviations"]}
    assert listed[0, "ctr"] == (pytest.approx(-60.0), "bad")
    assert listed[-2, "ctr"] == (pytest.approx(-30.0), "bad")
    assert not any(offset == -1 for offset, _ in listed)
    name = f"act_1|{monday(8)}|ad|ad1|cpr_spike|leadgen_form"
    assert spike["finding_id"] == hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()[:16]


def test_what_people_said_survives(planted):
    new = weekly_anomalies(planted, planted)
    first, second, third = new["finding_id"].to_list()[:3]
    said = pl.col("finding_id").replace_strict({first: "acknowledged", second: "false_positive"}, default="new")
    before = new.with_columns(said.alias("status"))
    after = carry_status(new, before)
    assert after["status"].to_list() == before["status"].to_list()
    gone = carry_status(new.filter(~pl.col("finding_id").is_in([first, second, third])), before)
    status = dict(gone.select("finding_id", "status").iter_rows())
    assert gone.height == new.height
    assert (status[first], status[second], status[third]) == ("withdrawn", "false_positive", "withdrawn")
    back = carry_status(new, gone)
    assert dict(back.select("finding_id", "status").iter_rows())[first] == "new"


def test_empty_in_empty_out(quiet):
    assert weekly_anomalies(quiet.clear(), quiet).equals(ANOMALIES_AD.empty())
    assert weekly_anomalies(quiet.clear(), quiet.clear()).is_empty()


def test_the_table_refuses_a_bad_row(planted):
    out = weekly_anomalies(planted, planted)
    assert ANOMALIES_AD.split(out.with_columns(pl.lit(1.5).alias("confidence"))).good.is_empty()
    assert ANOMALIES_AD.split(out.with_columns(pl.lit("odd").alias("anomaly_type"))).good.is_empty()


def steady_ads(*, ads=12, weeks=14, results=200):
    return [ad_week(w, ad=f"ad{a}", spend=1000, results=results) for a in range(ads) for w in range(weeks)]


def last_week(rows, **more):
    frame = all_features(*weekly_inputs(rows)).with_columns(pl.lit(value=True).alias("is_settled"))
    return frame.with_columns(
        *[pl.when(pl.col("week") == pl.col("week").max()).then(v).otherwise(k).alias(k) for k, v in more.items()]
    )


def types(frame, **more):
    out = weekly_anomalies(frame.filter(pl.col("week") == frame["week"].max()), frame, **more)
    return sorted(out.select("entity_id", "anomaly_type").rows())


def test_results_that_are_late_in_all_ads_are_no_anomaly_of_each():
    rows = [r | ({"results": 130.0} if r["week"] == monday(13) else {}) for r in steady_ads()]
    settled = last_week(rows)
    assert len(types(settled)) == 12
    assert types(last_week(rows, is_settled=False)) == []
    # One ad that lacks far more than the others still stands out.
    rows = [r | ({"results": 30.0} if (r["ad_id"], r["week"]) == ("ad3", monday(13)) else {}) for r in rows]
    assert types(last_week(rows, is_settled=False)) == [("ad3", "cpr_spike")]


def test_a_known_completeness_is_believed():
    rows = [r | ({"results": 130.0} if r["week"] == monday(13) else {}) for r in steady_ads()]
    frame = last_week(rows).with_columns(
        pl.when(pl.col("week") == monday(13)).then(0.65).otherwise(1.0).alias("results_completeness")
    )
    assert types(frame) == []


def test_an_end_a_pause_or_another_budget_is_no_anomaly_of_spend():
    rows = steady_ads(ads=3)
    for row in rows:
        if row["week"] == monday(13):
            row.update({"ad0": {"spend": 285.0}, "ad1": {"spend": 2000.0}}.get(row["ad_id"], {}))
    frame = last_week(rows)
    names = {t for _, t in types(frame)}
    assert names >= {"spend_drop", "spend_spike"}
    paused = frame.with_columns(
        pl.when((pl.col("entity_id") == "ad0") & (pl.col("week") == monday(13)))
        .then(2)
        .otherwise(7)
        .alias("active_days")
    )
    assert ("ad0", "spend_drop") not in types(paused)
    doubled = pl.DataFrame(
        {
            "account_id": "act_1",
            "week": [monday(w) for w in range(14)],
            "entity_id": "ad1",
            "daily_budget": [*[100.0] * 13, 200.0],
        }
    )
    assert ("ad1", "spend_spike") not in types(paused, budgets=doubled)
    assert ("ad1", "spend_spike") in types(paused, budgets=doubled.with_columns(pl.lit(100.0).alias("daily_budget")))


def test_few_new_people_for_more_money_are_told_of_the_money():
    def told(spend, impressions, reach):
        rows = steady_ads(ads=3)
        for row in rows:
            if (row["ad_id"], row["week"]) == ("ad0", monday(13)):
                more, of = row["impressions"] * impressions, row["reach"] * reach
                row.update(spend=row["spend"] * spend, impressions=int(more), reach=int(of), frequency=more / of)
        return {t for e, t in types(last_week(rows)) if e == "ad0"}

    assert "reach_saturation" in told(1.0, 1.4, 1.0)
    # As many people too few, but hardly more impressions that could have reached them.
    assert "reach_saturation" not in told(1.0, 1.1, 1.1 / 1.4)
    assert {"spend_spike", "reach_saturation"} & told(3.0, 3.0, 2.2) == {"spend_spike"}


def test_a_spike_is_not_followed_by_a_drop():
    rows = steady_ads(ads=12, weeks=18)
    for row in rows:
        if row["ad_id"] == "ad1" and row["week"] == monday(14):
            row["results"] = 60.0
    frame = last_week(rows)
    out = weekly_anomalies(frame, frame)
    assert out.select("entity_id", "week", "anomaly_type").rows() == [("ad1", monday(14), "cpr_spike")]


def fallen(*, spend=1.0, results=1.0, budgets=None):
    """What is told of ad0 whose last week had these parts of its 1,000 spend and 200 results, among steady others."""
    rows = steady_ads()
    for row in rows:
        if (row["ad_id"], row["week"]) == ("ad0", monday(13)):
            row.update(spend=1000 * spend, results=200.0 * results)
    # Results and spend that scatter by a sixth, so that neither a fifth less spend nor a quarter dearer is news.
    for i, row in enumerate(rows):
        if row["week"] != monday(13):
            row.update(
                spend=row["spend"] * (1.0, 1.2, 0.83)[i % 3], results=round(row["results"] * (1.2, 1.0, 0.83)[i % 3])
            )
    return [t for e, t in types(last_week(rows), budgets=budgets) if e == "ad0"]


def test_results_halve_though_neither_spend_nor_cost_is_news():
    assert fallen(spend=0.55, results=0.3) == ["results_drop"]
    assert fallen(spend=0.8, results=0.7) == []


def test_a_fall_of_results_that_one_of_its_factors_makes_is_told_of_that():
    assert fallen(results=0.2) == ["cpr_spike"]
    assert fallen(spend=0.2, results=0.2) == ["spend_drop"]


def test_results_that_fall_with_their_budget_are_no_news():
    cut = pl.DataFrame(
        {
            "account_id": "act_1",
            "entity_id": "ad0",
            "week": [monday(w) for w in range(14)],
            "daily_budget": [100.0] * 13 + [55.0],
        }
    )
    assert fallen(spend=0.55, results=0.3, budgets=cut) == []
