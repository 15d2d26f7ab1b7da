"""The graph over real HTTP: the world's numbers to the cent, nothing new on a re-run, nothing from the future.

Now is a Monday morning in Tokyo and still Sunday evening in New York; the weeks hold both continents' clock changes.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from insights_assets.assets.anomalies import anomalies_ad
from insights_assets.assets.backtest_forecasts import backtest_forecasts
from insights_assets.assets.burnout import burnout_predictions, burnout_weeks
from insights_assets.assets.features import features_ad, features_adset, features_campaign
from insights_assets.assets.forecasts import FORECAST_ASSETS, forecasts_ad
from insights_assets.assets.scores import prediction_scores
from insights_assets.definitions import DERIVED_ASSETS, RAW_ASSETS
from insights_assets.partitions import monday, today_in, weeks_covering
from insights_assets.sandbox import World
from insights_assets_tests.assets.pipeline import Pipeline, pipeline

NOW = datetime(2026, 3, 30, 3, tzinfo=UTC)
ALL_WEEKS = weeks_covering(date(2026, 1, 5), date(2026, 3, 30))
EARLY, LATER = ALL_WEEKS[:8], ALL_WEEKS[8:12]
JUDGED = EARLY[-2]
BY_WEEK = {a.key.path[-1]: a for a in (features_ad, anomalies_ad, burnout_predictions, forecasts_ad)}
FEATURES = ("features_campaign", "features_adset", "features_ad")
DERIVED = ("features_ad", "anomalies_ad", "burnout_predictions")
ENTITIES = ("campaigns", "adsets", "ads")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Every week of three accounts: the raw steps as one range an account, the derived ones as one of all."""
    world = World(accounts=3, ads_per_account=(3, 6))
    with pipeline(tmp_path_factory.mktemp("graph"), world, NOW) as made:
        made.refresh(ALL_WEEKS)
        yield made


def truth(made: Pipeline) -> pl.DataFrame:
    parts = []
    for account in made.sandbox.world.accounts:
        yesterday = today_in(account.market.zone, NOW) - timedelta(days=1)
        parts.append(made.sandbox.world.truth_daily(account.id, ALL_WEEKS[0], yesterday, NOW))
    return pl.concat(parts).with_columns(pl.col("date").dt.truncate("1w").alias("week"))


def test_the_accounts_lie_on_both_sides_of_utc_and_of_midnight(graph):
    zones = [a.market.zone for a in graph.sandbox.world.accounts]
    assert zones == ["America/New_York", "Europe/Berlin", "Asia/Tokyo"]
    assert {today_in(z, NOW) for z in zones} == {date(2026, 3, 29), date(2026, 3, 30)}


def test_every_ad_day_equals_the_world(graph):
    columns = ["account_id", "week", "date", "campaign_id", "adset_id", "ad_id", "impressions", "reach", "clicks"]
    columns += ["inline_link_clicks"]
    keys = ["account_id", "date", "ad_id"]
    stored = graph.rows("insights_daily").sort(keys)
    wanted = truth(graph).sort(keys)
    assert stored.select(columns).equals(wanted.select(columns))
    assert (stored["spend"] - wanted["spend"]).abs().max() < 0.005


def test_weeks_add_up_to_the_world_by_account_in_its_own_zone(graph):
    sums = [pl.len(), pl.col("spend").sum().round(2), pl.col("impressions").sum()]
    stored = graph.rows("insights_daily").group_by("account_id", "week").agg(sums).sort("account_id", "week")
    wanted = truth(graph).group_by("account_id", "week").agg(sums).sort("account_id", "week")
    assert stored.equals(wanted)


def test_today_is_left_out_where_it_is_today(graph):
    newest = dict(graph.rows("insights_daily").group_by("account_id").agg(pl.col("date").max()).iter_rows())
    assert newest == {a.id: today_in(a.market.zone, NOW) - timedelta(days=1) for a in graph.sandbox.world.accounts}


def test_a_zero_decimal_currency_is_exact(graph):
    rows = graph.rows("insights_daily", graph.accounts[2])
    assert rows["currency"].unique().to_list() == ["JPY"]
    assert (rows["spend"] == rows["spend"].round(0)).all()
    assert rows["spend"].sum() == truth(graph).filter(account_id=graph.accounts[2])["spend"].sum()
    budgets = pl.concat([graph.rows(n, graph.accounts[2]).select("daily_budget") for n in ("campaigns", "adsets")])
    assert budgets["daily_budget"].drop_nulls().min() > 1000, "yen have no hundredth"


def test_primary_results_and_their_spend_equal_the_world(graph):
    keys = ["account_id", "date", "ad_id"]
    stored = (
        graph.rows("results_daily")
        .filter(pl.col("level") == "ad", "is_primary")
        .rename({"entity_id": "ad_id"})
        .select(*keys, "result_family", "results", "spend")
    )
    joined = truth(graph).filter(pl.col("spend") > 0).join(stored, on=keys, how="left", suffix="_stored")
    assert joined["result_family"].to_list() == joined["result_family_stored"].to_list()
    assert (joined["results"] - joined["results_stored"]).abs().max() == 0
    assert (joined["spend"] - joined["spend_stored"]).abs().max() < 0.005


def test_weekly_spend_of_every_level_is_the_same_money(graph):
    wanted = graph.rows("insights_daily").group_by("account_id", "week").agg(pl.col("spend").sum().round(2))
    wanted = wanted.sort("account_id", "week")
    for level in ("campaign", "adset", "ad"):
        rows = graph.rows(f"insights_weekly_{level}").group_by("account_id", "week").agg(pl.col("spend").sum().round(2))
        assert rows.sort("account_id", "week").equals(wanted), level


def test_a_week_is_complete_when_it_is_over_where_the_account_is(graph):
    last = date(2026, 3, 23)
    complete = {a: graph.rows("insights_weekly_ad", a, last)["is_complete"].unique().to_list() for a in graph.accounts}
    assert complete == dict(zip(graph.accounts, ([False], [True], [True]), strict=True))


def test_every_row_lies_in_a_week_that_begins_on_monday(graph):
    daily = graph.rows("insights_daily")
    assert [monday(d) for d in daily["date"]] == daily["week"].to_list()


@pytest.mark.parametrize(("index", "position"), [(0, 3), (2, 8), (0, 11), (2, 11)])
def test_a_week_alone_gives_the_same_features_as_the_range(graph, index, position):
    week, account_id = ALL_WEEKS[position], graph.accounts[index]
    before = {name: graph.rows(name, account_id, week) for name in FEATURES}
    graph.run([features_campaign, features_adset, features_ad], account_id, [week])
    for name, rows in before.items():
        after = graph.rows(name, account_id, week)
        assert rows.height
        assert [c for c in rows.columns if not rows[c].equals(after[c])] == [], name


def test_additive_figures_of_a_level_are_its_ads_and_the_others_as_served(graph):
    additive = ("spend", "impressions")
    keys = ["account_id", "week"]
    ads = graph.rows("features_ad").filter("is_complete")
    for level in ("campaign", "adset"):
        rows = graph.rows(f"features_{level}").filter("is_complete")
        for name in additive:
            wanted = ads.group_by(*keys, f"{level}_id" if level == "campaign" else "parent_id").agg(pl.col(name).sum())
            wanted = wanted.rename({wanted.columns[2]: "entity_id"}).sort(*keys, "entity_id")
            assert (rows.sort(*keys, "entity_id")[name] - wanted[name]).abs().max() < 1e-6, (level, name)
        served = graph.rows(f"insights_weekly_{level}").select(*keys, "entity_id", "reach", "frequency")
        assert rows.join(served, on=[*keys, "entity_id", "reach", "frequency"], how="anti").is_empty()
        assert rows["spend_7d"].equals(rows["spend"]), "a whole week is its newest seven days"


def test_every_level_has_its_own_scores(graph):
    assert graph.rows("features_ad")["creative_fatigue_score"].is_not_null().any()
    # All audiences of the simulated accounts have the same spec: ad sets of an account compete.
    assert graph.rows("features_adset").filter(pl.col("audience_overlap_score") > 50).height
    assert set(graph.rows("features_campaign")["parent_id"]) == {None}


def test_a_week_alone_gives_the_same_findings_and_predictions_as_the_range(graph):
    week, account_id = ALL_WEEKS[10], graph.accounts[0]
    names, steps = ("anomalies_ad", "burnout_predictions"), [anomalies_ad, burnout_predictions]
    before = [graph.rows(n, account_id, week) for n in names]
    graph.run(steps, account_id, [week])
    for name, rows in zip(names, before, strict=True):
        assert graph.rows(name, account_id, week).equals(rows), name


def test_a_week_that_is_not_over_where_the_account_is_has_no_forecast(graph):
    last = date(2026, 3, 23)
    counts = [graph.rows("forecasts_account", a, last)["entity_id"].n_unique() for a in graph.accounts]
    assert counts == [0, 1, 1]
    assert graph.rows("forecasts_ad", week=date(2026, 3, 30)).is_empty()


def test_a_week_alone_gives_the_same_forecasts_and_scores_as_the_range(graph):
    week, account_id = ALL_WEEKS[9], graph.accounts[1]
    names = [a.key.path[-1] for a in (*FORECAST_ASSETS, prediction_scores)]
    before = {n: graph.rows(n, account_id, week) for n in names}
    graph.run([*FORECAST_ASSETS, prediction_scores], account_id, [week])
    for name, rows in before.items():
        assert rows.height, name
        assert graph.rows(name, account_id, week).equals(rows), name


def test_every_forecast_of_a_week_that_is_over_is_scored_against_what_was_spent(graph):
    account_id = graph.accounts[2]
    scores = graph.rows("prediction_scores", account_id).filter(metric="spend", grain="week", level="campaign")
    told = graph.rows("forecasts_campaign", account_id).filter(metric="spend", grain="week")
    assert scores.height == told.filter(pl.col("ds") <= date(2026, 3, 23)).height > 20
    spent = graph.rows("insights_weekly_campaign", account_id).select("week", "entity_id", "spend")
    both = scores.join(spent, on=["week", "entity_id"], how="left").with_columns(pl.col("spend").fill_null(0.0))
    assert (both["actual"] - both["spend"]).abs().max() < 0.005
    assert scores["horizon"].unique().sort().to_list() == [1, 2, 3, 4]


def test_the_backtest_scores_past_origins_and_leaves_the_forecasts_alone(graph):
    before = graph.rows("forecasts_account")
    result = graph.run([backtest_forecasts])
    rows = graph.rows("backtest_forecasts")
    assert set(rows["level"]) == {"account", "campaign", "adset", "ad"}
    # Eight origins have four weeks behind them; in New York the last of those weeks is not over.
    assert rows["week"].unique().sort().to_list() == [ALL_WEEKS[6], ALL_WEEKS[7]]
    assert [e.check_name for e in result.get_asset_check_evaluations()] == ["no_worse"]
    assert graph.rows("forecasts_account").equals(before)


@pytest.mark.slow
def test_running_it_again_changes_nothing_but_when_it_was_read(graph):
    account_id = graph.accounts[-1]
    names = [a.key.path[-1] for a in (*RAW_ASSETS, *DERIVED_ASSETS)]
    before = {n: graph.rows(n) for n in names}
    graph.now += timedelta(minutes=5)
    graph.refresh(ALL_WEEKS, [account_id])
    graph.now -= timedelta(minutes=5)
    for name in names:
        after, known = graph.rows(name), before[name]
        read = ("observed_at", "urls_read_at")
        different = [c for c in known.columns if c not in read and not known[c].equals(after[c])]
        assert different == [], name


def created_after(rows: pl.DataFrame, zone: str) -> pl.DataFrame:
    local = pl.col("created_time").dt.convert_time_zone(zone).dt.date()
    return rows.filter(local > pl.col("week") + pl.duration(days=6))


def test_entities_are_absent_before_they_were_made_and_present_after_they_were_deleted(graph):
    grown = False
    for account in graph.sandbox.world.accounts:
        made = graph.sandbox.world.account(account.id)
        today = made.today(NOW)
        for name in ENTITIES:
            assert created_after(graph.rows(name, account.id), account.market.zone).is_empty(), name
        first, last = (set(graph.rows("ads", account.id, w)["ad_id"]) for w in (ALL_WEEKS[0], ALL_WEEKS[-1]))
        expected = {ad.id for ad in made.ads if ad.start - 1 <= today}
        assert last == expected
        assert first <= last
        grown |= first < last
    assert grown, "no account got a new ad: the test shows nothing"
    gone = graph.rows("ads", week=ALL_WEEKS[-1]).filter(pl.col("effective_status").is_in(["DELETED", "ARCHIVED"]))
    assert gone.height


def test_sync_log_tells_of_every_partition_of_every_step(graph):
    log = graph.rows("sync_log")
    assert log["status"].unique().to_list() == ["ok"]
    steps = {a.key.path[-1] for a in (*RAW_ASSETS, *DERIVED_ASSETS)}
    assert set(log["step"]) == steps
    asked = log.filter(pl.col("step") == "insights_daily")
    assert (asked["requests"] > 0).all()
    assert log.select("account_id", "week").unique().height == len(graph.accounts) * len(ALL_WEEKS)


def test_nothing_is_quarantined_and_every_check_is_green(graph):
    assert graph.rows("quarantine").is_empty()
    assert graph.rows("check_results")["passed"].all()


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pipeline, dict[str, pl.DataFrame]]]:
    """One account: the early weeks, what they said of one week, then later weeks and that week alone again."""
    world = World(accounts=1, ads_per_account=(6, 8))
    with pipeline(tmp_path_factory.mktemp("growing"), world, NOW) as made:
        (account_id,) = made.accounts
        made.refresh(EARLY, upto=BY_WEEK.values())
        first = [features_ad, burnout_weeks]
        made.run(first, account_id, [JUDGED])
        made.run([a for a in BY_WEEK.values() if a not in first], account_id, [JUDGED])
        known = {n: made.rows(n, account_id, JUDGED) for n in BY_WEEK}
        made.refresh(LATER, upto=BY_WEEK.values())
        yield made, known


@pytest.mark.parametrize("name", BY_WEEK)
def test_later_weeks_never_change_what_a_week_alone_says(growing, name):
    made, known = growing
    made.run([BY_WEEK[name]], made.accounts[0], [JUDGED])
    assert known["features_ad"].height
    assert made.rows(name, made.accounts[0], JUDGED).equals(known[name])
