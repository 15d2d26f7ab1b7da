"""Completeness: what the restatement ledger says about the numbers of young days."""

from datetime import timedelta

import dagster as dg
import polars as pl

from insights_assets.analytics import completeness as measure
from insights_assets.analytics.restatements import local_dates
from insights_assets.assets.declare import OWNERS, column_schema, key_of, table_asset, upstream
from insights_assets.lake.store import Lake
from insights_assets.partitions import SETTLED_AFTER_DAYS, account_weeks, lookback, split_key, split_keys
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets.tables.results import RESULTS_DAILY

# A quarter of evidence, and the five weeks until the first of its days were settled.
HISTORY_WEEKS = measure.EVIDENCE_WEEKS + SETTLED_AFTER_DAYS // 7

# Written by the write of insights_daily (docs/adr/0010), never by a run of its own: external to Dagster.
restatements = dg.AssetSpec(
    key_of(RESTATEMENTS),
    deps=[key_of(INSIGHTS_DAILY)],
    partitions_def=account_weeks,
    group_name=RESTATEMENTS.layer,
    kinds={"polars", "deltalake"},
    owners=OWNERS,
    description=f"{RESTATEMENTS.description}\n\nEach write of `insights_daily` adds what it overwrites, just before.",
    metadata={"dagster/column_schema": column_schema(RESTATEMENTS), "primary_key": list(RESTATEMENTS.key)},
)


@table_asset(
    COMPLETENESS,
    "Ratios of sums over the days that settled in the 13 weeks up to the week; the view `completeness` shrinks them to "
    "the fleet, `refresh_plan` has the learnt lookback.",
    kinds={"python", "polars"},
    ins={
        "daily": upstream(INSIGHTS_DAILY, mapping=lookback(HISTORY_WEEKS)),
        "results": upstream(RESULTS_DAILY, mapping=lookback(HISTORY_WEEKS)),
    },
    deps=[dg.AssetDep(key_of(RESTATEMENTS), partition_mapping=lookback(HISTORY_WEEKS))],
    resources={"lake"},
)
def completeness(
    context: dg.AssetExecutionContext, daily: pl.DataFrame, results: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    lake: Lake = context.resources.lake
    accounts, weeks = split_keys(context.partition_keys)
    since = weeks[0] - timedelta(weeks=HISTORY_WEEKS)
    moved, log = (lake.read(t, accounts=accounts, since=since, until=weeks[-1]) for t in (RESTATEMENTS, SYNC_LOG))
    zones = dict(lake.read(ACCOUNTS).select("account_id", "timezone_name").iter_rows())
    wanted = pl.DataFrame(
        [split_key(k) for k in context.partition_keys],
        schema={c: COMPLETENESS.schema[c] for c in ("account_id", "week")},
        orient="row",
    )
    values, read_on = measure.day_values(daily, results), observations(log, zones)
    # Account by account: a year of a fleet's days, each at 28 ages, would not fit a small machine.
    parts = [
        measure.completeness(
            measure.evidence(*(frame.filter(account_id=account_id) for frame in (values, moved, read_on))), wanted
        )
        for account_id in accounts
    ]
    return dg.MaterializeResult(value=pl.concat([COMPLETENESS.empty(), *parts]))


def observations(log: pl.DataFrame, zones: dict[str, str]) -> pl.DataFrame:
    """Days on which a partition of `insights_daily` was read and had rows: account_id, week, observed_on."""
    done = log.filter(pl.col("step") == INSIGHTS_DAILY.name, pl.col("status") == "ok", pl.col("rows") > 0)
    told = local_dates(done.select("account_id", "week", "finished_at"), "finished_at", zones, "observed_on")
    return told.select("account_id", "week", "observed_on").unique()
