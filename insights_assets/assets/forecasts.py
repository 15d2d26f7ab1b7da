"""Forecasts of accounts, campaigns, ad sets and ads from each week's close: one factory for four assets."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import dagster as dg
import polars as pl

from insights_assets.analytics.completeness_factors import Factors, pooled_factors
from insights_assets.analytics.entity_forecasts import HELPERS, level_forecasts
from insights_assets.analytics.forecast_facts import facts_of
from insights_assets.analytics.forecast_history import DAILY_WEEKS, WEEKLY_WEEKS
from insights_assets.analytics.forecast_origins import RECENT_WEEKS, known_origins, recent_weeks, undone
from insights_assets.assets.declare import key_of, table_asset
from insights_assets.lake.store import Lake, Partition
from insights_assets.partitions import DAYS, lookback, split_key
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.completeness import COMPLETENESS
from insights_assets.tables.forecasts import FORECASTS
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.model import Table
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.restatements import RESTATEMENTS
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

ACCOUNT_WEEKS = 64
"""Account-weeks read at once."""
ENTITY_WEEKS = 8192
"""Entities x origins forecast at once: 13 weeks of days of each are some hundred megabytes."""
# Forecasts know nothing later than the first sync after their week's close (docs/adr/0018), usually on its Monday:
# those made two days after it stay as they are, however often Meta restates the week.
FINAL_AFTER_DAYS = DAYS + 2
FACTS = ["account_id", "week", "level", "entity_id", "result_family", "results", "spend", "is_primary"]
PARTITION = ["account_id", "week"]


def _asset(level: str) -> dg.AssetsDefinition:
    """Make the asset of one level."""

    @table_asset(
        FORECASTS[level],
        "7 days and 4 weeks ahead of spend, results and cost per result (from both jointly), with 80 and 95 % "
        "intervals of past errors. Knows what the first sync after the week's close knew; young days are made up by "
        f"their completeness. Series lean on siblings and on the {HELPERS[level]} level of their account "
        "(docs/adr/0018).",
        kinds={"python", "polars", "numpy"},
        deps=[
            dg.AssetDep(key_of(RESULTS_DAILY), partition_mapping=lookback(DAILY_WEEKS - 1)),
            dg.AssetDep(key_of(RESULTS_WEEKLY), partition_mapping=lookback(WEEKLY_WEEKS - 1)),
            dg.AssetDep(key_of(INSIGHTS_DAILY), partition_mapping=lookback(RECENT_WEEKS - 1)),
            dg.AssetDep(key_of(RESTATEMENTS), partition_mapping=lookback(RECENT_WEEKS - 1)),
            dg.AssetDep(key_of(COMPLETENESS)),
        ],
        resources={"lake"},
        pooled=True,
        bulky=True,
        final_after_days=FINAL_AFTER_DAYS,
    )
    def forecasts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
        rows = forecasts_of(context.resources.lake, level, [split_key(k) for k in context.partition_keys])
        told = {
            "entities": rows.select("account_id", "entity_id").n_unique(),
            "origins": rows.select(PARTITION).n_unique(),
        }
        return dg.MaterializeResult(value=rows, metadata=told)

    return forecasts


def forecasts_of(lake: Lake, level: str, partitions: Sequence[Partition]) -> pl.DataFrame:
    """Compute the rows of `forecasts_<level>` of some partitions from the lake; writes nothing."""
    weeks = sorted({week for _, week in partitions})
    accounts = sorted({account_id for account_id, _ in partitions})
    # Completeness is pulled to the fleet's, which no partition mapping of one account can express.
    # Pulled once: to do so for each account again is quadratic in a fleet.
    completeness = pooled_factors(lake.read(COMPLETENESS, since=weeks[0], until=weeks[-1]))
    size = max(1, ACCOUNT_WEEKS // len(weeks))
    parts = [FORECASTS[level].empty()]
    for start in range(0, len(accounts), size):
        chosen = accounts[start : start + size]
        wanted = [p for p in partitions if p[0] in chosen]
        parts += _chunks(lake, level, chosen, wanted, completeness.of(chosen))
    return pl.concat(parts)


def _chunks(
    lake: Lake, level: str, accounts: Sequence[str], wanted: Sequence[Partition], completeness: Factors
) -> Iterator[pl.DataFrame]:
    """Read some accounts once, and forecast as many of their origins at a time as memory likes."""
    first, last = min(w for _, w in wanted), max(w for _, w in wanted)
    zones = dict(lake.rows(ACCOUNTS, ["account_id", "timezone_name"]).iter_rows())
    reads = lake.rows(
        SYNC_LOG,
        [*PARTITION, "finished_at"],
        pl.col("step") == INSIGHTS_DAILY.name,
        pl.col("status") == "ok",
        accounts=accounts,
        until=last,
    )
    stored = [t for t in {level, HELPERS[level]} if t != "account"]
    at_levels = pl.col("level").is_in(stored)

    def read(table: Table, columns: list[str], weeks: int, *where: pl.Expr) -> pl.DataFrame:
        return lake.rows(table, columns, *where, accounts=accounts, since=_before(first, weeks), until=last)

    daily = read(RESULTS_DAILY, [*FACTS, "date"], DAILY_WEEKS, at_levels)
    weekly = read(RESULTS_WEEKLY, [*FACTS, "parent_id", "is_settled"], WEEKLY_WEEKS, at_levels)
    settled = weekly.filter("is_settled").select(PARTITION).unique()
    origins = known_origins(
        pl.DataFrame(list(wanted), schema={"account_id": pl.String, "week": pl.Date}, orient="row"),
        reads,
        settled,
        zones,
    )
    recent = recent_weeks(origins, reads, zones)
    parents = read(INSIGHTS_DAILY, ["account_id", "ad_id", "adset_id", "campaign_id"], RECENT_WEEKS)
    changes = undone(read(RESTATEMENTS, list(RESTATEMENTS.schema), RECENT_WEEKS), recent).join(
        parents.unique(["account_id", "ad_id"], keep="any"), on=["account_id", "ad_id"], how="inner"
    )
    read_weeks = pl.concat([reads.select(PARTITION), weekly.select(PARTITION)]).unique()
    facts = facts_of((level, HELPERS[level]), daily, weekly.drop("is_settled"), changes, read_weeks)
    entities = facts.daily.select("account_id", "level", "entity_id").n_unique()
    mondays = origins["origin"].unique().sort().to_list()
    step = max(1, ENTITY_WEEKS // max(1, entities))
    for start in range(0, len(mondays), step):
        some = origins.filter(pl.col("origin").is_in(mondays[start : start + step]))
        yield level_forecasts(level, facts, some, recent, completeness)


def _before(week: date, weeks: int) -> date:
    """The first of so many weeks that end with this one."""
    return week - timedelta(weeks=weeks - 1)


forecasts_account = _asset("account")
forecasts_campaign = _asset("campaign")
forecasts_adset = _asset("adset")
forecasts_ad = _asset("ad")
FORECAST_ASSETS = (forecasts_account, forecasts_campaign, forecasts_adset, forecasts_ad)
