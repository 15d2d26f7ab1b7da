"""A look at the lake: which accounts are worth one, what is read for it, and what that shows.

A write of any table is followed by its row in `sync_log` or its verdict in `check_results`, so these two tell which
accounts have something new; of those, only the newest weeks are read, through the public views.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import polars as pl
from deltalake import DeltaTable

from insights_assets import registry
from insights_assets.alert_settings import AlertSettings
from insights_assets.automation.alerts import findings_look, operation_look
from insights_assets.automation.alerts.life_cycle import Observation
from insights_assets.lake import sync_log
from insights_assets.lake.catalog import open_catalog, select
from insights_assets.lake.changes import changed_accounts, ended_since, file_statistics, read_files
from insights_assets.lake.store import Lake
from insights_assets.partitions import monday, today_in
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.model import Table
from insights_assets.tables.operations import CHECK_RESULTS, SCHEMA_CHECK, SYNC_LOG

RECENT_WEEKS = 6  # an account that was not judged for longer keeps the alerts it has
_VIEWS = (
    *("accounts", "campaigns", "adsets", "ads", "anomalies", "burnout_predictions", "insights_weekly"),
    *("results_weekly", "check_results"),
)
Versions = dict[str, int]

# The newest name of an entity; ids are unique within a level.
_NAMES = """
SELECT account_id, 'campaign' AS level, campaign_id AS entity_id, arg_max(name, week) AS name
FROM campaigns WHERE week >= $since GROUP BY ALL
UNION ALL
SELECT account_id, 'adset', adset_id, arg_max(name, week) FROM adsets WHERE week >= $since GROUP BY ALL
UNION ALL
SELECT account_id, 'ad', ad_id, arg_max(name, week) FROM ads WHERE week >= $since GROUP BY ALL
"""
_JUDGED = """
SELECT account_id, table_name, week FROM check_results WHERE passed AND check_name = $check AND week >= $since
"""
_ANOMALIES = """
SELECT account_id, week, level, entity_id, finding_id, anomaly_type, metric, direction, result_family, current_value,
    baseline_value, delta_pct, anomaly_score, confidence, severity, likely_triggers, currency
FROM anomalies WHERE status = 'new' AND week >= $since
"""
_BURNOUT = """
SELECT account_id, week, ad_id, horizon_weeks, risk_score, risk_level, predicted_cpr_change_pct, top_drivers,
    model_version
FROM burnout_predictions WHERE risk_level = 'critical' AND week >= $since
"""
_PURCHASES = """
SELECT account_id, week, entity_id, results, result_value, spend, is_settled, currency
FROM results_weekly
WHERE level = 'campaign' AND result_family = 'purchase' AND is_primary AND week >= $since
"""
_FREQUENCY = """
SELECT account_id, week, level, entity_id, frequency, impressions, reach
FROM insights_weekly WHERE level = 'adset' AND frequency >= $frequency AND week >= $since
"""
_BUDGETS = """
WITH snapshots AS (
    SELECT account_id, 'campaign' AS level, campaign_id AS entity_id, week, name, effective_status, lifetime_budget,
        currency
    FROM campaigns WHERE week >= $since
    UNION ALL
    SELECT account_id, 'adset', adset_id, week, name, effective_status, lifetime_budget, currency
    FROM adsets WHERE week >= $since
),
newest AS (
    SELECT * FROM snapshots
    QUALIFY row_number() OVER (PARTITION BY account_id, level, entity_id ORDER BY week DESC) = 1
)
SELECT * EXCLUDE (effective_status) FROM newest WHERE effective_status = 'ACTIVE' AND lifetime_budget > 0
"""
_SPENT = """
SELECT account_id, level, entity_id, sum(spend) AS spend, min(week) AS first_week
FROM insights_weekly WHERE level IN ('campaign', 'adset') AND list_contains($entities, entity_id) GROUP BY ALL
"""


@dataclass(frozen=True)
class Records:
    """What the system records about itself, as it stands now: opened once a tick, for its log of files is long."""

    lake: Lake
    log: DeltaTable | None
    verdicts: DeltaTable | None

    @classmethod
    def open(cls, lake: Lake) -> "Records":
        """The newest state of both tables."""
        return cls(lake, lake.delta(SYNC_LOG), lake.delta(CHECK_RESULTS))

    def versions(self) -> Versions:
        """The versions of the tables."""
        return {t.name: s.version() for t, s in self._tables()}

    def changed(self, since: Versions) -> set[str]:
        """Accounts with something new since these versions."""
        return {a for t, s in self._tables() for a in changed_accounts(self.lake, t, s, since.get(t.name))}

    def logged(self, since: datetime) -> pl.DataFrame:
        """Files of the log that may hold rows of this instant and later, with their statistics."""
        return ended_since(file_statistics(self.log), "finished_at", since)

    def _tables(self) -> list[tuple[Table, DeltaTable]]:
        both = ((SYNC_LOG, self.log), (CHECK_RESULTS, self.verdicts))
        return [(table, snapshot) for table, snapshot in both if snapshot is not None]


def look(records: Records, settings: AlertSettings, accounts: Collection[str], now: datetime) -> Observation:
    """Look at some accounts of the registry.

    Args:
        records: the records.
        settings: thresholds.
        accounts: which; those that are not registered or switched off have no causes.
        now: the instant (UTC).
    """
    lake = records.lake
    zones = dict(registry.select(lake.read(ACCOUNTS), None).select("account_id", "timezone_name").iter_rows())
    chosen = sorted(set(accounts) & set(zones))
    if not chosen:
        return Observation()
    running = {account: monday(today_in(zones[account], now)) for account in chosen}
    with open_catalog(lake, views=_VIEWS, accounts=chosen) as connection:
        seen = _results(connection, settings, running, now)
        failed = select(connection, "FROM check_results WHERE NOT passed")
    seen += operation_look.checks(failed, chosen)
    log = sync_log.recent(lake, records.logged(now - operation_look.SLOW_WINDOW), chosen)
    return seen + operation_look.failed_syncs(log, settings, now) + operation_look.slow_syncs(log, settings, now)


def look_at_all(records: Records, settings: AlertSettings, now: datetime) -> Observation:
    """Look at what concerns all accounts together: blocks and errors, mostly from the statistics of the log's files."""
    blocked, accounts = _blocked(records.lake, records.logged(now - operation_look.STORM_WINDOW), now)
    failed, ended = _failed(records.lake, records.logged(now - operation_look.ERROR_WINDOW), now)
    own = settings.thresholds
    return operation_look.rate_limits(blocked, accounts, own) + operation_look.errors(failed, ended, own)


def _results(
    connection: duckdb.DuckDBPyConnection, settings: AlertSettings, running: dict[str, date], now: datetime
) -> Observation:
    since = monday(now.date()) - timedelta(weeks=RECENT_WEEKS)
    recent = {"since": since}
    judged = _newest(select(connection, _JUDGED, {**recent, "check": SCHEMA_CHECK}), running)
    names: pl.DataFrame | None = None

    def named(rows: pl.DataFrame, *, level: str | None = None, by: str = "entity_id") -> pl.DataFrame:
        nonlocal names
        if rows.is_empty():
            return rows.with_columns(name=pl.lit(None, pl.String))
        names = select(connection, _NAMES, recent) if names is None else names
        own = names if level is None else names.filter(level=level).drop("level")
        on = ["account_id", "entity_id"] if level else ["account_id", "level", "entity_id"]
        return rows.join(own, left_on=[by if c == "entity_id" else c for c in on], right_on=on, how="left")

    lowest = min(t.frequency for t in (settings.thresholds, *settings.accounts.values()))
    first = since - timedelta(weeks=max(t.roas_weeks for t in (settings.thresholds, *settings.accounts.values())))
    budgets = select(connection, _BUDGETS, recent)
    entities = {"entities": budgets["entity_id"].unique().to_list()}
    spent = select(connection, _SPENT, entities) if budgets.height else budgets.clear()
    parts = [
        findings_look.findings(named(select(connection, _ANOMALIES, recent)), judged, settings),
        findings_look.burnout(named(select(connection, _BURNOUT, recent), level="ad", by="ad_id"), judged),
        findings_look.roas(select(connection, _PURCHASES, {"since": first}), judged, settings),
        findings_look.frequency(
            named(select(connection, _FREQUENCY, {**recent, "frequency": lowest})), judged, settings
        ),
        findings_look.budgets(budgets, spent, judged, settings),
    ]
    return sum(parts, start=Observation())


def _newest(judged: pl.DataFrame, running: dict[str, date]) -> pl.DataFrame:
    """The newest complete week by account and table."""
    weeks = pl.DataFrame(
        {"account_id": list(running), "running": list(running.values())},
        schema={"account_id": pl.String, "running": pl.Date},
    )
    complete = judged.join(weeks, on="account_id").filter(pl.col("week") < pl.col("running"))
    return complete.group_by("account_id", "table_name").agg(pl.col("week").max())


def _blocked(lake: Lake, files: pl.DataFrame, now: datetime) -> tuple[int, list[str]]:
    """Blocked steps (account, step, run) of the last hour, and their accounts."""
    if files.is_empty():
        return 0, []
    since = now - operation_look.STORM_WINDOW
    some = files.filter(pl.col("null_count.retry_after") < pl.col("num_records"))
    # A file of one run of one step, as a write leaves it, tells enough by itself.
    whole = (
        (pl.col("min.step") == pl.col("max.step"))
        & (pl.col("min.run_id") == pl.col("max.run_id"))
        & (pl.col("min.finished_at") >= since)
    )
    rows = read_files(lake, SYNC_LOG, some.filter(~whole)).filter(
        pl.col("retry_after").is_not_null(), pl.col("finished_at") >= since
    )
    told = some.filter(whole).select(account_id="partition.account_id", step="min.step", run_id="min.run_id")
    steps = pl.concat([told.cast(pl.String), rows.select("account_id", "step", "run_id")]).unique()
    return steps.height, steps["account_id"].unique().sort().to_list()


def _failed(lake: Lake, files: pl.DataFrame, now: datetime) -> tuple[int, int]:
    """Failed and ended steps (account, week) of the last day; a row has an error type when it failed."""
    if files.is_empty():
        return 0, 0
    since = now - operation_look.ERROR_WINDOW
    whole = pl.col("min.finished_at") >= since
    inside = files.filter(whole)
    rows = read_files(lake, SYNC_LOG, files.filter(~whole)).filter(pl.col("finished_at") >= since)
    ended = int(inside["num_records"].sum()) + rows.height
    fine = int(inside["null_count.error_type"].sum()) + rows["error_type"].null_count()
    return ended - fine, ended
