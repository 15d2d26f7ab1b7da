"""Findings at three levels, by week and by day, one asset each, made by one factory."""

from datetime import timedelta

import dagster as dg
import polars as pl

from insights_assets.analytics.budget_depletion import depleted_budgets, depletions
from insights_assets.analytics.composition import parts_of
from insights_assets.analytics.daily_anomalies import daily_anomalies
from insights_assets.analytics.daily_expectations import HISTORY_DAYS, SEASON_WEEKS
from insights_assets.analytics.delivery_stops import delivery_stops
from insights_assets.analytics.findings import carry_status
from insights_assets.analytics.maturity import day_completeness, entity_budgets, week_completeness
from insights_assets.analytics.restatements import local_dates
from insights_assets.analytics.rolling_days import entity_days
from insights_assets.analytics.weekly_anomalies import FEATURE_COLUMNS, weekly_anomalies
from insights_assets.assets.declare import key_of, table_asset, upstream
from insights_assets.lake.store import Lake
from insights_assets.partitions import lookback, split_keys
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.anomalies import ANOMALIES
from insights_assets.tables.completeness import COMPLETENESS, SETTLED_AGE
from insights_assets.tables.entities import ADS, ADSETS, CAMPAIGNS
from insights_assets.tables.features import FEATURES
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.results import RESULTS_DAILY

HISTORY_WEEKS = 12
# The week before is judged too, for episodes; its 28 days lie in four weeks, the weekdays of each in six before it.
DAYS_PAST = lookback(1 + HISTORY_DAYS // 7 + SEASON_WEEKS)
DAILY_COLUMNS = (
    *("campaign_id", "adset_id", "spend", "impressions", "clicks", "inline_link_clicks", "frequency"),
    *("is_settled", "observed_at"),
)
BUDGET_COLUMNS = ("effective_status", "daily_budget", "lifetime_budget", "observed_at")
STATUSES = {"campaign": CAMPAIGNS, "adset": ADSETS, "ad": ADS}
HOW = (
    "Noise-aware: each week is tested against the level of the 12 before it, each day against its 28, with "
    "false-discovery control for each account and week or day (docs/adr/0008). What people said of a finding stays."
)


def _anomalies(level: str) -> dg.AssetsDefinition:
    table = ANOMALIES[level]
    ins = {
        "features": upstream(FEATURES[level], mapping=lookback(HISTORY_WEEKS), columns=FEATURE_COLUMNS),
        "daily": upstream(INSIGHTS_DAILY, mapping=DAYS_PAST, columns=DAILY_COLUMNS),
        "results_daily": upstream(RESULTS_DAILY, mapping=DAYS_PAST, columns=("results", "result_value")),
        "adsets": upstream(
            ADSETS,
            mapping=lookback(HISTORY_WEEKS),
            columns=("campaign_id", *BUDGET_COLUMNS),
        ),
        "campaigns": upstream(CAMPAIGNS, mapping=lookback(HISTORY_WEEKS), columns=BUDGET_COLUMNS),
    }
    if level == "ad":
        ins["ads"] = upstream(ADS, columns=("effective_status", "observed_at"))

    def compute(context: dg.AssetExecutionContext, **inputs: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
        accounts, weeks = split_keys(context.partition_keys)
        lake: Lake = context.resources.lake
        zones = dict(lake.read(ACCOUNTS).select("account_id", "timezone_name").iter_rows())
        # The fleet speaks for accounts without evidence of their own, so every account's is read.
        evidence = lake.read(COMPLETENESS, since=weeks[0] - timedelta(weeks=HISTORY_WEEKS), until=weeks[-1])
        of_level = inputs["results_daily"].filter(pl.col("level") == level)
        features = inputs["features"]
        budgets = entity_budgets(level, features, inputs["adsets"], inputs["campaigns"])
        seen = local_dates(inputs["daily"], "observed_at", zones, "observed_on")
        days = day_completeness(_days(seen, level), features, evidence)
        features = week_completeness(features, days)
        parts = parts_of(inputs["daily"], inputs["results_daily"], level)
        statuses = inputs[f"{level}s"].rename({f"{level}_id": "entity_id"})
        spent_up = {owner: depletions(inputs["daily"], owner, inputs[f"{owner}s"]) for owner in ("campaign", "adset")}
        ended = _ended(inputs["daily"], level, spent_up)
        found = pl.concat(
            [
                weekly_anomalies(features.filter(pl.col("week").is_in(weeks)), features, budgets, parts),
                daily_anomalies(days, of_level, features, weeks, level=level, budgets=budgets, made_of=parts),
                delivery_stops(days, statuses, features, weeks, level, ended),
                depleted_budgets(spent_up.get(level, spent_up["adset"].clear()), features, weeks, level),
            ]
        )
        previous = lake.read(table, accounts=accounts, since=weeks[0], until=weeks[-1])
        return dg.MaterializeResult(value=carry_status(found, previous.filter(pl.col("week").is_in(weeks))))

    return table_asset(
        table,
        HOW,
        kinds={"python", "polars", "scipy"},
        ins=ins,
        deps=[dg.AssetDep(key_of(COMPLETENESS), partition_mapping=lookback(HISTORY_WEEKS))],
        resources={"lake"},
        pooled=True,  # completeness is pulled to the fleet's
    )(compute)


def _ended(daily: pl.DataFrame, level: str, spent_up: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Entities of the level in a campaign or ad set whose lifetime budget was spent, and when."""
    parts = []
    for owner, found in spent_up.items():
        inside = daily.select(
            "account_id", pl.col(f"{owner}_id").alias("owner"), pl.col(f"{level}_id").alias("entity_id")
        )
        parts.append(
            inside.unique()
            .join(found.rename({"entity_id": "owner"}), on=["account_id", "owner"])
            .select("account_id", "entity_id", ended_on="date")
        )
    return pl.concat(parts).unique()


def _days(daily: pl.DataFrame, level: str) -> pl.DataFrame:
    """Days of the level's entities, with the age at which they were read and, of ads, the frequency served."""
    days = entity_days(daily, level)
    keys = ["account_id", pl.col(f"{level}_id").alias("entity_id"), "date"]
    told = daily.group_by(keys).agg(
        pl.col("is_settled").all(),
        (pl.col("observed_on") - pl.col("date")).dt.total_days().min().clip(1, SETTLED_AGE).alias("age_days"),
        # Of one ad it is what was served; of several it does not add.
        (pl.col("frequency").first() if level == "ad" else pl.lit(None, dtype=pl.Float64).first()).alias("frequency"),
    )
    return days.join(told, on=["account_id", "entity_id", "date"], how="left", maintain_order="left")


anomalies_campaign, anomalies_adset, anomalies_ad = (_anomalies(level) for level in ("campaign", "adset", "ad"))
