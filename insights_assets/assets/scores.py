"""Prediction scores: what was predicted, beside what happened."""

from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg
import polars as pl

from insights_assets.analytics.burnout_baseline import HORIZONS, MEDIAN_WEEKS
from insights_assets.analytics.burnout_outcomes import observed_burnout
from insights_assets.analytics.forecast_facts import with_accounts
from insights_assets.analytics.forecast_origins import known_origins
from insights_assets.analytics.prediction_scores import accuracy, brier, score_burnout, score_forecasts, truths
from insights_assets.assets.declare import key_of, table_asset
from insights_assets.lake.store import Lake, Partition
from insights_assets.partitions import by_accounts, lookback, split_key
from insights_assets.tables.accounts import ACCOUNTS
from insights_assets.tables.burnout_predictions import BURNOUT_PREDICTIONS
from insights_assets.tables.features import FEATURES_AD
from insights_assets.tables.forecasts import FORECASTS, WEEKS_AHEAD
from insights_assets.tables.insights import INSIGHTS_DAILY
from insights_assets.tables.operations import SYNC_LOG
from insights_assets.tables.prediction_scores import PREDICTION_SCORES
from insights_assets.tables.results import RESULTS_DAILY, RESULTS_WEEKLY

PARTITION = ["account_id", "week"]
# An outcome compares with the median of the four weeks up to its origin, at most two weeks before it.
LABEL_WEEKS = MEDIAN_WEEKS - 1 + max(HORIZONS)
LABEL_COLUMNS = ("result_family", "spend", "results", "cpr", "is_complete")
FACTS = [*PARTITION, "level", "entity_id", "result_family", "results", "spend", "is_primary", "is_settled"]
DIGITS = 3
TOGETHER = 208
"""Account-weeks scored together: 1,650 rows each at 50 ads. 1,768 together took 3 GB beside their result."""


@table_asset(
    PREDICTION_SCORES,
    "Scored once the truth's week is over and was read since; scored again whenever it is read again. Naive forecasts "
    "are those stored with the forecast (docs/adr/0018).",
    kinds={"python", "polars"},
    deps=[
        *[dg.AssetDep(key_of(t), partition_mapping=lookback(WEEKS_AHEAD)) for t in FORECASTS.values()],
        dg.AssetDep(key_of(BURNOUT_PREDICTIONS), partition_mapping=lookback(max(HORIZONS))),
        dg.AssetDep(key_of(FEATURES_AD), partition_mapping=lookback(LABEL_WEEKS)),
        dg.AssetDep(key_of(RESULTS_DAILY)),
        dg.AssetDep(key_of(RESULTS_WEEKLY)),
    ],
    resources={"lake"},
)
def prediction_scores(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pl.DataFrame]:
    lake: Lake = context.resources.lake
    parts = [
        pl.concat([forecast_scores(lake, some), burnout_scores(lake, some)]).sort(PREDICTION_SCORES.key)
        for some in by_accounts([split_key(k) for k in context.partition_keys], TOGETHER)
    ]
    scores = pl.concat([PREDICTION_SCORES.empty(), *parts])
    is_forecast = pl.col("kind") == "forecast"
    told = {
        "accuracy": markdown(accuracy(scores.filter(is_forecast))),
        "burnout": markdown(brier(scores.filter(~is_forecast))),
    }
    return dg.MaterializeResult(value=scores, metadata=told)


def burnout_scores(lake: Lake, partitions: Sequence[Partition]) -> pl.DataFrame:
    """Score the stored burnout risks whose outcome lies in some partitions; writes nothing."""
    accounts = sorted({account_id for account_id, _ in partitions})
    first, last = min(w for _, w in partitions), max(w for _, w in partitions)
    risks = lake.read(BURNOUT_PREDICTIONS, accounts=accounts, since=first - timedelta(weeks=max(HORIZONS)), until=last)
    features = lake.read(
        FEATURES_AD, accounts=accounts, since=first - timedelta(weeks=LABEL_WEEKS), until=last, columns=LABEL_COLUMNS
    )
    weekly = lake.rows(RESULTS_WEEKLY, FACTS, accounts=accounts, since=first, until=last)
    return score_burnout(risks, observed_burnout(features), closed_weeks(lake, partitions, weekly))


def forecast_scores(lake: Lake, partitions: Sequence[Partition]) -> pl.DataFrame:
    """Score the stored forecasts whose truth lies in some partitions (account, week of the truth); writes nothing."""
    accounts = sorted({account_id for account_id, _ in partitions})
    first, last = min(w for _, w in partitions), max(w for _, w in partitions)
    forecasts = stored_forecasts(lake, accounts, first, last)
    truth, weekly = truths_of(lake, accounts, first, last)
    return score_forecasts(forecasts, truth, closed_weeks(lake, partitions, weekly))


def truths_of(lake: Lake, accounts: Sequence[str], first: date, last: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Truths of some weeks (`prediction_scores.truths`), and the rows of `results_weekly` behind them."""
    daily = lake.rows(RESULTS_DAILY, [*FACTS, "date"], accounts=accounts, since=first, until=last)
    weekly = lake.rows(RESULTS_WEEKLY, FACTS, accounts=accounts, since=first, until=last)
    return truths(with_accounts(daily), with_accounts(weekly)), weekly


def stored_forecasts(lake: Lake, accounts: Sequence[str], first: date, last: date) -> pl.DataFrame:
    """Forecasts of all levels that speak of days in these weeks."""
    about = pl.col("ds").is_between(first, last + timedelta(days=6))
    since, until = first - timedelta(weeks=WEEKS_AHEAD), last - timedelta(weeks=1)
    return pl.concat(
        [
            lake.rows(table, list(table.schema), about, accounts=accounts, since=since, until=until)
            for table in FORECASTS.values()
        ]
    )


def closed_weeks(lake: Lake, partitions: Sequence[Partition], weekly: pl.DataFrame) -> pl.DataFrame:
    """Return account_id, week, is_settled of the partitions whose week was read after its close."""
    wanted = pl.DataFrame(list(partitions), schema={"account_id": pl.String, "week": pl.Date}, orient="row")
    reads = lake.rows(
        SYNC_LOG,
        [*PARTITION, "finished_at"],
        pl.col("step") == INSIGHTS_DAILY.name,
        pl.col("status") == "ok",
        accounts=wanted["account_id"].unique().to_list(),
        since=min(week for _, week in partitions),
        until=max(week for _, week in partitions),
    )
    zones = dict(lake.rows(ACCOUNTS, ["account_id", "timezone_name"]).iter_rows())
    settled = weekly.group_by(PARTITION).agg(pl.col("is_settled").all())
    known = known_origins(wanted, reads, settled.filter("is_settled"), zones).rename({"origin": "week"})
    return known.join(settled, on=PARTITION, how="left").select(*PARTITION, pl.col("is_settled").fill_null(value=False))


def markdown(table: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Figures as the UI shows them."""
    rows = table.with_columns(pl.selectors.float().round(DIGITS))
    lines = ["| " + " | ".join(rows.columns) + " |", "|" + "---|" * rows.width]
    lines += ["| " + " | ".join("" if v is None else str(v) for v in row) + " |" for row in rows.iter_rows()]
    return dg.MetadataValue.md("\n".join(lines) if rows.height else "No truth has arrived yet.")
