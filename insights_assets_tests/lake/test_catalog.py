"""The catalog: every view on an empty and on a small lake, its documented contract, and what a query may not do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from insights_assets.lake.catalog import QueryError, open_catalog, query, select, view_documentation, view_names
from insights_assets.lake.store import Lake
from insights_assets.tables.model import Table
from insights_assets.tables.registry import TABLES

ACCOUNT, OTHER = "act_100000000000000001", "act_2"
WEEK, NEXT = date(2026, 1, 5), date(2026, 1, 12)
NOW = datetime(2026, 1, 20, 12, 30, tzinfo=UTC)
AD = "023850000000000000017"  # longer than 64 bits hold, with a leading zero
NAME = 'Bäckerei "O\'Brien" 🥐; DROP VIEW accounts; --'

ENTITY = "account_id week name status effective_status daily_budget observed_at"
CONTRACT = {
    "accounts": "account_id name business_id currency timezone_name status",
    "campaigns": f"{ENTITY} campaign_id objective",
    "adsets": f"{ENTITY} adset_id campaign_id optimization_goal",
    "ads": f"{ENTITY} ad_id adset_id campaign_id optimization_goal",
    "creatives": "account_id week creative_id ad_id creative_type origin shown_from cards urls_expire_at",
    "creative_performance": (
        "account_id week date creative_id creative_type status spend impressions clicks results revenue hook_rate "
        "video_p25_rate video_p50_rate video_p100_rate"
    ),
    "creative_aggregates": "account_id week creative_type status spend impressions roas hook_rate avg_ctr creatives",
    "creative_aggregates_daily": "account_id week date creative_type status spend impressions clicks orders revenue",
    "insights_daily": (
        "account_id week date campaign_id adset_id ad_id spend impressions reach clicks inline_link_clicks frequency "
        "is_settled"
    ),
    "insights_weekly": (
        "account_id week level entity_id spend impressions reach frequency clicks inline_link_clicks ctr cpm cpc "
        "quality_ranking quality_score engagement_ranking engagement_score conversion_ranking conversion_score "
        "is_complete is_settled"
    ),
    "offline_conversions": "account_id week date level entity_id campaign_id event conversions revenue currency",
    "results_daily": ("account_id week date level entity_id result_family results result_value spend cpr is_primary"),
    "results_weekly": "account_id week level entity_id result_family results result_value spend cpr is_primary",
    "features": "account_id week level entity_id parent_id cpr_baseline cpr_delta_pct frequency_slope_pct",
    "anomalies": (
        "account_id week level entity_id anomaly_type metric direction current_value baseline_value delta_pct "
        "anomaly_score confidence severity likely_triggers preceding_deviations status"
    ),
    "anomaly_patterns": "account_id week level kind subject detail lead_weeks value baseline cases base q_value",
    "backtest_anomalies": "as_of method factor planted found found_share alerts_share",
    "tracking_health": "account_id week result_family results expected_results issues score status",
    "burnout_predictions": (
        "account_id week ad_id horizon_weeks risk_score risk_level predicted_cpr_change_pct lo_80 hi_80 top_drivers "
        "confidence model_version"
    ),
    "forecasts": "account_id week level entity_id metric ds mean lo_80 hi_80 lo_95 hi_95 model grain horizon currency",
    "prediction_scores": (
        "account_id week kind entity_id horizon predicted actual error in_interval level metric ds naive_error "
        "scaled_error"
    ),
    "prediction_accuracy": (
        "account_id week kind level metric grain horizon mae mase bias coverage_80 coverage_95 ratio_to_naive"
    ),
    "backtest_forecasts": "run_at account_id week model level metric grain horizon mase ratio_to_naive coverage_95",
    "classifications": "account_id week level entity_id tier confidence previous_tier direction source",
    "classification_feedback": "account_id week level entity_id tier until note created_at removed_at",
    "recommendations": (
        "account_id week level entity_id recommendation_type priority confidence action evidence expires_at"
    ),
    "recommendation_outcomes": (
        "account_id week level entity_id recommendation_type advice_week horizon_weeks followed cpr_change_pct "
        "siblings_cpr_change_pct"
    ),
    "burnout_weeks": "account_id week ad_id result_family creative_id spend results results_seen",
    "ad_lifecycle": "account_id week ad_id status cost_ratio recovery_probability survival median_weeks_left",
    "burnout_models": "model_version fitted_week first_pair_week last_pair_week training_pairs inputs",
    "backtest_burnout": "model horizon_weeks pairs auc average_precision brier calibration_error warned_share",
    "check_results": "table_name check_name account_id week passed severity failing_rows observed_at",
    "sync_log": (
        "account_id week step status error_type error_code error_subcode attempts duration_s rows retry_after"
    ),
    "sync_metrics": (
        "account_id day syncs sync_duration_median_s sync_duration_max_s error_share rate_limit_hits_per_hour coverage "
        "rows_per_second api_calls"
    ),
    "completeness": "account_id week metric age_days seen final ratio restated_share days evidence fleet_ratio factor",
    "refresh_plan": "account_id week lookback_days",
    "restatements": "account_id week ad_id date metric old_value new_value age_days observed_at",
    "quarantine": "account_id week table_name reason row observed_at",
    "creative_fatigue": "account_id week creative_id fatigue link_ctr_change_pct link_ctr_q cpr_change_pct cpr_q",
    "creative_lifecycle": "account_id week creative_id result_family status cost_ratio survival median_weeks_left",
    "top_creatives": "account_id week metric rank creative_id value spend spend_share_pct",
    "response_curves": "account_id week level entity_id verdict reason elasticity marginal_cpr average_cpr",
    "goal_drift": "account_id week kind subject goal previous_goal spend_share_pct share_before_pct trend cpr",
    "yearly_audit": "account_id week result_family spend top_ads_results_pct ads_for_80_pct best_weeks worst_weeks",
    "spend_waste": "account_id week ad_id kind spend wasted_28d wasted_least_28d q_value",
    "revenue_daily": "account_id week date level entity_id spend purchases revenue revenue_7d_click offline_revenue",
    "roas": (
        "account_id week level entity_id currency spend revenue roas roas_1d_click roas_7d_click roas_28d_click "
        "roas_1d_view roas_with_offline offline_revenue cost_per_purchase"
    ),
    "roas_blended": "week currency accounts spend revenue roas roas_with_offline",
    "cost_per_action": "account_id week level entity_id action_type actions spend cost",
    "deletions": "deletion_id account_id first_week last_week deleted_by requested_at finished_at tables lifted_at",
    "alerts": "alert_id account_id kind severity subject opened_at status resolved_at",
    "alert_outbox": "message_id account_id sink created_at failed_attempts next_attempt_at delivered_at last_error",
}
# Rows of views over several tables.
THREE_LEVELS = ("insights_weekly", "features", "anomalies", "classifications", "recommendations")
UNITED = {**dict.fromkeys(THREE_LEVELS, 6), "forecasts": 8, "roas": 8, "top_creatives": 12, "cost_per_action": 8}
FLEET = {"roas_blended", "backtest_anomalies", "backtest_burnout", "burnout_models"}  # of all accounts together, pooled
FIRST_WORDS = {
    "anomaly_type": "cpr_spike",
    "metric": "cpr",
    "direction": "up",
    "result_family": "purchase",
    "severity": "high",
    "risk_level": "high",
    "creative_type": "video",
    "origin": "story_spec",
    "fatigue": "fresh",
    "verdict": "room",
    "trend": "steady",
    "source": "added",
    "currency": "EUR",
    "timezone_name": "Asia/Tokyo",
    "finding_id": "0123456789abcdef",
    "error_type": "network",
    "granularity": "week",
    "method": "findings",
    "factor": 1.5,
    "ad_id": AD,
    "grain": "week",
    "tier": "LOW",
    "rule_tier": "LOW",
    "previous_tier": "LOW",
    "reference": "peers",
    "recommendation_id": "0123456789abcdef",
    "recommendation_type": "PAUSE",
    "priority_level": "high",
}

STATUS = {
    "sync_log": "ok",
    "tracking_health": "healthy",
    "alerts": "open",
    "ad_lifecycle": "degraded",
    "creative_lifecycle": "degraded",
}
KIND = {"goal_drift": "mix", "spend_waste": "zero_results", "anomaly_patterns": "month"}


def value(name: str, dtype: Any) -> Any:
    """Some valid value of a column's type."""
    if isinstance(dtype, pl.List):
        return [value(name, dtype.inner)]
    if isinstance(dtype, pl.Struct):
        return {f.name: value(f.name, f.dtype) for f in dtype.fields}
    plain = {pl.String: "text", pl.Date: WEEK, pl.Int64: 1, pl.Float64: 0.5, pl.Boolean: True, pl.Datetime: NOW}
    return next(v for t, v in plain.items() if dtype == t)


def row(table: Table, **given: Any) -> dict[str, Any]:
    """A row that the table accepts, `given` values in it."""
    level = table.name.rsplit("_", 1)[-1]
    words = {
        **({"model": "fitted", "mean_lead_weeks": 1.5} if table.name == "backtest_burnout" else {}),
        "status": STATUS.get(table.name, "new" if table.layer == "findings" else "ACTIVE"),
        "kind": KIND.get(table.name, "forecast"),
        "level": level if level in ("campaign", "adset") else "ad",
        "entity_id": AD if level not in ("campaign", "adset") else f"{level}-1",
        "account_id": ACCOUNT,
    }
    made = {name: value(name, dtype) for name, dtype in table.schema.items()}
    made |= {k: v for k, v in {**FIRST_WORDS, **words}.items() if k in made}
    if table.name == "check_results":
        made["severity"] = "ERROR"
    if table.name in ("restatements", "completeness"):
        made["metric"] = "spend"
    if table.name == "completeness":
        made["lookback_days"] = 28
    if table.name == "alerts":
        made["kind"] = "ctr_drop"
    whose = given.get("account_id", ACCOUNT).encode()
    made |= {
        k: sha256(whose).hexdigest()[:n]
        for k, n in (("alert_id", 16), ("deletion_id", 16), ("message_id", 32))
        if k in made
    }
    if table.name == "recommendation_outcomes":
        made["horizon_weeks"] = 2
    if table.name.startswith("classifications_"):
        made["source"] = "model"
    return made | given


def frame(table: Table, *rows: dict[str, Any]) -> pl.DataFrame:
    """The rows as a frame in which the table finds nothing wrong."""
    made = pl.DataFrame([row(table, **given) for given in rows], schema=table.schema)
    assert table.split(made).bad.rows() == []
    return made


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(str(tmp_path_factory.mktemp("lake") / "nothing yet"))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two accounts with one row in each table, under a path that needs quoting."""
    made = Lake(str(tmp_path_factory.mktemp("läke o'f") / "lake"))
    for table in TABLES.values():
        accounts = [{}] if table.name in FLEET else [{"account_id": ACCOUNT}, {"account_id": OTHER}]
        rows = frame(table, *accounts)
        if not table.partitioned:
            made.overwrite(table, rows.with_columns(pl.lit(NAME).alias(c) for c in rows.columns if c == "name"))
        elif table.layer == "ops":
            made.append(table, rows)
        else:
            made.replace(table, rows, [(ACCOUNT, WEEK), (OTHER, WEEK)])
    return made


@pytest.fixture(scope="module")
def opened(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """The small lake's catalog, opened once: a test that only asks needs no snapshot of its own."""
    with open_catalog(lake) as connection:
        yield connection


@pytest.fixture(scope="module")
def opened_empty(empty: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_catalog(empty) as connection:
        yield connection


def test_the_contracts_views_are_there() -> None:
    assert view_names() == sorted(CONTRACT)


@pytest.mark.parametrize("view", sorted(CONTRACT))
def test_a_view_has_the_documented_columns_and_those_of_the_contract(
    view: str, opened_empty: duckdb.DuckDBPyConnection, opened: duckdb.DuckDBPyConnection
) -> None:
    documentation = view_documentation(view)
    assert all(unit and meaning for _, unit, meaning in documentation)
    documented = [column for column, _, _ in documentation]
    nothing, rows = select(opened_empty, f"FROM {view}"), select(opened, f"FROM {view}")
    assert nothing.columns == documented
    assert rows.schema == nothing.schema
    assert set(CONTRACT[view].split()) <= set(documented)
    assert nothing.height == 0
    assert rows.height == UNITED.get(view, 1 if view in FLEET else 2)
    assert view in FLEET or set(rows["account_id"]) == {ACCOUNT, OTHER}
    assert not {"token_env", "token_path"} & set(documented)


@pytest.mark.parametrize("view", sorted(CONTRACT))
def test_a_documented_type_is_the_real_one(view: str, opened: duckdb.DuckDBPyConnection) -> None:
    described = select(opened, f"DESCRIBE {view}")
    real = dict(zip(described["column_name"], described["column_type"], strict=True))
    units = {"UTC instant": "TIMESTAMP WITH TIME ZONE", "percent": "DOUBLE", "account currency, major units": "DOUBLE"}
    for column, unit, _ in view_documentation(view):
        if unit.isupper() or unit.startswith("STRUCT") or unit in units:
            assert real[column].replace('"', "") == units.get(unit, unit)


def test_tables_and_their_empty_stand_ins_have_the_tables_own_types(
    opened_empty: duckdb.DuckDBPyConnection, opened: duckdb.DuckDBPyConnection
) -> None:
    for connection in (opened_empty, opened):
        for table in TABLES.values():
            assert select(connection, f"FROM lake.{table.name}").schema == table.schema, table.name


def test_a_table_that_was_created_and_never_filled_is_empty(tmp_path: Path) -> None:
    created = Lake(str(tmp_path / "lake"))
    created.ensure(TABLES.values())
    assert query(created, "SELECT count(*) AS n FROM anomalies")["n"].to_list() == [0]


def test_a_relative_root_and_a_linked_one_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for root in ("my lake", str(tmp_path / "link" / "lake")):
        made = Lake(root)
        table = TABLES["ads"]
        made.replace(table, frame(table, {}), [(ACCOUNT, WEEK)])
        assert query(made, "SELECT ad_id FROM ads").rows() == [(AD,)]


def test_ids_stay_strings(lake: Lake) -> None:
    rows = query(lake, "SELECT account_id, ad_id FROM ads ORDER BY account_id")
    assert rows.rows() == [(ACCOUNT, AD), (OTHER, AD)]
    assert query(lake, "SELECT entity_id FROM insights_weekly WHERE level = 'ad' LIMIT 1").item() == AD


def test_levels_are_united_by_name(opened: duckdb.DuckDBPyConnection) -> None:
    counted = select(
        opened, "SELECT level, count(*) AS n, sum(impressions) AS i FROM insights_weekly GROUP BY 1 ORDER BY 1"
    )
    assert counted.rows() == [("ad", 2, 2), ("adset", 2, 2), ("campaign", 2, 2)]
    assert counted.schema["i"] == pl.Int64


def test_foreign_text_is_only_text(opened: duckdb.DuckDBPyConnection) -> None:
    quoted = NAME.replace("'", "''")
    for statement in (f"SELECT name FROM accounts WHERE name = '{quoted}'", "SELECT name FROM accounts"):  # noqa: S608
        assert select(opened, statement)["name"].to_list() == [NAME, NAME]
    assert select(opened, "SELECT count(*) AS n FROM accounts WHERE name = ?", [NAME]).item() == 2
    assert select(opened, "SELECT count(*) AS n FROM accounts WHERE name = $name", {"name": NAME}).item() == 2


def test_money_has_its_currency_and_instants_are_utc(opened: duckdb.DuckDBPyConnection) -> None:
    assert select(opened, "SELECT DISTINCT currency FROM results_weekly").rows() == [("EUR",)]
    stored = select(opened, "SELECT observed_at, CAST(observed_at AS VARCHAR) AS text FROM ads LIMIT 1")
    assert stored.rows() == [(NOW, "2026-01-20 12:30:00+00")]


def test_an_account_outside_the_registry_keeps_its_rows(tmp_path: Path) -> None:
    made = Lake(str(tmp_path))
    table = TABLES["results_weekly"]
    made.replace(table, frame(table, {}), [(ACCOUNT, WEEK)])
    assert query(made, "SELECT account_id, currency FROM results_weekly").rows() == [(ACCOUNT, None)]


def test_a_replaced_partition_shows_only_the_new_rows(tmp_path: Path) -> None:
    made = Lake(str(tmp_path))
    table = TABLES["ads"]
    both = frame(table, {"name": "old"}, {"name": "kept", "week": NEXT}, {"name": "gone", "ad_id": "9"})
    made.replace(table, both, [(ACCOUNT, WEEK), (ACCOUNT, NEXT)])
    with open_catalog(made) as before:
        made.replace(table, frame(table, {"name": "new"}), [(ACCOUNT, WEEK)])
        assert set(select(before, "SELECT name FROM ads")["name"]) == {"old", "kept", "gone"}
    assert query(made, "SELECT name FROM ads ORDER BY week").rows() == [("new",), ("kept",)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM ads",
        "WITH a AS (SELECT 1 AS one) SELECT * FROM a;",
        "FROM ads SELECT ad_id",
        "-- a comment\nSELECT 1 AS one",
        "VALUES (1)",
        "DESCRIBE ads",
        "SUMMARIZE results_weekly",
        "SHOW TABLES",
        "EXPLAIN SELECT * FROM ads",
        "explain analyze SELECT * FROM ads",
        "EXPLAIN (FORMAT json) SELECT 1",
        "SELECT 1 AS a, 2 AS a",
    ],
)
def test_reading_statements_run(statement: str, opened: duckdb.DuckDBPyConnection) -> None:
    assert select(opened, statement).height > 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ads SELECT * FROM ads",
        "UPDATE ads SET name = 'x'",
        "DELETE FROM ads",
        "COPY (SELECT 1) TO '{root}/x.csv'",
        "COPY ads TO '{root}/x.parquet'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/x.csv'",
        "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{root}/x.csv'",
        "/* a /* b */ EXPLAIN SELECT 1 -- */ EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/x.csv'",
        "EXPLAIN (/*) SELECT 1 --*/ ANALYZE) COPY (SELECT 1) TO '{root}/x.csv'",
        "EXPORT DATABASE '{root}/x'",
        "ATTACH '{root}/x.db'",
        "DROP VIEW ads",
        "CREATE TABLE x AS SELECT 1",
        "CREATE OR REPLACE VIEW ads AS SELECT 1",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "CALL pragma_version()",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CHECKPOINT",
        "BEGIN",
        "",
        "-- nothing",
    ],
)
def test_statements_that_do_not_read_are_refused(statement: str, lake: Lake, opened: duckdb.DuckDBPyConnection) -> None:
    before = sorted(Path(lake.root).rglob("*"))
    quoted = statement.replace("{root}", lake.root.replace("'", "''"))
    with pytest.raises(QueryError, match=r"^(Only a statement that reads|Parser Error|One statement)") as refused:
        select(opened, quoted)
    assert "\n" not in str(refused.value)
    assert sorted(Path(lake.root).rglob("*")) == before


def test_two_statements_are_refused(lake: Lake) -> None:
    with pytest.raises(QueryError, match=r"^One statement at a time, please: there are 2\.$"):
        query(lake, "SELECT 1; SELECT 2")


@pytest.mark.parametrize(
    "source",
    [
        "read_text('/etc/passwd')",
        "read_blob('/etc/passwd')",
        "read_csv('/etc/passwd')",
        "sniff_csv('/etc/passwd')",
        "'/etc/passwd'",
        "glob('/etc/*')",
        "read_text('{root}/../secret.txt')",
        "read_text('{root}/../../../../../../../etc/passwd')",
        "read_parquet('{root}/../other.parquet')",
        "parquet_metadata('{root}/../other.parquet')",
        "glob('{root}/../*')",
        "query('DROP VIEW ads')",
    ],
)
def test_other_files_cannot_be_read(source: str, lake: Lake, opened: duckdb.DuckDBPyConnection) -> None:
    beside = Path(lake.root).parent
    (beside / "secret.txt").write_text("secret")
    pl.DataFrame({"secret": [1]}).write_parquet(beside / "other.parquet")
    with pytest.raises(QueryError) as refused:
        select(opened, f"SELECT * FROM {source.replace('{root}', lake.root.replace(chr(39), chr(39) * 2))}")  # noqa: S608
    assert "secret\n" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_callers_variables_cannot_be_read(opened: duckdb.DuckDBPyConnection) -> None:
    local = pl.DataFrame({"a": [1]})
    with pytest.raises(QueryError, match="no view named local"):
        select(opened, "SELECT * FROM local")
    assert local.height == 1


def test_an_unknown_table_names_the_views(lake: Lake) -> None:
    with pytest.raises(QueryError) as refused:
        query(lake, "SELECT * FROM insights_dayly")
    assert str(refused.value) == f"There is no view named insights_dayly; the views are {', '.join(view_names())}."


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("SELECT nope FROM ads", 'Binder Error: Referenced column "nope" not found in FROM clause.'),
        ("SELEC 1", 'Parser Error: syntax error at or near "SELEC".'),
        ("SELECT ?", "Invalid Input Error: Values were not provided for the following parameters: 1."),
        ("SELECT CAST('x' AS INTEGER)", "Conversion Error: Could not convert string 'x' to INT32."),
    ],
)
def test_a_mistake_is_one_sentence(statement: str, sentence: str, opened: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(QueryError) as refused:
        select(opened, statement)
    assert str(refused.value) == sentence


def test_an_unknown_view_has_no_documentation() -> None:
    with pytest.raises(KeyError):
        view_documentation("nope")
