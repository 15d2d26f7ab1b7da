"""Backtest of the forecasts: the model of today, walked forward over the lake's own history."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg
import polars as pl

from insights_assets.analytics.forecast_backtest import JUDGED, backtest_rows, figures, judge
from insights_assets.analytics.prediction_scores import score_forecasts
from insights_assets.assets.declare import OWNERS, column_schema, key_of
from insights_assets.assets.forecasts import forecasts_of
from insights_assets.assets.scores import closed_weeks, markdown, truths_of
from insights_assets.lake.store import Lake, Partition
from insights_assets.tables.backtest_forecasts import BACKTEST_FORECASTS
from insights_assets.tables.forecasts import FORECASTS, WEEKS_AHEAD
from insights_assets.tables.prediction_scores import PREDICTION_SCORES
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

CHECK_NAME = "no_worse"
KEPT_RUNS = 20


class BacktestConfig(dg.Config):
    """What a run covers.

    `weeks`: origins, the newest whose 4 weeks are over last. `accounts`: at most so many, drawn by a hash of their ids,
    so that each run takes the same ones. `only`: these accounts alone.
    """

    weeks: int = 12
    accounts: int = 40
    only: list[str] = []  # noqa: RUF012 - Dagster's config is a pydantic model


@dg.asset(
    key=key_of(BACKTEST_FORECASTS),
    group_name=BACKTEST_FORECASTS.layer,
    kinds={"python", "polars", "numpy", "deltalake"},
    owners=OWNERS,
    description=f"{BACKTEST_FORECASTS.description}\n\nForecasts from past origins as known then, scored beside the "
    "last value; nothing is written to the forecasts themselves. The newest 20 runs are kept.",
    metadata={
        "dagster/column_schema": column_schema(BACKTEST_FORECASTS),
        "primary_key": list(BACKTEST_FORECASTS.key),
    },
    io_manager_key="lake_io",
    deps=[key_of(RESULTS_DAILY), key_of(RESULTS_WEEKLY)],
    required_resource_keys={"lake", "clock"},
)
def backtest_forecasts(context: dg.AssetExecutionContext, config: BacktestConfig) -> dg.MaterializeResult[pl.DataFrame]:
    lake: Lake = context.resources.lake
    now: datetime = context.resources.clock()
    found = walk_forward(lake, config.weeks, config.accounts, config.only)
    newest = backtest_rows(found, pl.lit(now))
    earlier = lake.read(BACKTEST_FORECASTS).filter(pl.col("run_at") != now)
    kept = earlier["run_at"].unique().sort(descending=True).head(KEPT_RUNS - 1)
    rows = pl.concat([earlier.filter(pl.col("run_at").is_in(kept.implode())), newest])
    told: dict[str, dg.MetadataValue[Any]] = {
        "figures": markdown(figures(newest, JUDGED)),
        "by_horizon": markdown(figures(newest, ["level", "metric", "grain", "horizon"])),
        "forecasts_scored": dg.MetadataValue.int(int(newest["scores"].sum())),
        "accounts": dg.MetadataValue.int(newest["account_id"].n_unique()),
    }
    return dg.MaterializeResult(value=rows, metadata=told)


@dg.asset_check(
    asset=backtest_forecasts,
    name=CHECK_NAME,
    required_resource_keys={"lake"},
    description="The newest run is no worse than the last value, nor than the run before it, in any metric and grain.",
)
def no_worse(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    rows = context.resources.lake.read(BACKTEST_FORECASTS)
    verdict = judge(rows)
    return dg.AssetCheckResult(
        passed=verdict.passed,
        description=" ".join(verdict.complaints) or f"{verdict.judged} metrics and grains hold.",
        metadata={"judged": verdict.judged, "complaints": list(verdict.complaints)},
    )


def walk_forward(lake: Lake, weeks: int, accounts: int, only: Sequence[str] = ()) -> pl.DataFrame:
    """Forecast from the newest past origins and score: rows of `prediction_scores`, of the accounts chosen."""
    known = lake.rows(RESULTS_WEEKLY, ["account_id", "week"], pl.col("level") == "campaign").unique()
    names = sorted(only) or sorted(known["account_id"].unique(), key=_drawn)[:accounts]
    parts = []
    for name in names:
        mondays = known.filter(pl.col("account_id") == name)["week"].sort().to_list()
        if mondays:
            parts.append(_scored(lake, name, _origins(mondays[0], mondays[-1], weeks)))
    return pl.concat([PREDICTION_SCORES.empty(), *parts])


def _drawn(account_id: str) -> str:
    return hashlib.sha256(account_id.encode()).hexdigest()


def _origins(first: date, last: date, weeks: int) -> list[date]:
    newest = last - timedelta(weeks=WEEKS_AHEAD)
    origins = [newest - timedelta(weeks=n) for n in range(weeks)]
    return [week for week in reversed(origins) if week >= first]


def _scored(lake: Lake, account_id: str, origins: Sequence[date]) -> pl.DataFrame:
    """Score one account's forecasts from some origins."""
    if not origins:
        return PREDICTION_SCORES.empty()
    told = pl.concat([forecasts_of(lake, level, [(account_id, week) for week in origins]) for level in FORECASTS])
    since, until = origins[0] + timedelta(weeks=1), origins[-1] + timedelta(weeks=WEEKS_AHEAD)
    span = [since + timedelta(weeks=n) for n in range((until - since).days // 7 + 1)]
    partitions: list[Partition] = [(account_id, week) for week in span]
    truth, weekly = truths_of(lake, [account_id], since, until)
    return score_forecasts(told, truth, closed_weeks(lake, partitions, weekly))
